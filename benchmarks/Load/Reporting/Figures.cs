using EmailSync.Load.Clients;
using EmailSync.Load.Server;

namespace EmailSync.Load.Reporting;

/// <summary>One measurement, as what it comes to for each unit of work.</summary>
internal sealed record Figures
{
    /// <summary>Units a second: messages, polls or sessions.</summary>
    public double PerSecond { get; init; }

    /// <summary>Content, in 10^6 octets a second.</summary>
    public double MegabytesPerSecond { get; init; }

    /// <summary>Processor time of the client, for 1,000 units.</summary>
    public double CpuSecondsPer1000 { get; init; }

    /// <summary>Allocated on the client's managed heap, for one unit; null where there is none.</summary>
    public double? AllocatedEach { get; init; }

    /// <summary>The client's peak of resident memory, in 10^6 octets.</summary>
    public double PeakMegabytes { get; init; }

    /// <summary>The server's part of all processor time of the machine while the clock ran: 0 to 1.</summary>
    public double ServerShare { get; init; }

    /// <summary>Managed heap of an open session, in octets; null where that was not the question.</summary>
    public double? HeapEach { get; init; }

    /// <summary>Resident memory of an open session, in octets; null where that was not the question.</summary>
    public double? ResidentEach { get; init; }

    /// <summary>Further figures of a workload, by name.</summary>
    public IReadOnlyDictionary<string, double> Further { get; init; } = new Dictionary<string, double>();

    public static Figures Of(Measurement measured, ServerReport server, long units, long octets)
    {
        double all = measured.Units ?? (double)units * measured.Passes;
        return new()
        {
            PerSecond = all / measured.Seconds,
            MegabytesPerSecond = (double)octets * measured.Passes / measured.Seconds / 1e6,
            CpuSecondsPer1000 = measured.CpuSeconds * 1000 / all,
            AllocatedEach = measured.Allocated / all,
            PeakMegabytes = measured.PeakOctets / 1e6,
            ServerShare = server.CpuSeconds / (measured.Seconds * Environment.ProcessorCount),
            HeapEach = measured.HeapEach,
            ResidentEach = measured.ResidentEach,
            Further = measured.Further,
        };
    }

    /// <summary>The median of each figure by itself.</summary>
    public static Figures MedianOf(IReadOnlyList<Figures> samples) => new()
    {
        PerSecond = Median(samples, figures => figures.PerSecond),
        MegabytesPerSecond = Median(samples, figures => figures.MegabytesPerSecond),
        CpuSecondsPer1000 = Median(samples, figures => figures.CpuSecondsPer1000),
        AllocatedEach = MedianOrNull(samples, figures => figures.AllocatedEach),
        PeakMegabytes = Median(samples, figures => figures.PeakMegabytes),
        ServerShare = Median(samples, figures => figures.ServerShare),
        HeapEach = MedianOrNull(samples, figures => figures.HeapEach),
        ResidentEach = MedianOrNull(samples, figures => figures.ResidentEach),
        Further = samples[0].Further.Keys.ToDictionary(name => name, name => Median(samples, figures => figures.Further[name])),
    };

    /// <summary>The middle one, or the mean of the two in the middle.</summary>
    public static double Median(double[] values)
    {
        double[] ordered = [.. values.Order()];
        return (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
    }

    private static double Median(IReadOnlyList<Figures> samples, Func<Figures, double> figure) =>
        Median([.. samples.Select(figure)]);

    private static double? MedianOrNull(IReadOnlyList<Figures> samples, Func<Figures, double?> figure) =>
        samples.Any(sample => figure(sample) is null) ? null : Median(samples, sample => figure(sample)!.Value);
}
