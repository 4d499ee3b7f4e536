using EmailSync.Simulation;

namespace EmailSync.Appliance.Tests.Scheduling;

/// <summary>The real scheduler, on a clock of its own, with hosts that are made up.</summary>
public sealed class ScheduleSimulationTests
{
    private static readonly TimeSpan Punctual = TimeSpan.FromMilliseconds(1);

    [Theory]
    [InlineData(HostKind.Dead, 1)]
    [InlineData(HostKind.Dead, 20)]
    [InlineData(HostKind.Flapping, 10)]
    [InlineData(HostKind.Throttling, 10)]
    [InlineData(HostKind.Slow, 10)]
    public void Healthy_mailboxes_are_on_time_whatever_their_neighbours_do(HostKind others, int count)
    {
        SimulationReport report = ScheduleSimulation.Run(new()
        {
            Mailboxes = 10_000,
            Hosts = SimulationOptions.Mixed(100, (others, count)),
            Length = TimeSpan.FromMinutes(12),
        });

        KindReport healthy = Assert.Single(report.Kinds, kind => kind.Kind == HostKind.Healthy);
        Assert.True(healthy.MaxLateness <= Punctual, $"{healthy}");
        Assert.True(healthy.FewestPolls > 0.9 * healthy.MostPolls, $"{healthy}");
        Assert.InRange(healthy.Polls, (long)(healthy.Mailboxes * 1.9), (long)(healthy.Mailboxes * 2.3));
    }

    [Fact]
    public void A_dead_host_is_asked_ever_more_rarely_and_by_one_session_at_a_time()
    {
        SimulationReport report = ScheduleSimulation.Run(new()
        {
            Mailboxes = 1000,
            Hosts = [HostKind.Dead],
            Length = TimeSpan.FromHours(2),
            WarmUp = TimeSpan.FromMinutes(2),
        });

        KindReport dead = Assert.Single(report.Kinds);
        // Pauses of a minute, two, four … half an hour, each with a session of 30 seconds behind it.
        Assert.InRange(dead.Sessions, 5, 8);
        Assert.True(dead.MostOpen <= 8, $"{dead}");
    }

    [Fact]
    public void A_host_that_throttles_is_used_as_far_as_it_likes()
    {
        SimulationReport report = ScheduleSimulation.Run(new()
        {
            Mailboxes = 3000,
            Hosts = [HostKind.Throttling],
            Length = TimeSpan.FromMinutes(21),
        });

        KindReport throttling = Assert.Single(report.Kinds);
        // Five at once, a tenth of a second each: its 3,000 mailboxes are all served in each interval.
        Assert.True(throttling.FewestPolls > 3, $"{throttling}");
        Assert.True(throttling.Sessions < throttling.Polls * 1.3, $"{throttling}");
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        SimulationOptions options = new() { Mailboxes = 500, Hosts = SimulationOptions.Mixed(10, (HostKind.Flapping, 5)) };

        Assert.Equal(ScheduleSimulation.Run(options).Kinds, ScheduleSimulation.Run(options).Kinds);
    }
}
