using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using EmailSync.Lab;
using EmailSync.Protocols.Wire;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>A lab server, a store in a folder of its own, and everything that processes mailboxes between them.</summary>
internal sealed class Rig : IAsyncDisposable
{
    private static readonly WholeFetchRules AnyFetch = new(long.MaxValue);

    private readonly string _folder;
    private readonly EgressPolicy _policy;
    private LoginDelays _delays;

    private Rig(string folder, LabServer lab, IStore store, TimeProvider clock)
    {
        (_folder, Lab, Store, Clock) = (folder, lab, store, clock);
        ClosedPort = FindClosedPort();
        _policy = EgressPolicy.Commercial(new()
        {
            AdditionalPorts = [.. Enum.GetValues<LabService>().Select(lab.PortOf), ClosedPort],
            AllowNonSslEmail = true,
            AllowLoopbackAndPrivateServers = true,
        });
        Assemble();
    }

    public string Folder => _folder;

    public LabServer Lab { get; }

    public IStore Store { get; private set; }

    public TimeProvider Clock { get; }

    /// <summary>A port on which nobody listens, and which the policy admits.</summary>
    public int ClosedPort { get; }

    public LeasedReceive Receive { get; private set; }

    public SubmissionPool Pool { get; private set; }

    public LeasedSend Send { get; private set; }

    public TestJobs Tests { get; private set; }

    public MailboxWorker Worker { get; private set; }

    /// <summary>The mailboxes whose outbox the owner's mail went into.</summary>
    public List<MailboxId> Woken { get; } = [];

    public static CancellationToken Timeout => TestContext.Current.CancellationToken;

    public static async Task<Rig> StartAsync(LabOptions? options = null, TimeProvider? clock = null)
    {
        LabServer lab = await LabServer.StartAsync(options ?? new() { Mailboxes = 2, MessagesPerMailbox = 0 }, Timeout);
        TimeProvider time = clock ?? TimeProvider.System;
        string folder = Directory.CreateTempSubdirectory("emailsync-rig-").FullName;
        return new(folder, lab, await OpenStoreAsync(folder, time), time);
    }

    /// <summary>Everything anew on the same folder, as after a restart; or as after a kill, of which the store keeps the mark that it is open.</summary>
    public async Task RestartAsync(bool isAfterCrash = false)
    {
        await Pool.DisposeAsync();
        await Store.DisposeAsync();
        if (isAfterCrash)
            await MarkAsOpenAsync();
        Store = await OpenStoreAsync(_folder, Clock);
        Assemble();
    }

    public ServerLocation Location(LabService service) => new(HostName.Parse("localhost"), Lab.PortOf(service), service switch
    {
        LabService.Pop3s or LabService.Smtps => TlsMode.Implicit,
        _ => TlsMode.StartTls,
    });

    public async Task<EmailServerProfile> AddProfileAsync(Func<EmailServerProfile, EmailServerProfile>? change = null)
    {
        EmailServerProfile profile = new()
        {
            Name = $"lab {Guid.NewGuid():N}",
            Incoming = new() { Location = Location(LabService.Pop3s) },
            Outgoing = new() { Location = Location(LabService.Smtps) },
            TrustedCertificates = Lab.Authority.RootPem,
        };
        return await Store.Profiles.CreateAsync(change?.Invoke(profile) ?? profile, Timeout);
    }

    /// <summary>A mailbox of the lab, approved and enabled in both directions.</summary>
    public async Task<Mailbox> AddMailboxAsync(
        EmailServerProfile profile, int number = 1, string? password = null, Func<Mailbox, Mailbox>? change = null)
    {
        LabMailbox account = Lab.Mailboxes[number - 1];
        Mailbox mailbox = new()
        {
            Name = account.Address,
            EmailAddress = account.Address,
            Profile = profile.Id,
            AllowCredentialsForEmailProcessing = true,
            Approval = EmailApproval.Approved,
            State = new() { EnabledForIncoming = true, EnabledForOutgoing = true, NextPollAt = Clock.GetUtcNow() },
        };
        mailbox = await Store.Mailboxes.CreateAsync(change?.Invoke(mailbox) ?? mailbox, Timeout);
        await Store.Secrets.SetAsync(SecretName.Of(mailbox.Id), new Secret(password ?? account.Password), Timeout);
        return mailbox;
    }

    public async Task<Mailbox> ReadAsync(Mailbox mailbox) => (await Store.Mailboxes.FindAsync(mailbox.Id, Timeout))!;

    /// <summary>Tests a mailbox, as the scheduler would after somebody asked for it.</summary>
    public async Task<WorkOutcome> TestAsync(Mailbox mailbox)
    {
        Tests.Start([mailbox.Id], "somebody");
        return await Worker.RunAsync(mailbox.Id, Work.Test, Timeout);
    }

