using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.OneShot;
using EmailSync.Lab;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Tests.OneShot;

/// <summary>A lab server with one mailbox, a folder, and runs of fetch from the one to the other.</summary>
internal sealed class FetchBench : IAsyncDisposable
{
    private FetchBench(LabServer server) => Server = server;

    public LabServer Server { get; }

    public TemporaryFolder Folder { get; } = new();

    public LabMailbox Mailbox => Server.Mailboxes[0];

    public string Maildir => $"maildir:{Folder["mail"]}";

    public string MboxFile => Folder["mbox"];

    public string StateFile => Folder["state"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<FetchBench> StartAsync(int messages, params IReadOnlyList<Misbehaviour> script) => new(await LabServer.StartAsync(
        new LabOptions
        {
            MessagesPerMailbox = messages,
            MessageOctets = 2048,
            Script = script,
            Listeners = new Dictionary<LabService, int> { [LabService.Pop3] = 0 },
        },
        Cancel));

    /// <summary>One run, as the command does it.</summary>
    public async Task<FetchReport> RunAsync(
        string destination, bool withState = true, bool delete = false, int limit = int.MaxValue, Func<IDestination, IDestination>? through = null)
    {
        using IDestination plain = Destinations.Parse(destination, "account", TimeProvider.System);
        IDestination target = through?.Invoke(plain) ?? plain;
        using FetchState? state = withState ? FetchState.Open(StateFile, plain.Name) : null;
        await using Maildrop maildrop = await OpenAsync();
        target.Open(state);
        FetchRun run = new(maildrop, "account", target, state) { Delete = delete, Limit = limit };
        try
        {
            await run.RunAsync(Cancel);
        }
        finally
        {
            plain.Dispose(); // before the state, which it settles
        }
        return run.Report;
    }

    /// <summary>The files of the Maildir as a reader sees them.</summary>
    public string[] MaildirFiles() =>
        [.. new[] { "new", "cur" }.SelectMany(folder => Directory.GetFiles(Path.Combine(Folder["mail"], folder)))];

    /// <summary>The Message-ID line of a stored message.</summary>
    public static string MessageId(string text) =>
        text.Split('\n').First(line => line.StartsWith("Message-ID:", StringComparison.OrdinalIgnoreCase)).Trim();

    public ValueTask DisposeAsync()
    {
        Folder.Dispose();
        return Server.DisposeAsync();
    }

    private async Task<Maildrop> OpenAsync()
    {
        Dialer dialer = new(TimeProvider.System);
        Route route = Route.Admit(
            EgressPolicy.ForTools(govMode: false), MailService.Pop3, new(HostName.Parse("127.0.0.1"), Server.PortOf(LabService.Pop3), TlsMode.None));
        Stream stream = await dialer.DialAsync(route, null, Cancel);
        await using Pop3Session session = await Pop3Session.OpenAsync(stream, new() { AllowCleartextPasswords = true }, Cancel);
        await session.CapabilitiesAsync(Cancel);
        return await session.LogInAsync(Mailbox.Address, new Secret(Mailbox.Password), Cancel);
    }
}
