using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>Somebody's turn at a mailbox, in one direction. What is done in that turn is stored under its lease, or not at all.</summary>
/// <param name="Mailbox">The mailbox.</param>
/// <param name="Direction">Receiving or sending.</param>
/// <param name="Token">The fencing token: greater than that of every lease given before, of whatever mailbox and in whatever run.</param>
/// <param name="Duration">How long it holds from when it was taken or last renewed.</param>
public sealed record Lease(MailboxId Mailbox, EmailDirection Direction, long Token, TimeSpan Duration);

/// <summary>
/// Whose turn a mailbox is, by the store's clock. A lease that has expired still holds until another asks for it; from then on whatever its
/// holder brings is refused. A lease is void once nobody can hold it any more: those of a store that only one process can open do not outlive
/// the store's closing or the process.
/// </summary>
public interface ILeases
{
    /// <summary>
    /// Takes a mailbox in one direction. Null where another has it. Whoever gets a lease reads all that was stored under the one before.
    /// Nothing is said about whether there is such a mailbox.
    /// </summary>
    /// <param name="mailbox">The mailbox.</param>
    /// <param name="direction">Receiving or sending.</param>
    /// <param name="owner">Who asks, as an operator should read it.</param>
    /// <param name="duration">For how long.</param>
    /// <param name="cancellationToken">Gives up; a lease may then have been given, and expires.</param>
    /// <exception cref="StorageException">The disk failed.</exception>
    ValueTask<Lease?> TakeAsync(MailboxId mailbox, EmailDirection direction, string owner, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Makes a lease hold for its whole duration from now, though it may have expired.</summary>
    /// <exception cref="LeaseLostException">Another has the mailbox, or the lease was released.</exception>
    /// <exception cref="StorageException">The disk failed.</exception>
    ValueTask RenewAsync(Lease lease, CancellationToken cancellationToken);

    /// <summary>Gives the mailbox back; does nothing where the lease is lost.</summary>
    /// <exception cref="StorageException">The disk failed; the lease expires.</exception>
    ValueTask ReleaseAsync(Lease lease, CancellationToken cancellationToken);
}
