using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;

namespace EmailSync.Appliance.Benchmarks;

/// <summary>How many messages a second become durable, and what one costs, when so many callers bring them at once?</summary>
[Config(typeof(Once))]
public class CommitIncoming
{
    private const int Mailboxes = 1_000;
    private const int Messages = 10_000;

    private readonly string _folder = Path.Combine(Path.GetTempPath(), "emailsync-benchmark-" + Guid.NewGuid().ToString("N"));
    private readonly Lease[] _leases = new Lease[Mailboxes];
    private byte[] _message = [];
    private SqliteStore _store = null!;
    private int _next;

    [Params(1, 10, 100)]
    public int Callers { get; set; }

    [Params(8 * 1024)]
    public int Octets { get; set; }

    [IterationSetup]
    public void Open()
    {
        _message = MakeMessage(Octets);
        OpenAsync().GetAwaiter().GetResult();
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public Task CommitAsync()
    {
        _next = -1;
        return Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(CallAsync)));
    }

    [IterationCleanup]
    public void Close()
    {
        _store.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Directory.Delete(_folder, recursive: true);
    }

    private static byte[] MakeMessage(int octets)
    {
        StringBuilder header = new();
        for (int hop = 0; hop < 12; hop++)
            header.Append(CultureInfo.InvariantCulture, $"Received: from a{hop}.example.com by b.example.com; Sun, 1 Mar 2026 12:00:00 +0000\r\n");
        header.Append("From: Bob <bob@example.com>\r\nTo: Ada <ada@example.com>\r\nSubject: Hello\r\n\r\n");
        byte[] message = new byte[octets];
        new Random(1).NextBytes(message);
        Encoding.ASCII.GetBytes(header.ToString()).CopyTo(message, 0);
        return message;
    }

    private async Task OpenAsync()
    {
        _store = await SqliteStore.OpenAsync(new() { DataFolder = _folder }, TimeProvider.System);
        EmailServerProfile profile = await _store.Profiles.CreateAsync(new() { Name = "Benchmark" }, default);
        await Parallel.ForAsync(0, Mailboxes, async (number, cancellationToken) =>
        {
            string address = $"m{number}@example.com";
            Mailbox mailbox = new() { Name = address, EmailAddress = address, Profile = profile.Id };
            MailboxId id = (await _store.Mailboxes.CreateAsync(mailbox, cancellationToken)).Id;
            _leases[number] = (await _store.Leases.TakeAsync(id, EmailDirection.Incoming, "benchmark", TimeSpan.FromDays(1), cancellationToken))!;
        });
    }

    private async Task CallAsync()
    {
        int number;
        while ((number = Interlocked.Increment(ref _next)) < Messages)
        {
            await using IncomingDraft draft = _store.Incoming.Begin(_leases[number % Mailboxes], BitConverter.GetBytes(number));
            await draft.WriteAsync(Encoding.ASCII.GetBytes($"Message-ID: <{number}@example.com>\r\n"), default);
            await draft.WriteAsync(_message, default);
            await draft.CommitAsync(EmailState.Received, default);
        }
    }

    /// <summary>Each iteration fills a new store; what is measured is the disk, so there is nothing to warm up for long.</summary>
    private sealed class Once : ManualConfig
    {
        public Once()
        {
            AddJob(Job.Default
                .WithStrategy(RunStrategy.Monitoring).WithWarmupCount(1).WithIterationCount(5)
                .WithToolchain(InProcessEmitToolchain.Instance));
            AddColumn(StatisticColumn.OperationsPerSecond, StatisticColumn.Median);
            AddDiagnoser(MemoryDiagnoser.Default);
        }
    }
}