    /// <summary>What the last test of a mailbox found.</summary>
    public async Task<EmailSync.Appliance.Model.TestResult> LastTestAsync(Mailbox mailbox) => (await Store.Mailboxes.FindTestAsync(mailbox.Id, Timeout))!;

    public async Task<IReadOnlyList<Alert>> AlertsAsync(AlertSubject subject) =>
        await Store.Alerts.ListAsync(unresolvedOnly: true, subject, before: null, limit: 100, Timeout);

    public async Task<IReadOnlyList<Email>> EmailsAsync(Mailbox mailbox, EmailDirection direction = EmailDirection.Incoming) =>
        await Store.Emails.ListAsync(new() { Mailbox = mailbox.Id, Direction = direction }, after: null, limit: 10_000, Timeout);

    public async Task<byte[]> ContentAsync(EmailId id)
    {
        await using Stream content = await Store.Emails.OpenContentAsync(id, Timeout);
        using MemoryStream copy = new();
        await content.CopyToAsync(copy, Timeout);
        return copy.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        await Pool.DisposeAsync();
        await Store.DisposeAsync();
        await Lab.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Receiving with a store in between.</summary>
    public LeasedReceive ReceiveThrough(IStore store, SliceSize? slice = null, WholeFetchRules? wholeFetch = null, AlertBook? alerts = null)
    {
        alerts ??= Alerts(store);
        return new(Store, new(store, Sessions(store), new(store, alerts, Clock), new(store, alerts, wholeFetch ?? AnyFetch), alerts, slice ?? new(), Clock));
    }

    /// <summary>Sending with a store in between.</summary>
    public LeasedSend SendThrough(IStore store) =>
        new(Store, new(store, new(Sessions(store), Clock), Alerts(store), new(), new(), Clock, NullLogger<SendCycle>.Instance));

    /// <summary>A worker of a machine of its own.</summary>
    public MailboxWorker WorkerOf(string owner, IStore? store = null, TimeProvider? clock = null)
    {
        store ??= Store;
        clock ??= Clock;
        AlertBook alerts = Alerts(store);
        LeaseRules leases = new() { Owner = owner };
        ReceiveCycle receive = new(store, Sessions(store), new(store, alerts, clock), new(store, alerts, AnyFetch), alerts, new(), clock);
        SendCycle send = new(store, Pool, alerts, new(), leases, clock, NullLogger<SendCycle>.Instance);
        return new(
            store, receive, new(store, alerts), send, new(Sessions(store), clock), Tests, alerts, new(store, alerts, clock), new(clock), leases, new(), new(),
            clock, NullLogger<MailboxWorker>.Instance);
    }

    [MemberNotNull(nameof(_delays), nameof(Receive), nameof(Pool), nameof(Send), nameof(Tests), nameof(Worker))]
    private void Assemble()
    {
        _delays = new(Clock);
        AlertBook alerts = Alerts(Store);
        MailSessions sessions = Sessions(Store);
        Receive = new(Store, new(Store, sessions, new(Store, alerts, Clock), new(Store, alerts, AnyFetch), alerts, new(), Clock));
        Pool = new(sessions, Clock);
        Send = new(Store, new(Store, Pool, alerts, new(), new(), Clock, NullLogger<SendCycle>.Instance));
        Tests = new(Clock);
        Worker = new(Store, Receive.Cycle, new(Store, alerts), Send.Cycle, new(sessions, Clock), Tests, alerts, new(Store, alerts, Clock), _delays, new(), new(), new(), Clock, NullLogger<MailboxWorker>.Instance);
    }

    public AlertBook Alerts(IStore store) => new(store, new(store, (mailbox, _) => Woken.Add(mailbox), Clock));

    private MailSessions Sessions(IStore store)
    {
        Dialer dialer = new(TimeProvider.System);
        SessionOpener opener = new(dialer, new SessionSettings { AllowCleartextPasswords = true });
        return new(store, _policy, opener, new(store, new(_policy, dialer, Clock), Clock), _delays);
    }

    private async Task MarkAsOpenAsync()
    {
        await using SqliteConnection connection = new($"Data Source={Path.Combine(_folder, "emailsync.db")};Pooling=False");
        await connection.OpenAsync(Timeout);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "UPDATE run SET is_open = 1";
        await command.ExecuteNonQueryAsync(Timeout);
    }

    private static async Task<IStore> OpenStoreAsync(string folder, TimeProvider clock) =>
        await SqliteStore.OpenAsync(new() { DataFolder = folder }, clock, cancellationToken: Timeout);

    private static int FindClosedPort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
