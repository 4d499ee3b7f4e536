using EmailSync.Load.Clients;
using EmailSync.Load.Running;

namespace EmailSync.Load.Appliances;

/// <summary>The whole appliance at work: log, API and store are those of every day, and every message is synced to disk.</summary>
internal static class ApplianceWork
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    /// <summary>Every mailbox is due at the start, and its mail is new. The clock runs from the loaded schedule to the last mailbox.</summary>
    public static async Task<Measurement> ReceiveAsync(ClientPlan plan)
    {
        using ApplianceFolder folder = new();
        await folder.FillAsync(plan);
        double begun = ProcessUse.Now;
        await using ApplianceRun appliance = ApplianceRun.Start(folder.Path, plan);
        await appliance.Loaded;
        double loaded = ProcessUse.Now;
        double cpu = appliance.CpuSeconds;
        await appliance.WhenPolledAsync(plan.Mailboxes);
        Measurement measured = new()
        {
            Passes = 1,
            Seconds = ProcessUse.Now - loaded,
            CpuSeconds = appliance.CpuSeconds - cpu,
            PeakOctets = appliance.PeakOctets,
            Further = new() { ["secondsToFirstPoll"] = appliance.FirstPollAt - begun },
        };
        await appliance.StopAsync();
        return measured with { Tally = await folder.LookAsync() };
    }

    /// <summary>Mailboxes without new mail and without a pause between polls: as many polls as the machine can.</summary>
    public static async Task<Measurement> PollAsync(ClientPlan plan)
    {
        using ApplianceFolder folder = new();
        await folder.FillAsync(plan);
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
