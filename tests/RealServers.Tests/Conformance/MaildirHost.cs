using EmailSync.Appliance.Model;
using EmailSync.Conformance;
using EmailSync.Protocols.Smtp;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Conformance;

/// <summary>An SMTP server that delivers into Maildirs, as a host of the suite.</summary>
internal abstract class MaildirHost(MailServers servers) : ISubmissionHost
{
    public virtual IReadOnlyDictionary<Ability, string> Lacks { get; } = new Dictionary<Ability, string>();

    public long MaxSize => PostfixServer.MaxSize;

    public string NobodysAddress => "nobody@example.test";

    public MailPath RefusedReversePath { get; } = MailPath.Parse(PostfixServer.RefusedSender);

    public MailPath DeferredReversePath { get; } = MailPath.Parse(PostfixServer.DeferredSender);

    protected MailServers Servers => servers;

    public virtual Account NewAccount() => servers.NewConformanceAccount();

    public abstract Task<SmtpSession> OpenAsync(Encryption encryption, SmtpOptions? options = null);

    public async Task<IReadOnlyList<byte[]>> ReceiveAsync(Account account, int count) =>
        [.. (await servers.Find(account.Name).ReceiveAsync(count)).Select(TraceFields.Remove)];
}

/// <summary>Postfix as a host of the suite.</summary>
internal sealed class PostfixHost(MailServers servers) : MaildirHost(servers)
{
    public override Task<SmtpSession> OpenAsync(Encryption encryption, SmtpOptions? options = null) => Servers.Postfix.OpenAsync(
        encryption switch { Encryption.None => TlsMode.None, Encryption.Upgraded => TlsMode.StartTls, _ => TlsMode.Implicit }, options);
}

/// <summary>Exim as a host of the suite.</summary>
internal sealed class EximHost(MailServers servers) : MaildirHost(servers)
{
    public override Account NewAccount()
    {
        Servers.RequireExim();
        return base.NewAccount();
    }

    public override Task<SmtpSession> OpenAsync(Encryption encryption, SmtpOptions? options = null) => Servers.Exim!.OpenAsync(encryption, options);
}
