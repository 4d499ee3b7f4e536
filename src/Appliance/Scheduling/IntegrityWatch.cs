using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using Microsoft.Extensions.Logging;

namespace EmailSync.Appliance.Scheduling;

/// <summary>Has everything that is stored checked once a day, and soon after a run that was not ended in good order; tells of damage by an alert.</summary>
public sealed partial class IntegrityWatch(IStore store, AlertBook alerts, TimeProvider clock, ILogger<IntegrityWatch> logger) : Watch(Interval, clock)
{
    /// <summary>How often it looks whether a check is due; the first time after a start, when what was late has been polled.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    /// <summary>From the end of one check to the start of the next.</summary>
    public static readonly TimeSpan BetweenChecks = TimeSpan.FromDays(1);

    private bool _isDueAfterCrash = store.Suspects.FollowACrash();

    /// <summary>Has a check made where one is due.</summary>
    public override async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!_isDueAfterCrash && await store.Upkeep.LastCheckAsync(cancellationToken) is { } last && Clock.GetUtcNow() < last.CompletedAt + BetweenChecks)
                return;
            StoreCheck check = await store.Upkeep.CheckAsync(cancellationToken);
            _isDueAfterCrash = false;
            if (check.FaultCount == 0)
            {
                LogWell(check.Emails, check.CompletedAt - check.StartedAt);
                await alerts.ResolveAsync(AlertSubject.Appliance, AlertCatalog.StoreDamaged, cancellationToken);
                return;
            }

            string faults = string.Join(" ", check.Faults);
            LogDamaged(check.FaultCount, faults);
            await alerts.RaiseAsync(
                AlertCatalog.StoreDamaged, AlertSubject.Appliance,
                string.Create(CultureInfo.InvariantCulture, $"{check.FaultCount} faults. {faults}"), service: null, cancellationToken);
        }
        catch (StorageException failure)
        {
            LogNotChecked(failure);
        }
    }

    [LoggerMessage(EventId = 130, Level = LogLevel.Information, Message = "Everything that is stored was checked, {Emails} emails in {Time}; nothing is damaged")]
    private partial void LogWell(long emails, TimeSpan time);

    [LoggerMessage(EventId = 131, Level = LogLevel.Critical, Message = "The store is damaged, {Count} faults: {Faults}")]
    private partial void LogDamaged(int count, string faults);

    [LoggerMessage(EventId = 132, Level = LogLevel.Error, Message = "What is stored could not be checked; it is tried again in ten minutes")]
    private partial void LogNotChecked(StorageException failure);
}
