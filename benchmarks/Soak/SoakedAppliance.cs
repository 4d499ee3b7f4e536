using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using EmailSync.Lab;

namespace EmailSync.Soak;

/// <summary>The appliance as a process of its own, on a data folder with every mailbox of the lab approved and enabled.</summary>
internal sealed partial class SoakedAppliance : IAsyncDisposable
{
    private const int Terminate = 15;
    private const int MailboxesPerProfile = 250;

    private readonly Process _process;

    private SoakedAppliance(Process process, string dataFolder)
    {
        (_process, DataFolder) = (process, dataFolder);
        SocketsHttpHandler handler = new()
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(dataFolder, "control.sock")), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        Api = new(handler) { BaseAddress = new("http://localhost/api/v1/") };
    }

    public string DataFolder { get; }

    public int ProcessId => _process.Id;

    public System.Net.Http.HttpClient Api { get; }

    public static async Task<SoakedAppliance> StartAsync(LabServer lab, string root, CancellationToken cancellationToken)
    {
        string data = Path.Combine(root, "data");
        await using (SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = data }, TimeProvider.System, cancellationToken: cancellationToken))
            await FillAsync(store, lab, cancellationToken);

        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "emailsync.dll"), "run"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["EmailSync__DataFolder"] = data;
        start.Environment["EmailSync__HttpPort"] = "0";
        start.Environment["EmailSync__AllowLoopbackAndPrivateServers"] = "true";
        start.Environment["EmailSync__AdditionalPorts__0"] = lab.PortOf(LabService.Pop3s).ToString(CultureInfo.InvariantCulture);
        start.Environment["EmailSync__AdditionalPorts__1"] = lab.PortOf(LabService.Smtps).ToString(CultureInfo.InvariantCulture);
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        Process process = Process.Start(start) ?? throw new InvalidOperationException("The appliance did not start.");
        StreamWriter log = new(Path.Combine(root, "appliance.log")) { AutoFlush = true };
        process.OutputDataReceived += (_, line) => log.WriteLine(line.Data);
        process.ErrorDataReceived += (_, line) => Console.Error.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new(process, data);
    }

    /// <summary>SIGTERM, and waits for its end.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Signal(_process.Id, Terminate) != 0)
            throw new InvalidOperationException("The appliance is gone already.");
        await _process.WaitForExitAsync(cancellationToken);
        if (_process.ExitCode != 0)
            throw new InvalidOperationException($"The appliance ended with {_process.ExitCode}.");
    }

    public ValueTask DisposeAsync()
    {
        Api.Dispose();
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task FillAsync(SqliteStore store, LabServer lab, CancellationToken cancellationToken)
    {
        foreach ((LabMailbox[] accounts, int number) in lab.Mailboxes.Chunk(MailboxesPerProfile).Select((accounts, number) => (accounts, number)))
        {
            EmailServerProfile profile = await store.Profiles.CreateAsync(
                new()
                {
                    Name = string.Create(CultureInfo.InvariantCulture, $"soak {number}"),
                    Incoming = new() { Location = new(HostName.Parse("localhost"), lab.PortOf(LabService.Pop3s), TlsMode.Implicit) },
                    Outgoing = new() { Location = new(HostName.Parse("localhost"), lab.PortOf(LabService.Smtps), TlsMode.Implicit) },
                    TrustedCertificates = lab.Authority.RootPem,
                },
                cancellationToken);
            await Parallel.ForEachAsync(accounts, cancellationToken, async (account, cancellation) =>
            {
                Mailbox mailbox = await store.Mailboxes.CreateAsync(
                    new()
                    {
                        Name = account.Address,
                        EmailAddress = account.Address,
                        Profile = profile.Id,
                        AllowCredentialsForEmailProcessing = true,
                        Approval = EmailApproval.Approved,
                        // Half of them leave their mail on the server.
                        DeleteEmailsAfterProcessing = account.Address.Sum(c => c) % 2 == 0,
                        State = new() { EnabledForIncoming = true, EnabledForOutgoing = true, NextPollAt = DateTimeOffset.UtcNow },
                    },
                    cancellation);
                await store.Secrets.SetAsync(SecretName.Of(mailbox.Id), new(account.Password), cancellation);
            });
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
