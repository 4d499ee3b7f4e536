using BenchmarkDotNet.Attributes;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;

namespace EmailSync.Appliance.Benchmarks;

/// <summary>What does one piece of work cost the agenda (drawn, completed, planned again), with so many mailboxes on it?</summary>
[MemoryDiagnoser]
public class AgendaTurn
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    private Agenda _agenda = null!;
    private DateTimeOffset _now;

    [Params(1_000, 100_000, 1_000_000)]
    public int Mailboxes { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _agenda = new(1_000, 1_000);
        _now = Start;
        for (int mailbox = 0; mailbox < Mailboxes; mailbox++)
            _agenda.Plan(new(new(mailbox + 1), new((mailbox % 100) + 1), Work.Receive), Start + (Interval * ((double)mailbox / Mailboxes)));
    }

    [Benchmark]
    public Due TakeTurn()
    {
        _now = _agenda.NextDue!.Value > _now ? _agenda.NextDue.Value : _now;
        Due due = _agenda.Draw(_now, static lane => new(100, $"host{lane.Profile.Value}"))!.Value;
        _agenda.Complete(due);
        _agenda.Plan(due, _now + Interval);
        return due;
    }
}
