using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmailSync.Simulation;

/// <summary>What to simulate.</summary>
public sealed record SimulationOptions
{
    /// <summary>Mailboxes, spread evenly over the hosts.</summary>
    public int Mailboxes { get; init; } = 10_000;

    /// <summary>The hosts; each is one profile.</summary>
    public IReadOnlyList<HostKind> Hosts { get; init; } = [.. Enumerable.Repeat(HostKind.Healthy, 100)];

    /// <summary>From the end of a poll to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long, by the simulation's clock.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Not measured: until the breakers and allowances have found out what the servers are like.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Sessions of the whole appliance.</summary>
    public int MaxConnections { get; init; } = 500;

    /// <summary>Sessions on one host.</summary>
    public int MaxConnectionsPerHost { get; init; } = 100;

    /// <summary>The same seed gives the same run.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>So many of the first kind that is not healthy, the rest healthy: "100 hosts, 1 dead".</summary>
    public static IReadOnlyList<HostKind> Mixed(int hosts, params (HostKind Kind, int Count)[] others)
    {
        List<HostKind> kinds = [.. others.SelectMany(other => Enumerable.Repeat(other.Kind, other.Count))];
        kinds.AddRange(Enumerable.Repeat(HostKind.Healthy, hosts - kinds.Count));
        return kinds;
    }
}

/// <summary>How the mailboxes on the hosts of one kind fared.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Mailboxes">How many there are.</param>
/// <param name="Sessions">How many sessions were begun after the warm-up.</param>
/// <param name="Polls">How many of them went well.</param>
/// <param name="MedianLateness">From when a poll was due to when it began: the half of them no more than this.</param>
/// <param name="P99Lateness">Ninety-nine in a hundred no more than this.</param>
/// <param name="MaxLateness">None more than this.</param>
/// <param name="FewestPolls">Of the host of this kind that got the fewest, per mailbox.</param>
/// <param name="MostPolls">Of the host that got the most.</param>
/// <param name="MostOpen">Sessions open at once on one host, at most.</param>
public sealed record KindReport(
    HostKind Kind, int Mailboxes, long Sessions, long Polls, TimeSpan MedianLateness, TimeSpan P99Lateness, TimeSpan MaxLateness,
    double FewestPolls, double MostPolls, int MostOpen);

/// <summary>What a simulation came to.</summary>
/// <param name="Kinds">By kind of host.</param>
/// <param name="LoadTime">Of this machine: until the schedule was in memory.</param>
/// <param name="ScheduleOctets">Of this machine: what the schedule takes in memory.</param>
/// <param name="RunTime">Of this machine: the whole simulation.</param>
public sealed record SimulationReport(IReadOnlyList<KindReport> Kinds, TimeSpan LoadTime, long ScheduleOctets, TimeSpan RunTime);

