using System.Diagnostics.Metrics;

namespace EmailSync.Appliance.Scheduling;

/// <summary>What the scheduler is doing, as metrics.</summary>
public sealed class ScheduleMeter : IDisposable
{
    /// <summary>The name of the meter; its scope is the scheduler.</summary>
    public const string Name = "EmailSync.Scheduling";

    private readonly Meter _meter;

    /// <summary>Begins to be asked.</summary>
    public ScheduleMeter(IMailboxScheduler scheduler)
    {
        _meter = new(new MeterOptions(Name) { Scope = scheduler });
        _meter.CreateObservableGauge("emailsync.schedule.running", () => scheduler.Snapshot().Running, "{task}", "Work that runs: polls, sendings and tests.");
        _meter.CreateObservableGauge("emailsync.schedule.waiting", () => scheduler.Snapshot().Waiting, "{task}", "Work that is due and waits for a free connection.");
        _meter.CreateObservableGauge("emailsync.schedule.late", () => scheduler.Snapshot().Late, "{task}", "Of what waits: for more than a minute.");
        _meter.CreateObservableGauge(
            "emailsync.schedule.longest_wait", () => scheduler.Snapshot().LongestWait.TotalSeconds, "s", "For how long that has waited which has waited longest.");
    }

    /// <summary>Ends it.</summary>
    public void Dispose() => _meter.Dispose();
}
