using EmailSync.Load.Clients;
using EmailSync.Load.Running;

namespace EmailSync.Load.Appliances;

/// <summary>The whole appliance at work: log, API and store are those of every day, and every message is synced to disk.</summary>
internal static class ApplianceWork
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    // Start-up and the warm-up's own work are over by then.
    private static readonly TimeSpan UntilTheWave = TimeSpan.FromSeconds(12);

    private static readonly TimeSpan Never = TimeSpan.FromDays(1);

    /// <summary>
    /// Every mailbox has new mail and is due at the same moment; the clock runs from it to the last mailbox. Before it as many others (up to a
    /// thousand) were received, so that the appliance is one that has run for a while; without a warm-up it has just started, and the clock
    /// runs from the loaded schedule.
    /// </summary>
    public static async Task<Measurement> ReceiveAsync(ClientPlan plan)
    {
        int before = plan.WarmUpSeconds > 0 ? Math.Min(plan.Mailboxes, 1_000) : 0;
        using ApplianceFolder folder = new();
        DateTimeOffset wave = await folder.FillAsync(plan, before, Never, before > 0 ? UntilTheWave : TimeSpan.Zero);
        double begun = ProcessUse.Now;
        await using ApplianceRun appliance = ApplianceRun.Start(folder.Path, plan);
        await appliance.Loaded;
        await appliance.WhenPolledAsync(before);
        if (before > 0)
        {
            TimeSpan left = wave - TimeProvider.System.GetUtcNow();
            if (left < TimeSpan.Zero)
                throw new LoadException("The warm-up took too long for this machine: take fewer mailboxes.");
            await Task.Delay(left);
        }
        (double start, double cpu) = (ProcessUse.Now, appliance.CpuSeconds);
        await appliance.WhenPolledAsync(before + plan.Mailboxes);
        Measurement measured = new()
        {
            Passes = 1,
            Seconds = ProcessUse.Now - start,
            CpuSeconds = appliance.CpuSeconds - cpu,
            PeakOctets = appliance.PeakOctets,
            Further = new() { ["secondsToFirstPoll"] = appliance.FirstPollAt - begun },
        };
        await appliance.StopAsync();
        return measured with { Tally = await folder.LookAsync() };
    }

    /// <summary>
    /// Every mailbox is polled, its mail received, and then polled again by a session that the server holds until all are open. What is measured
    /// is the most memory that the appliance has held, of all that it does.
    /// </summary>
    public static async Task<Measurement> OpenAllAsync(ClientPlan plan)
    {
        if (plan.Connections > plan.Mailboxes)
            throw new LoadException($"{plan.Connections} sessions need as many mailboxes: ask for --mailboxes {plan.Connections}.");
        using ApplianceFolder folder = new();
        await folder.FillAsync(plan, forWarmUp: 0, interval: TimeSpan.Zero, due: TimeSpan.Zero);
        await using ApplianceRun appliance = ApplianceRun.Start(folder.Path, plan);
        await appliance.WhenPolledAsync(plan.Connections);
        (double start, double cpu) = (ProcessUse.Now, appliance.CpuSeconds);
        await appliance.WhenPolledAsync(2L * plan.Connections);
        Measurement measured = new()
        {
            Passes = 1,
            Seconds = ProcessUse.Now - start,
            Units = plan.Connections,
            CpuSeconds = appliance.CpuSeconds - cpu,
            PeakOctets = appliance.PeakOctets,
        };
        await appliance.StopAsync();
        return measured with { Tally = await folder.LookAsync() };
    }

    /// <summary>Mailboxes without new mail and without a pause between polls: as many polls as the machine can.</summary>
    public static async Task<Measurement> PollAsync(ClientPlan plan)
    {
        using ApplianceFolder folder = new();
        await folder.FillAsync(plan, forWarmUp: 0, interval: TimeSpan.Zero, due: TimeSpan.Zero);
        double begun = ProcessUse.Now;
        await using ApplianceRun appliance = ApplianceRun.Start(folder.Path, plan);
        await appliance.WhenPolledAsync(1);
        await Task.Delay(WarmUp);
        (double start, double cpu, long polls) = (ProcessUse.Now, appliance.CpuSeconds, appliance.Polls);
        await Task.Delay(TimeSpan.FromSeconds(Math.Max(plan.Seconds, 1)));
        Measurement measured = new()
        {
            Passes = 1,
            Seconds = ProcessUse.Now - start,
            Units = appliance.Polls - polls,
            CpuSeconds = appliance.CpuSeconds - cpu,
            PeakOctets = appliance.PeakOctets,
            Further = new() { ["secondsToFirstPoll"] = appliance.FirstPollAt - begun },
        };
        await appliance.StopAsync();
        return measured with { Tally = await folder.LookAsync() };
    }
}
