using EmailSync.Load.Clients;
using EmailSync.Load.Running;
using EmailSync.Load.Server;

namespace EmailSync.Load.Reporting;

/// <summary>One measurement of a client, and what the server did meanwhile.</summary>
internal readonly record struct Sample(Measurement Client, ServerReport Server);

/// <summary>How one client did in a run.</summary>
internal sealed record ClientReport
{
    public required string Client { get; init; }

    /// <summary>Medians over the rounds.</summary>
    public required Figures Median { get; init; }

    /// <summary>Each round.</summary>
    public required IReadOnlyList<Figures> Rounds { get; init; }

    /// <summary>How many times as fast the first client of the run was, round by round; null for the first.</summary>
    public Ratio? FirstToThis { get; init; }
}

/// <summary>A ratio that was taken pair by pair.</summary>
internal sealed record Ratio(double Median, double Least, double Most)
{
    public static Ratio Of(IEnumerable<double> pairs)
    {
        double[] ordered = [.. pairs.Order()];
        return new(Figures.Median(ordered), ordered[0], ordered[^1]);
    }
}

/// <summary>What a run came to.</summary>
internal sealed record RunReport
{
    public required string Workload { get; init; }
    public required string Unit { get; init; }
    public required RunPlan Plan { get; init; }
    public required Machine Machine { get; init; }
    public required DateTimeOffset At { get; init; }
    public required IReadOnlyList<ClientReport> Clients { get; init; }

    public static RunReport Of(Workload workload, RunPlan plan, IReadOnlyList<(string Name, IReadOnlyList<Sample> Samples)> results)
    {
        long units = workload.UnitsOf(plan);
        long octets = workload.Unit == "messages" ? units * plan.Size : 0;
        Figures[][] figures = [.. results.Select(result =>
            (Figures[])[.. result.Samples.Select(sample => Figures.Of(sample.Client, sample.Server, units, octets))])];
        return new()
        {
            Workload = workload.Name,
            Unit = workload.Unit,
            Plan = plan,
            Machine = Machine.This(),
            At = TimeProvider.System.GetUtcNow(),
            Clients = [.. results.Select((result, index) => new ClientReport
            {
                Client = result.Name,
                Median = Figures.MedianOf(figures[index]),
                Rounds = figures[index],
                FirstToThis = index == 0 ? null : Ratio.Of(figures[0].Zip(figures[index], (first, other) => first.PerSecond / other.PerSecond)),
            })],
        };
    }
}
