using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using Microsoft.Extensions.Logging;

namespace EmailSync.Appliance.Scheduling;

/// <summary>
/// While the disk takes no writes: tries it every few seconds, and tells of it by an alert. The alert is written as soon as it can
/// be, which may be only when the disk is well again; then it is resolved at once, and stays for whoever asks what happened.
/// </summary>
public sealed partial class StorageWatch(IStore store, AlertBook alerts, TestJobs tests, TimeProvider clock, ILogger<StorageWatch> logger) : Watch(Interval, clock)
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private StorageTrouble? _known;
    private bool _isTold;

    /// <inheritdoc />
    public override async Task LookAsync(CancellationToken cancellationToken)
    {
        if ((store.Health.Trouble ?? _known) is not { } trouble)
            return;
        if (_known is null)
        {
            _known = trouble;
            LogFailing(trouble.Why);
        }

        tests.FailWaiting(ErrorClass.Storage, trouble.Why);
        try
        {
            if (!_isTold)
                await alerts.RaiseAsync(AlertCatalog.StoreFailing, AlertSubject.Appliance, trouble.Why, service: null, cancellationToken);
            _isTold = true;
            await store.ProbeAsync(cancellationToken);
            await alerts.ResolveAsync(AlertSubject.Appliance, AlertCatalog.StoreFailing, cancellationToken);
            (_known, _isTold) = (null, false);
            LogRecovered(Clock.GetUtcNow() - trouble.Since);
        }
        catch (StorageException)
        {
            // Still so; it was told once, and is tried again at the next look.
        }
    }

    /// <inheritdoc />
    protected override async Task BeginAsync(CancellationToken cancellationToken) =>
        // One that stands from the last run: the disk was full when the appliance ended, and the store could be opened since.
        await alerts.ResolveAsync(AlertSubject.Appliance, AlertCatalog.StoreFailing, cancellationToken);

    [LoggerMessage(EventId = 120, Level = LogLevel.Critical, Message = "The store takes no writes, and no work is begun until it does: {Why}")]
    private partial void LogFailing(string why);

    [LoggerMessage(EventId = 121, Level = LogLevel.Warning, Message = "The store takes writes again, after {Time}")]
    private partial void LogRecovered(TimeSpan time);
}
