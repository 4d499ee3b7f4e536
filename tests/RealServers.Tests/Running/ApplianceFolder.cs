using System.Globalization;
using System.Net.Sockets;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using EmailSync.Lab;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>A data folder that a test prepares, runs the appliance on, and looks into.</summary>
internal sealed class ApplianceFolder : IDisposable
{
    private readonly string _root = Directory.CreateDirectory(Path.Combine(
        Environment.GetEnvironmentVariable("EMAILSYNC_TEST_SERVERS") ?? Path.GetTempPath(), "emailsync-run-" + Guid.NewGuid().ToString("N")[..8])).FullName;

    public string DataFolder => Path.Combine(_root, "data");

    public string DatabaseFile => Path.Combine(DataFolder, "emailsync.db");

    /// <summary>A folder beside it, for what a test writes down.</summary>
    public string Notes => _root;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Where the services of a lab are.</summary>
    public static ServerLocation At(LabServer lab, LabService service) => new(HostName.Parse("localhost"), lab.PortOf(service), service switch
    {
        LabService.Pop3s or LabService.Smtps => TlsMode.Implicit,
        _ => TlsMode.StartTls,
    });

    /// <summary>Opens the store, while no appliance runs on it.</summary>
    public async Task<IStore> OpenStoreAsync() => await SqliteStore.OpenAsync(new() { DataFolder = DataFolder }, TimeProvider.System, cancellationToken: Cancelled);

    /// <summary>Stores a mailbox that is approved, enabled and due, with its password.</summary>
    public static async Task<Mailbox> AddMailboxAsync(
        IStore store, EmailServerProfile profile, string address, string password, Func<Mailbox, Mailbox>? change = null)
    {
        Mailbox mailbox = new()
        {
            Name = address,
            EmailAddress = address,
            Profile = profile.Id,
            AllowCredentialsForEmailProcessing = true,
            Approval = EmailApproval.Approved,
            State = new() { EnabledForIncoming = true, EnabledForOutgoing = true, NextPollAt = DateTimeOffset.UtcNow },
        };
        mailbox = await store.Mailboxes.CreateAsync(change?.Invoke(mailbox) ?? mailbox, Cancelled);
        await store.Secrets.SetAsync(SecretName.Of(mailbox.Id), new(password), Cancelled);
        return mailbox;
    }

    /// <summary>Stores the mailboxes of a lab, which are polled without a pause, in their order.</summary>
    /// <param name="lab">Whose.</param>
    /// <param name="deletes">Whether the mailbox with this number, from 0, deletes what it has received.</param>
    public async Task<(Mailbox Mailbox, LabMailbox Account)[]> AddMailboxesAsync(LabServer lab, Func<int, bool> deletes)
    {
        await using IStore store = await OpenStoreAsync();
        EmailServerProfile profile = await store.Profiles.CreateAsync(
            new()
            {
                Name = "lab",
                Incoming = new() { Location = At(lab, LabService.Pop3s) },
                MinPollingInterval = TimeSpan.Zero,
                TrustedCertificates = lab.Authority.RootPem,
            },
            Cancelled);
        List<(Mailbox, LabMailbox)> mailboxes = [];
        foreach (LabMailbox account in lab.Mailboxes)
        {
            bool isDeleting = deletes(mailboxes.Count);
            mailboxes.Add((
                await AddMailboxAsync(store, profile, account.Address, account.Password, mailbox => mailbox with { DeleteEmailsAfterProcessing = isDeleting }),
                account));
        }

        return [.. mailboxes];
    }

    /// <summary>Runs the appliance on the folder, with loopback admitted on these ports.</summary>
    public ApplianceProcess Start(IReadOnlyList<int> ports, params (string Name, string Value)[] settings) => Start(ports, settings, []);

    /// <summary>The same, by way of another command.</summary>
    public ApplianceProcess Start(IReadOnlyList<int> ports, (string Name, string Value)[] settings, string[] wrapper)
    {
        ApplianceProcess appliance = ApplianceProcess.Start(
            [
                ("EmailSync__DataFolder", DataFolder),
                ("EmailSync__HttpPort", "0"),
                ("EmailSync__AllowLoopbackAndPrivateServers", "true"),
                ("Logging__Console__FormatterOptions__SingleLine", "true"),
                .. ports.Select((port, index) => ($"EmailSync__AdditionalPorts__{index}", port.ToString(CultureInfo.InvariantCulture))),
                .. settings,
            ],
            wrapper);
        // The test command ends what a test run that was killed left running.
        File.WriteAllText(Path.Combine(_root, "pid"), appliance.Id.ToString(CultureInfo.InvariantCulture));
        return appliance;
    }

    /// <summary>Asks the appliance that runs on the folder, through its control socket.</summary>
    public HttpClient Client() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(DataFolder, "control.sock")), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    }) { BaseAddress = new("http://localhost/api/v1/") };

    /// <summary>
    /// What an appliance would find in the folder now. It is looked at in a copy, so that what a killed one left behind is recovered by the
    /// next, and not by the test.
    /// </summary>
    public async Task<T> PeekAsync<T>(Func<IStore, Task<T>> look)
    {
        string copy = Path.Combine(_root, "copy");
        await Command.RunAsync("/bin/cp", "-a", DataFolder, copy);
        try
        {
            await using IStore store = await SqliteStore.OpenAsync(new() { DataFolder = copy }, TimeProvider.System, cancellationToken: Cancelled);
            return await look(store);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
