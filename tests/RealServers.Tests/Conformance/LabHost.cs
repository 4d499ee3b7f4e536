using EmailSync.Conformance;
using EmailSync.Lab;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;
using EmailSync.RealServers.Tests.Servers;

[assembly: AssemblyFixture(typeof(EmailSync.RealServers.Tests.Conformance.LabHost))]

namespace EmailSync.RealServers.Tests.Conformance;

/// <summary>Our own lab as a host of the suite, in both protocols: what tests it is what tests the others.</summary>
public sealed class LabHost : IMaildropHost, ISubmissionHost, IAsyncLifetime
{
    private LabServer _lab = null!;
    private TrustedRoot _root = null!;
    private int _given;

    public IReadOnlyDictionary<Ability, string> Lacks { get; } = new Dictionary<Ability, string>
    {
        [Ability.CramMd5] = "the lab signs in by PLAIN, LOGIN and XOAUTH2",
        [Ability.Scram] = "the lab signs in by PLAIN, LOGIN and XOAUTH2",
        [Ability.RefusesRelay] = "the lab takes mail for everybody, and sends none on",
    };

    public long MaxSize => _lab.Options.MaxMessageOctets;

    public string NobodysAddress => "nobody@lab.example";

    public MailPath RefusedReversePath { get; } = MailPath.Parse("refused@lab.example");

    public MailPath DeferredReversePath { get; } = MailPath.Parse("deferred@lab.example");

    public async ValueTask InitializeAsync()
    {
        _lab = await LabServer.StartAsync(new()
        {
            Mailboxes = 0,
            Script =
            [
                Misbehaviour.Reply("MAIL", "550 5.7.1 not from you") with { Argument = $"<{RefusedReversePath}>" },
                Misbehaviour.Reply("MAIL", "451 4.7.1 not now") with { Argument = $"<{DeferredReversePath}>" },
            ],
        });
        _root = new(_lab.Authority.Root);
    }

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    public Account NewAccount()
    {
        LabMailbox mailbox = _lab.AddMailbox($"conforming{Interlocked.Increment(ref _given)}@lab.example");
        return new(mailbox.Address, mailbox.Password);
    }

    public void Deliver(Account account, ReadOnlySpan<byte> content) => _lab.Deliver(account.Name, content);

    public int CountOf(Account account) => _lab.Mailboxes.Single(mailbox => mailbox.Address == account.Name).MessageCount;

    public async Task<Pop3Session> OpenAsync(Encryption encryption, Pop3Options? options = null)
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        Pop3Session session = await Pop3Session.OpenAsync(await ConnectAsync(encryption, LabService.Pop3, LabService.Pop3s), options, cancelled);
        if (encryption == Encryption.Upgraded)
            await session.StartTlsAsync(_root.UpgradeAsync, cancelled);
        return session;
    }

    public async Task<SmtpSession> OpenAsync(Encryption encryption, SmtpOptions? options = null)
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        SmtpSession session = await SmtpSession.OpenAsync(await ConnectAsync(encryption, LabService.Smtp, LabService.Smtps), options, cancelled);
        if (encryption == Encryption.Upgraded)
            await session.StartTlsAsync(_root.UpgradeAsync, cancelled);
        return session;
    }

    public Task<IReadOnlyList<byte[]>> ReceiveAsync(Account account, int count) => Task.FromResult<IReadOnlyList<byte[]>>(
        [.. _lab.Outbox.Where(message => message.ForwardPaths.Contains(account.Name)).Select(message => message.Content.ToArray())]);

    private async Task<Stream> ConnectAsync(Encryption encryption, LabService clear, LabService encrypted) => encryption == Encryption.Implicit
        ? await _root.ConnectEncryptedAsync(_lab.PortOf(encrypted), TestContext.Current.CancellationToken)
        : await TrustedRoot.ConnectAsync(_lab.PortOf(clear), TestContext.Current.CancellationToken);
}
