using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>Which mailboxes a listing shows; a null shows all.</summary>
public sealed record MailboxFilter
{
    /// <summary>Of this profile only.</summary>
    public ProfileId? Profile { get; init; }

    /// <summary>With this approval only.</summary>
    public EmailApproval? Approval { get; init; }

    /// <summary>With this status in either direction only.</summary>
    public EmailStatus? Status { get; init; }

    /// <summary>Of this kind only.</summary>
    public MailboxKind? Kind { get; init; }

    /// <summary>Enabled for receiving, with a poll that was due before this moment, only.</summary>
    public DateTimeOffset? DueBefore { get; init; }
}

/// <summary>What the scheduler needs of a mailbox: a few octets each, for hundreds of thousands of them.</summary>
/// <param name="Mailbox">The mailbox.</param>
/// <param name="Profile">Its profile.</param>
/// <param name="NextPollAt">When its next poll is due, and not before <see cref="MailboxState.PostponedUntil"/>; null where it is not polled.</param>
/// <param name="NextSendAt">When its next outgoing email is due, and not before <see cref="MailboxState.PostponedUntil"/>; null where its outbox is empty.</param>
public readonly record struct MailboxSchedule(MailboxId Mailbox, ProfileId Profile, DateTimeOffset? NextPollAt, DateTimeOffset? NextSendAt);

/// <summary>Mailboxes, and what the engine knows about them.</summary>
public interface IMailboxes
{
    /// <summary>Stores a new mailbox with its secrets and returns it with its id and version 1.</summary>
    /// <exception cref="DuplicateValueException">The address is taken.</exception>
    /// <exception cref="NotStoredException">Its profile does not exist.</exception>
    ValueTask<Mailbox> CreateAsync(Mailbox mailbox, CancellationToken cancellationToken, params IReadOnlyList<GivenSecret> secrets);

    /// <summary>The mailbox, or null.</summary>
    ValueTask<Mailbox?> FindAsync(MailboxId id, CancellationToken cancellationToken);

    /// <summary>The mailbox of that address, compared without case, or null.</summary>
    ValueTask<Mailbox?> FindByAddressAsync(string emailAddress, CancellationToken cancellationToken);

    /// <summary>A page of mailboxes in the order of their ids, after <paramref name="after"/>.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="after">The last id of the page before; null for the first page.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<IReadOnlyList<Mailbox>> ListAsync(MailboxFilter filter, MailboxId? after, int limit, CancellationToken cancellationToken);

    /// <summary>How many mailboxes a profile has.</summary>
    ValueTask<long> CountAsync(ProfileId profile, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces what an administrator sets (not the engine's state) where the version is still the one that <paramref name="mailbox"/> carries.
    /// With another address or at another server (<see cref="Relocation"/>) it is stored without its secrets and its approval, and disabled, in
    /// the same transaction; with another profile what was skipped is forgotten. The secrets given are stored.
    /// </summary>
    /// <exception cref="VersionConflictException">It was changed in between.</exception>
    /// <exception cref="NotStoredException">There is no such mailbox, or no such profile.</exception>
    /// <exception cref="DuplicateValueException">The address is taken.</exception>
    ValueTask<Mailbox> UpdateAsync(Mailbox mailbox, CancellationToken cancellationToken, params IReadOnlyList<GivenSecret> secrets);

    /// <summary>Deletes a mailbox with its secrets and its known unique-ids. Its emails stay; those that wait to be sent are canceled.</summary>
    /// <exception cref="NotStoredException">There is no such mailbox.</exception>
    ValueTask DeleteAsync(MailboxId id, CancellationToken cancellationToken);

    /// <summary>Changes the engine's state of a mailbox in one step; does nothing where the mailbox is gone.</summary>
    /// <param name="id">Whose.</param>
    /// <param name="change">From the stored state to the new one: quick and pure, for it runs inside the store's transaction.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask RecordAsync(MailboxId id, Func<MailboxState, MailboxState> change, CancellationToken cancellationToken);

    /// <summary>As <see cref="RecordAsync(MailboxId, Func{MailboxState, MailboxState}, CancellationToken)"/>, by a cycle under its lease.</summary>
    /// <exception cref="LeaseLostException">The lease is held no more; nothing was changed.</exception>
    ValueTask RecordAsync(Lease lease, Func<MailboxState, MailboxState> change, CancellationToken cancellationToken);

    /// <summary>As <see cref="RecordAsync(MailboxId, Func{MailboxState, MailboxState}, CancellationToken)"/>, by a test of what it read: false, and nothing is changed, where the mailbox or its profile is another now.</summary>
    ValueTask<bool> RecordAsync(Mailbox tested, EmailServerProfile profile, Func<MailboxState, MailboxState> change, CancellationToken cancellationToken);

    /// <summary>Keeps the last test of a mailbox, in place of the one before; does nothing where the mailbox is gone.</summary>
    ValueTask RecordTestAsync(TestResult result, CancellationToken cancellationToken);

    /// <summary>The last test of a mailbox; null where there was none.</summary>
    ValueTask<TestResult?> FindTestAsync(MailboxId id, CancellationToken cancellationToken);

    /// <summary>The schedule of every mailbox that has anything due, now or later.</summary>
    IAsyncEnumerable<MailboxSchedule> SchedulesAsync(CancellationToken cancellationToken);

    /// <summary>The schedule of one mailbox, or null where nothing is due for it.</summary>
    ValueTask<MailboxSchedule?> ScheduleAsync(MailboxId id, CancellationToken cancellationToken);
}