/// <summary>
/// The appliance's own scheduler, with a clock and servers that are made up, and a store that holds the schedule only. It answers
/// how late polls begin, and whether anybody is treated worse for a neighbour's sake.
/// </summary>
public sealed class ScheduleSimulation
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly SimulationOptions _options;
    private readonly VirtualTime _clock = new(Noon);
    private readonly Random _random;
    private readonly SimulatedHost[] _hosts;
    private readonly long[] _dueAt;
    private readonly long[] _pollsOf;
    private readonly long[] _sessionsOf;
    private readonly Lateness[] _lateness;

    private ScheduleSimulation(SimulationOptions options)
    {
        _options = options;
        _random = new(options.Seed);
        _hosts = [.. options.Hosts.Select(kind => new SimulatedHost(kind, _random))];
        _pollsOf = new long[_hosts.Length];
        _sessionsOf = new long[_hosts.Length];
        _lateness = [.. Enum.GetValues<HostKind>().Select(_ => new Lateness())];
        // An appliance that has run for a while: due times lie all over the interval.
        _dueAt = [.. Enumerable.Range(0, options.Mailboxes).Select(_ => Noon.UtcTicks + (long)(_random.NextDouble() * options.Interval.Ticks))];
    }

    /// <summary>Runs a simulation on the calling thread.</summary>
    public static SimulationReport Run(SimulationOptions options) => new ScheduleSimulation(options).Run();

    private SimulationReport Run()
    {
        long started = TimeProvider.System.GetTimestamp();
        IStore store = SimulatedStore.Create(Profiles(), Schedules());
        long before = GC.GetTotalMemory(forceFullCollection: true);
        MailboxScheduler scheduler = new(
            store,
            PollAsync,
            (_, _, _, _) => Task.CompletedTask,
            new() { MaxConnections = _options.MaxConnections, MaxConnectionsPerHost = _options.MaxConnectionsPerHost, Random = _random },
            _clock,
            NullLogger<MailboxScheduler>.Instance);
        TimeSpan loadTime = default;
        long octets = 0;
        using CancellationTokenSource stop = new(_options.Length, _clock);
        _clock.Run(async () =>
        {
            Task running = scheduler.RunAsync(stop.Token);
            loadTime = TimeProvider.System.GetElapsedTime(started);
            octets = GC.GetTotalMemory(forceFullCollection: true) - before;
            await running;
        });
        scheduler.Dispose();
        return new([.. Enum.GetValues<HostKind>().Where(_options.Hosts.Contains).Select(ReportOn)], loadTime, octets, TimeProvider.System.GetElapsedTime(started));
    }

    private IReadOnlyList<EmailServerProfile> Profiles() => [.. Enumerable.Range(0, _hosts.Length).Select(host => new EmailServerProfile
    {
        Id = new(host + 1),
        Name = $"host {host}",
        Incoming = new() { Location = new(HostName.Parse($"pop{host}.example.com"), 995, TlsMode.Implicit) },
    })];

    private IEnumerable<MailboxSchedule> Schedules() => Enumerable.Range(0, _options.Mailboxes).Select(Schedule);

    private MailboxSchedule Schedule(int mailbox) =>
        new(new(mailbox + 1), new(HostOf(mailbox) + 1), new(_dueAt[mailbox], TimeSpan.Zero), null);

    private int HostOf(int mailbox) => mailbox % _hosts.Length;

    private async Task<WorkOutcome> PollAsync(MailboxId id, Work work, bool isAsked, CancellationToken cancellationToken)
    {
        int mailbox = (int)id.Value - 1;
        int host = HostOf(mailbox);
        DateTimeOffset now = _clock.GetUtcNow();
        bool counts = now - Noon >= _options.WarmUp;
        if (counts)
        {
            _lateness[(int)_hosts[host].Kind].Add(now.UtcTicks - _dueAt[mailbox]);
            _sessionsOf[host]++;
        }

        Failure? failure = await _hosts[host].ServeAsync(_clock);
        if (counts && failure is null)
            _pollsOf[host]++;
        // As the worker does it: later by up to a tenth, never earlier.
        TimeSpan pause = (failure is null ? _options.Interval : Backoff.TransientPause) * (1 + 0.1 * _random.NextDouble());
        _dueAt[mailbox] = (_clock.GetUtcNow() + pause).UtcTicks;
        return new(Schedule(mailbox), failure);
    }

    private KindReport ReportOn(HostKind kind)
    {
        int[] hosts = [.. Enumerable.Range(0, _hosts.Length).Where(host => _hosts[host].Kind == kind)];
        Lateness lateness = _lateness[(int)kind];
        double[] each = [.. hosts.Select(host => (double)_pollsOf[host] * _hosts.Length / _options.Mailboxes)];
        return new(
            kind, _options.Mailboxes / _hosts.Length * hosts.Length, hosts.Sum(host => _sessionsOf[host]), hosts.Sum(host => _pollsOf[host]),
            lateness.Quantile(0.5), lateness.Quantile(0.99), lateness.Quantile(1), each.Min(), each.Max(), hosts.Max(host => _hosts[host].MostOpen));
    }
}
