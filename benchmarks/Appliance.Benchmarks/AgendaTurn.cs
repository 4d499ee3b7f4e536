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
        _agenda = new(1_000, 1_000, new Random(1));
        for (int profile = 1; profile <= 100; profile++)
            _agenda.Configure(new(new(profile), Work.Receive), new(100, $"host{profile}", 995));
        _now = Start;
        for (int mailbox = 0; mailbox < Mailboxes; mailbox++)
            _agenda.Plan(new(new(mailbox + 1), new((mailbox % 100) + 1), Work.Receive), Start + (Interval * ((double)mailbox / Mailboxes)));
    }

    [Benchmark]
    public Due TakeTurn()
    {
        _now = _agenda.NextDue!.Value > _now ? _agenda.NextDue.Value : _now;
        Due due = _agenda.Draw(_now)!.Value;
        _agenda.Complete(due, _now, Verdict.Answered);
        _agenda.Plan(due, _now + Interval);
        return due;
    }
}
