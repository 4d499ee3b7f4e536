using EmailSync.Load.Messages;

namespace EmailSync.Load.Clients;

/// <summary>Does a workload once; returns what arrived.</summary>
internal delegate Task<Tally> Pass(ClientPlan plan);

/// <summary>One way to do one workload.</summary>
/// <param name="Workload">The workload.</param>
/// <param name="Name">How it is asked for.</param>
/// <param name="Pass">Does it.</param>
internal sealed record LoadClient(string Workload, string Name, Pass? Pass)
{
    /// <summary>Does the workload and measures it itself, where repeating a pass is not how; then there is no pass.</summary>
    public Func<ClientPlan, Task<Measurement>>? Measure { get; init; }

    /// <summary>What of the messages it hashes; null: it only counts, as the raw loops do.</summary>
    public Part? Hashes { get; init; } = Part.Content;

    /// <summary>The program it runs, if it is one: measured whole, with its start, and without a warm-up.</summary>
    public string? Program { get; init; }
}
