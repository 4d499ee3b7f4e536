using EmailSync.Appliance.Processing;

namespace EmailSync.Appliance.Scheduling;

/// <summary>What the whole appliance may have open at once.</summary>
public sealed record SchedulerOptions
{
    /// <summary>Sessions of the whole appliance: 1 to 20,000.</summary>
    public int MaxConnections { get; init; } = 500;

    /// <summary>Sessions on one host, over all profiles: 1 to 20,000.</summary>
    public int MaxConnectionsPerHost { get; init; } = 100;

    /// <summary>Work that is due and has waited longer than this for a free place counts as late.</summary>
    public TimeSpan LateAfter { get; init; } = Lateness.Tolerated;

    /// <summary>Spreads pauses.</summary>
    public Random Random { get; init; } = Random.Shared;
}
