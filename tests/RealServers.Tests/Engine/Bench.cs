using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using EmailSync.RealServers.Tests.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using TestResult = EmailSync.Appliance.Model.TestResult;

namespace EmailSync.RealServers.Tests.Engine;

/// <summary>A store in a folder of its own, and everything that processes mailboxes between it and the real servers.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private readonly MailServers _servers;
    private readonly string _folder;

    private Bench(MailServers servers, string folder, IStore store)
    {
        (_servers, _folder, Store) = (servers, folder, store);
        EgressPolicy policy = EgressPolicy.Commercial(new()
        {
            AdditionalPorts = [servers.Dovecot.Pop3Port, servers.Dovecot.Pop3sPort, servers.Postfix.SmtpPort, servers.Postfix.SmtpsPort],
            AllowLoopbackAndPrivateServers = true,
        });
        AlertBook alerts = new(store, new(store, (_, _) => { }, TimeProvider.System));
        Dialer dialer = new(TimeProvider.System);
        LoginDelays delays = new(TimeProvider.System);
        MailSessions sessions = new(
            store, policy, new(dialer, new SessionSettings()), new(store, new(policy, dialer, TimeProvider.System), TimeProvider.System), delays);
        ReceiveCycle receive = new(store, sessions, new(store, alerts, TimeProvider.System), new(store, alerts, new(long.MaxValue)), alerts, new(), TimeProvider.System);
        Pool = new(sessions, TimeProvider.System);
        SendCycle send = new(store, Pool, alerts, new(), new(), TimeProvider.System, NullLogger<SendCycle>.Instance);
        Worker = new(store, receive, new(store, alerts), send, new(sessions, TimeProvider.System), Tests, alerts, new(store, alerts, TimeProvider.System), delays, new(), new(), new(), TimeProvider.System, NullLogger<MailboxWorker>.Instance);
    }

    public IStore Store { get; }

    public TestJobs Tests { get; } = new(TimeProvider.System);

    public SubmissionPool Pool { get; }

    public MailboxWorker Worker { get; }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<Bench> StartAsync(MailServers servers)
    {
        servers.Require();
        string folder = Directory.CreateTempSubdirectory("emailsync-bench-").FullName;
        return new(servers, folder, await SqliteStore.OpenAsync(new() { DataFolder = folder }, TimeProvider.System, cancellationToken: Cancelled));
    }

    /// <summary>A profile of both servers.</summary>
    public async Task<EmailServerProfile> AddProfileAsync(TlsMode security = TlsMode.Implicit, bool isTrusted = true) =>
        await Store.Profiles.CreateAsync(
            new()
            {
                Name = $"{security} {Guid.NewGuid():N}",
                Incoming = new() { Location = At(security == TlsMode.Implicit ? _servers.Dovecot.Pop3sPort : _servers.Dovecot.Pop3Port, security) },
                Outgoing = new() { Location = At(security == TlsMode.Implicit ? _servers.Postfix.SmtpsPort : _servers.Postfix.SmtpPort, security) },
                TrustedCertificates = isTrusted ? _servers.RootPem : null,
            },
            Cancelled);

    /// <summary>A mailbox of the account, approved and with a password, and not yet enabled.</summary>
    public async Task<Mailbox> AddMailboxAsync(EmailServerProfile profile, MailAccount account, string? password = null, bool deletes = false)
    {
        Mailbox mailbox = await Store.Mailboxes.CreateAsync(
            new()
            {
                Name = account.Address,
                EmailAddress = account.Address,
                Profile = profile.Id,
                AllowCredentialsForEmailProcessing = true,
                Approval = EmailApproval.Approved,
                DeleteEmailsAfterProcessing = deletes,
            },
            Cancelled);
        await Store.Secrets.SetAsync(SecretName.Of(mailbox.Id), new(password ?? account.Password), Cancelled);
        return mailbox;
    }

    /// <summary>Runs Test &amp; Enable, and returns its result with the mailbox as it stands then.</summary>
    public async Task<(TestResult Result, Mailbox Mailbox)> TestAsync(Mailbox mailbox)
    {
        Tests.Start([mailbox.Id], "somebody");
        await Worker.RunAsync(mailbox.Id, Work.Test, isAsked: true, Cancelled);
        return ((await Store.Mailboxes.FindTestAsync(mailbox.Id, Cancelled))!, (await Store.Mailboxes.FindAsync(mailbox.Id, Cancelled))!);
    }

    /// <summary>Polls or sends once; what went wrong is the test's failure.</summary>
    public async Task RunAsync(Mailbox mailbox, Work work) => Assert.Null((await Worker.RunAsync(mailbox.Id, work, isAsked: true, Cancelled)).Failure);

    public async Task<IReadOnlyList<Email>> EmailsAsync(Mailbox mailbox, EmailDirection direction = EmailDirection.Incoming) =>
        await Store.Emails.ListAsync(new() { Mailbox = mailbox.Id, Direction = direction }, after: null, limit: 1000, Cancelled);

    public async Task<byte[]> ContentAsync(Email email)
    {
        await using Stream content = await Store.Emails.OpenContentAsync(email.Id, Cancelled);
        using MemoryStream copy = new();
        await content.CopyToAsync(copy, Cancelled);
        return copy.ToArray();
    }

    public async Task<IReadOnlyList<Alert>> AlertsAsync(AlertSubject subject) =>
        await Store.Alerts.ListAsync(unresolvedOnly: true, subject, before: null, limit: 100, Cancelled);

    public async ValueTask DisposeAsync()
    {
        await Pool.DisposeAsync();
        await Store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static ServerLocation At(int port, TlsMode security) => new(HostName.Parse("localhost"), port, security);
}
