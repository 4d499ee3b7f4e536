using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using Microsoft.Extensions.Logging;

namespace EmailSync.Appliance.Processing;

/// <summary>Holds a mailbox's lease while work goes on under it: renews it in time, breaks the work off where it is lost, and gives it back.</summary>
internal sealed partial class LeasedTurn : IAsyncDisposable
{
    // Two renewals may fail before another can take the mailbox.
    private const int RenewalsPerLease = 3;

    private readonly ILeases _leases;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop;
    private readonly ITimer _timer;

    private LeasedTurn(ILeases leases, Lease lease, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        (_leases, Lease, _logger) = (leases, lease, logger);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        TimeSpan pause = lease.Duration / RenewalsPerLease;
        _timer = clock.CreateTimer(static turn => _ = ((LeasedTurn)turn!).RenewAsync(), this, pause, pause);
    }

    /// <summary>The lease.</summary>
    public Lease Lease { get; }

    /// <summary>Stops the work: the appliance stops, or the lease is lost.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Another has the mailbox.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Takes the lease; null where another has the mailbox.</summary>
    /// <exception cref="StorageException">The disk failed.</exception>
    public static async ValueTask<LeasedTurn?> TakeAsync(
        ILeases leases, MailboxId mailbox, EmailDirection direction, LeaseRules rules, TimeProvider clock, ILogger logger, CancellationToken cancellationToken) =>
        await leases.TakeAsync(mailbox, direction, rules.Owner, rules.Duration, cancellationToken) is { } lease
            ? new(leases, lease, clock, logger, cancellationToken)
            : null;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        try
        {
            await _leases.ReleaseAsync(Lease, CancellationToken.None);
        }
        catch (StorageException failure)
        {
            LogNotReleased(Lease.Mailbox, Lease.Direction, Lease.Token, Lease.Duration, failure);
        }

        _stop.Dispose();
    }

    private async Task RenewAsync()
    {
        try
        {
            await _leases.RenewAsync(Lease, CancellationToken.None);
        }
        catch (LeaseLostException)
        {
            IsLost = true;
            try
            {
                await _stop.CancelAsync();
            }
            catch (ObjectDisposedException)
            {
                // The work ended meanwhile.
            }
        }
        catch (StorageException failure)
        {
            // There is time for another attempt; and where there is none, what the work brings to the store tells it.
            LogNotRenewed(Lease.Mailbox, Lease.Direction, Lease.Token, failure);
        }
    }

    [LoggerMessage(EventId = 206, Level = LogLevel.Warning, Message = "The lease of {Mailbox} ({Direction}, token {Token}) could not be renewed, and is tried again")]
    private partial void LogNotRenewed(MailboxId mailbox, EmailDirection direction, long token, StorageException failure);

    [LoggerMessage(EventId = 207, Level = LogLevel.Warning, Message = "The lease of {Mailbox} ({Direction}, token {Token}) could not be given back; it expires within {Duration}")]
    private partial void LogNotReleased(MailboxId mailbox, EmailDirection direction, long token, TimeSpan duration, StorageException failure);
}
