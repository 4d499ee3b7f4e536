using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using Microsoft.Extensions.Logging;

namespace EmailSync.Appliance.Scheduling;

/// <summary>
/// Deletes once an hour what the settings say need not be kept: old alerts, old entries of the audit log and, where asked for, old emails.
/// Finishes what a new version left to be done with emails from before it. Once a day it also forgets unique-ids that nothing needs any more, and gives the disk back what deletions left empty.
/// </summary>
public sealed partial class Housekeeping(IStore store, TimeProvider clock, ILogger<Housekeeping> logger) : Watch(Interval, clock)
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>How long a unique-id has been gone from the server's listings when it is forgotten, once its email is not stored here any more.</summary>
    public static readonly TimeSpan UniqueIdsGoneFor = TimeSpan.FromDays(365);

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private DateTimeOffset _tidyAt = clock.GetUtcNow();

    /// <summary>Cleans once. A disk that fails is not our trouble to report (<see cref="StorageWatch"/>): it is tried again at the next interval.</summary>
    public override async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            Settings settings = await store.Settings.ReadAsync(cancellationToken);
            DateTimeOffset now = Clock.GetUtcNow();
            int alerts = await store.Alerts.DeleteOldAsync(now - TimeSpan.FromDays(settings.AlertRetentionDays), cancellationToken);
            int emails = settings.EmailRetentionDays is { } days
                ? await store.Emails.DeleteOldAsync(now - TimeSpan.FromDays(days), cancellationToken)
                : 0;
            int entries = await store.Audit.DeleteOldAsync(now - TimeSpan.FromDays(settings.AuditRetentionDays), cancellationToken);
            if (alerts > 0 || emails > 0 || entries > 0)
                LogCleaned(alerts, emails, entries);
            long completed = await store.Upkeep.CompleteAsync(cancellationToken);
            if (completed > 0)
                LogCompleted(completed);
            if (now >= _tidyAt)
                await TidyAsync(now, cancellationToken);
        }
        catch (StorageException failure)
        {
            LogNotCleaned(failure);
        }
    }

    /// <inheritdoc />
    protected override Task BeginAsync(CancellationToken cancellationToken) => LookAsync(cancellationToken);

    private async Task TidyAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        int forgotten = await store.GoneUniqueIds.ForgetAsync(UniqueIdsGoneFor, cancellationToken);
        long octets = await store.Upkeep.ShrinkAsync(cancellationToken);
        _tidyAt = now + Day;
        if (forgotten > 0 || octets > 0)
            LogTidied(forgotten, octets);
    }

    [LoggerMessage(EventId = 110, Level = LogLevel.Information, Message = "Deleted {Alerts} alerts, {Emails} emails and {Entries} entries of the audit log whose time was over")]
    private partial void LogCleaned(int alerts, int emails, int entries);

    [LoggerMessage(EventId = 111, Level = LogLevel.Error, Message = "What is old could not be deleted; it is tried again in an hour")]
    private partial void LogNotCleaned(StorageException failure);

    [LoggerMessage(EventId = 113, Level = LogLevel.Information, Message = "Answers to {Emails} emails from before this version are recognised now")]
    private partial void LogCompleted(long emails);

    [LoggerMessage(EventId = 112, Level = LogLevel.Information, Message = "Forgot {UniqueIds} unique-ids that were gone from their servers for long, and gave {Octets} octets back to the disk")]
    private partial void LogTidied(int uniqueIds, long octets);
}
