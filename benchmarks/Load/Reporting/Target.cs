using System.Globalization;

namespace EmailSync.Load.Reporting;

/// <summary>A figure that is meant to be reached, on a machine of two cores that client and server share.</summary>
/// <param name="Run">The run that shows it.</param>
/// <param name="Client">Whose figure.</param>
/// <param name="Figure">What it is.</param>
/// <param name="Read">Reads it from the medians.</param>
/// <param name="Goal">The figure.</param>
/// <param name="IsMost">It is to be no more than the goal; otherwise no less.</param>
internal sealed record Target(string Run, string Client, string Figure, Func<Figures, double?> Read, double Goal, bool IsMost)
{
    public static readonly IReadOnlyList<Target> All =
    [
        Rate("a-plain", 100_000), Cpu("a-plain", 0.010), Allocated("a-plain", 200),
        Rate("a-tls", 60_000), Cpu("a-tls", 0.018),
        Megabytes("b-plain", 900), Cpu("b-plain", 0.12),
        Megabytes("b-tls", 400), Cpu("b-tls", 0.22),
        Megabytes("c-plain", 1_000), Allocated("c-plain", 65_536),
        Rate("e-plain", 22_000), Rate("e-tls", 8_000), Rate("e-tls-no-resume", 6_000),
        new("f-plain", "ours", "resident each, B", figures => figures.ResidentEach, 6_000, true),
        new("f-tls", "ours", "resident each, B", figures => figures.ResidentEach, 42_000, true),
        Rate("g-plain", 4_200), Rate("g-tls", 1_000), Rate("g-tls-no-resume", 700),
        Rate("h-plain", 10_000, "ours-data"), Cpu("h-plain", 0.11, "ours-data"), Allocated("h-plain", 2_000, "ours-data"),
        Rate("h-plain", 30_000, "ours-overlap"), Cpu("h-plain", 0.03, "ours-overlap"),
        Rate("h-delaying", 10_000, "ours-data"), Rate("h-delaying", 30_000, "ours-overlap"),
        Rate("h-tls", 7_500, "ours-data"), Rate("h-tls", 15_000, "ours-overlap"),
        Rate("j-plain", 24_000, "ours-overlap"), Rate("j-tls", 9_000, "ours-overlap"),
        new("appliance-idle", "ours", "peak memory, MB", figures => figures.PeakMegabytes, 600, true),
        new("schedule", "ours", "heap, MB", figures => figures.Further["heapMegabytes"], 100, true),
        Rate("receive-plain", 8_000), Rate("receive-tls", 4_500), Rate("poll-tls", 800),
    ];

    public bool IsReachedBy(double value) => IsMost ? value <= Goal : value >= Goal;

    /// <summary>By how much it was missed, or reached: the measured figure as a part of the goal.</summary>
    public string Compare(double value) => string.Create(CultureInfo.InvariantCulture, $"{value / Goal:0.00} of it");

    private static Target Rate(string run, double goal, string client = "ours") => new(run, client, "per second", figures => figures.PerSecond, goal, false);

    private static Target Megabytes(string run, double goal) => new(run, "ours", "MB/s", figures => figures.MegabytesPerSecond, goal, false);

    private static Target Cpu(string run, double goal, string client = "ours") => new(run, client, "CPU s per 1,000", figures => figures.CpuSecondsPer1000, goal, true);

    private static Target Allocated(string run, double goal, string client = "ours") => new(run, client, "allocated each, B", figures => figures.AllocatedEach, goal, true);
}
