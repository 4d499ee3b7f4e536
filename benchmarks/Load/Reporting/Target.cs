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
    /// <summary>The same figure of the bare loop (<c>raw</c>) on the machine that the goal was set on; null where it is not known.</summary>
    public double? KnownOfRaw { get; init; }

    public static readonly IReadOnlyList<Target> All =
    [
        Rate("a-plain", 100_000, raw: 267_000), Cpu("a-plain", 0.010, raw: 0.003), Allocated("a-plain", 200),
        Rate("a-tls", 60_000, raw: 133_000), Cpu("a-tls", 0.018, raw: 0.009),
        Megabytes("b-plain", 900, raw: 1_350), Cpu("b-plain", 0.12, raw: 0.078),
        Megabytes("b-tls", 400, raw: 478), Cpu("b-tls", 0.22, raw: 0.16),
        Megabytes("c-plain", 1_000, raw: 1_872), Allocated("c-plain", 65_536),
        Rate("e-plain", 22_000, raw: 30_000), Rate("e-tls", 8_000), Rate("e-tls-no-resume", 6_000, raw: 6_650),
        new("f-plain", "ours", "resident each, B", figures => figures.ResidentEach, 6_000, true),
        new("f-tls", "ours", "resident each, B", figures => figures.ResidentEach, 42_000, true),
        Rate("g-plain", 4_200, raw: 4_700), Rate("g-tls", 1_000), Rate("g-tls-no-resume", 700, raw: 720),
        Rate("h-plain", 10_000, "ours-data", raw: 12_900), Cpu("h-plain", 0.11, "ours-data", raw: 0.10), Allocated("h-plain", 2_000, "ours-data"),
        Rate("h-plain", 30_000, "ours-overlap", raw: 12_900), Cpu("h-plain", 0.03, "ours-overlap", raw: 0.10),
        Rate("h-delaying", 10_000, "ours-data", raw: 12_900), Rate("h-delaying", 30_000, "ours-overlap", raw: 12_900),
        Rate("h-tls", 7_500, "ours-data", raw: 8_000), Rate("h-tls", 15_000, "ours-overlap", raw: 8_000),
        Rate("j-plain", 24_000, "ours-overlap", raw: 27_800), Rate("j-tls", 9_000, "ours-overlap", raw: 10_100),
        new("appliance-idle", "ours", "peak memory, MB", figures => figures.PeakMegabytes, 600, true),
        new("schedule", "ours", "heap, MB", figures => figures.Further["heapMegabytes"], 100, true),
        Rate("receive-plain", 8_000), Rate("receive-tls", 4_500), Rate("poll-tls", 800),
    ];

    public bool IsReachedBy(double value) => IsMost ? value <= Goal : value >= Goal;

    /// <summary>By how much it was missed, or reached: the measured figure as a part of the goal.</summary>
    public string Compare(double value) => string.Create(CultureInfo.InvariantCulture, $"{value / Goal:0.00} of it");

    private static Target Rate(string run, double goal, string client = "ours", double? raw = null) => new(run, client, "per second", figures => figures.PerSecond, goal, false) { KnownOfRaw = raw };

    private static Target Megabytes(string run, double goal, double? raw = null) => new(run, "ours", "MB/s", figures => figures.MegabytesPerSecond, goal, false) { KnownOfRaw = raw };

    private static Target Cpu(string run, double goal, string client = "ours", double? raw = null) => new(run, client, "CPU s per 1,000", figures => figures.CpuSecondsPer1000, goal, true) { KnownOfRaw = raw };

    private static Target Allocated(string run, double goal, string client = "ours") => new(run, client, "allocated each, B", figures => figures.AllocatedEach, goal, true);
}
