using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>
/// Who has which mailbox. One process has the data folder, so a lease need not outlive it, and costs no write; only the number of the run is
/// on the disk, from before the run's first lease, so that no token ever comes again.
/// </summary>
internal sealed class LeaseBook(Database database, TimeProvider clock, long run) : ILeases
{
    // A run has room for a thousand leases a second for thirty years.
    private const int TokenBits = 40;

    private readonly Lock _lock = new();
    private readonly Dictionary<(MailboxId Mailbox, EmailDirection Direction), Held> _held = [];
    private long _lastToken = run << TokenBits;

    private readonly record struct Held(long Token, string Owner, DateTimeOffset ExpiresAt);

    public async ValueTask<Lease?> TakeAsync(
        MailboxId mailbox, EmailDirection direction, string owner, TimeSpan duration, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_held.TryGetValue((mailbox, direction), out Held held))
                return Give(mailbox, direction, owner, duration);
            if (held.ExpiresAt > clock.GetUtcNow())
                return null;
        }

        // Behind all that its holder has brought to the writer: what of it is stored can then be read, and nothing of it can come later.
        Lease? taken = null;
        return await database.WriteAsync(_ => taken ??= TakeExpired(mailbox, direction, owner, duration), cancellationToken);
    }

    public ValueTask RenewAsync(Lease lease, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!IsHeld(lease.Mailbox, lease.Direction, lease.Token))
                return ValueTask.FromException(new LeaseLostException(lease));
            (MailboxId, EmailDirection) key = (lease.Mailbox, lease.Direction);
            _held[key] = _held[key] with { ExpiresAt = clock.GetUtcNow() + lease.Duration };
            return ValueTask.CompletedTask;
        }
    }

    public ValueTask ReleaseAsync(Lease lease, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (IsHeld(lease.Mailbox, lease.Direction, lease.Token))
                _held.Remove((lease.Mailbox, lease.Direction));
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Refuses a write under a lease that is held no more. Called by the writer, in the transaction of what it refuses.</summary>
    public void Require(Lease lease, EmailDirection direction)
    {
        if (lease.Direction != direction)
            throw new ArgumentException($"A lease for {lease.Direction} is none for {direction}.", nameof(lease));
        Require(lease);
    }

    /// <inheritdoc cref="Require(Lease, EmailDirection)"/>
    public void Require(Lease lease)
    {
        if (!IsHeldNow(lease.Mailbox, lease.Direction, lease.Token))
            throw new LeaseLostException(lease);
    }

    /// <summary>Whether the lease of that token is held, be it expired.</summary>
    public bool IsHeldNow(MailboxId mailbox, EmailDirection direction, long token)
    {
        lock (_lock)
            return IsHeld(mailbox, direction, token);
    }

    /// <summary>Who has a mailbox, in either direction; null where nobody has.</summary>
    public string? OwnerOf(MailboxId mailbox)
    {
        lock (_lock)
        {
            string? receives = _held.TryGetValue((mailbox, EmailDirection.Incoming), out Held incoming) ? incoming.Owner : null;
            string? sends = _held.TryGetValue((mailbox, EmailDirection.Outgoing), out Held outgoing) ? outgoing.Owner : null;
            return receives is null || sends is null || receives == sends ? receives ?? sends : $"{receives}, {sends}";
        }
    }

    /// <summary>The number of a run that begins.</summary>
    public static long NextRun(Connection connection) =>
        connection.Prepare("UPDATE run SET number = number + 1 WHERE id = 1 RETURNING number").First(row => row.Long());

    private Lease? TakeExpired(MailboxId mailbox, EmailDirection direction, string owner, TimeSpan duration)
    {
        lock (_lock)
        {
            bool isTaken = _held.TryGetValue((mailbox, direction), out Held held) && held.ExpiresAt > clock.GetUtcNow();
            return isTaken ? null : Give(mailbox, direction, owner, duration);
        }
    }

    private Lease Give(MailboxId mailbox, EmailDirection direction, string owner, TimeSpan duration)
    {
        Lease lease = new(mailbox, direction, ++_lastToken, duration);
        _held[(mailbox, direction)] = new(lease.Token, owner, clock.GetUtcNow() + duration);
        return lease;
    }

    private bool IsHeld(MailboxId mailbox, EmailDirection direction, long token) =>
        _held.TryGetValue((mailbox, direction), out Held held) && held.Token == token;
}
