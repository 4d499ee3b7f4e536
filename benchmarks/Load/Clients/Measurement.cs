using EmailSync.Load.Messages;

namespace EmailSync.Load.Clients;

/// <summary>What a client process measured of itself.</summary>
internal sealed record Measurement
{
    /// <summary>How often the workload was done.</summary>
    public int Passes { get; init; }

    /// <summary>How much was done, in the workload's unit; null: what the plan asked for, each pass.</summary>
    public long? Units { get; init; }

    /// <summary>Wall clock, all passes together.</summary>
    public double Seconds { get; init; }

    /// <summary>Processor time of the client, all passes together.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>Allocated on the managed heap, all passes together; null for a program that has none.</summary>
    public long? Allocated { get; init; }

    /// <summary>The most memory that was resident at once, of the whole process.</summary>
    public long PeakOctets { get; init; }

    /// <summary>What arrived, all passes together; of one that sends, nothing.</summary>
    public Tally Tally { get; init; }

    /// <summary>Managed heap of one more open session; null where that was not the question.</summary>
    public long? HeapEach { get; init; }

    /// <summary>Resident memory of one more open session, the TLS library's included; null where that was not the question.</summary>
    public long? ResidentEach { get; init; }

    /// <summary>Further figures of a workload, by name.</summary>
    public Dictionary<string, double> Further { get; init; } = [];
}
