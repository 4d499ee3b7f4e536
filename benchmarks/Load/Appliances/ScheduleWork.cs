using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;
using EmailSync.Load.Clients;
using EmailSync.Load.Running;

namespace EmailSync.Load.Appliances;

/// <summary>
/// The agenda with many mailboxes on a clock of its own: each is due every five minutes, on a hundred hosts, of which one never answers.
/// A poll takes 200 simulated milliseconds; capacity is there for all. What is measured is the agenda's memory and time, and how late
/// work starts on the hosts that live.
/// </summary>
internal static class ScheduleWork
{
    private const int Hosts = 100;
    private const int DeadHost = 0;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan DeadPoll = TimeSpan.FromSeconds(30);

    public static Task<Measurement> RunAsync(ClientPlan plan)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        double cpu = ProcessUse.Own().CpuSeconds;
        double begun = ProcessUse.Now;
        DateTimeOffset start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        Agenda agenda = new(20_000, 20_000, new Random(1));
        for (int host = 0; host < Hosts; host++)
            agenda.Configure(new(new(host + 1), Work.Receive), new(host == DeadHost ? 10 : 20_000, $"host{host}", 995));
        for (int mailbox = 0; mailbox < plan.Mailboxes; mailbox++)
            agenda.Plan(DueOf(mailbox), start + (Interval * ((double)mailbox / plan.Mailboxes)));
        double planned = ProcessUse.Now - begun;
        long heap = GC.GetTotalMemory(forceFullCollection: true) - before;

        List<double> lateness = [];
        PriorityQueue<Due, long> running = new();
        long polls = 0;
        DateTimeOffset now = start;
        DateTimeOffset end = start + Interval;
        while (now < end)
        {
            while (running.TryPeek(out Due ended, out long at) && at <= now.UtcTicks)
            {
                running.Dequeue();
                agenda.Complete(ended, now, ended.Profile.Value == DeadHost + 1 ? Verdict.ServerFailed : Verdict.Answered);
                agenda.Plan(ended, now + Interval);
            }
            while (agenda.Draw(now) is { } due)
            {
                bool isDead = due.Profile.Value == DeadHost + 1;
                if (!isDead)
                    lateness.Add((now - start - (Interval * ((double)(due.Mailbox.Value - 1) / plan.Mailboxes))).TotalSeconds);
                running.Enqueue(due, (now + (isDead ? DeadPoll : Poll)).UtcTicks);
                polls++;
            }
            DateTimeOffset next = agenda.NextDue ?? end;
            if (running.TryPeek(out _, out long soonest) && soonest < next.UtcTicks)
                next = new(soonest, TimeSpan.Zero);
            now = next > now ? next : now.AddTicks(1);
        }
        lateness.Sort();
        return Task.FromResult(new Measurement
        {
            Passes = 1,
            Units = polls,
            Seconds = ProcessUse.Now - begun - planned,
            CpuSeconds = ProcessUse.Own().CpuSeconds - cpu,
            Allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated,
            PeakOctets = ProcessUse.Own().PeakOctets,
            HeapEach = heap / plan.Mailboxes,
            Further = new()
            {
                ["secondsToPlan"] = planned,
                ["heapMegabytes"] = heap / 1e6,
                ["latenessP99Seconds"] = lateness[(int)(lateness.Count * 0.99)],
                ["latenessMostSeconds"] = lateness[^1],
            },
        });
    }

    private static Due DueOf(int mailbox) => new(new(mailbox + 1), new((mailbox % Hosts) + 1), Work.Receive);
}
