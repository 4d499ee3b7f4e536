using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>
/// What was received. A message, its unique-id and its place in the feed become durable together, or not at all. What a cycle stores it stores
/// under its lease: <see cref="LeaseLostException"/> where that is held no more, and then nothing is changed.
/// </summary>
public interface IIncomingEmails
{
    /// <summary>The unique-ids that this mailbox has had and that have not gone (<see cref="IGoneUniqueIds"/>), as hashes.</summary>
    ValueTask<KnownUniqueIds> KnownUniqueIdsAsync(MailboxId mailbox, CancellationToken cancellationToken);

    /// <summary>
    /// The unique-ids whose messages were stored here in whole by a moment: the only ones that may be deleted on the server, also where retention
    /// has deleted them here since. Where <paramref name="onlyAcknowledged"/> is set, of those the ones that a consumer has acknowledged.
    /// </summary>
    ValueTask<KnownUniqueIds> StoredUniqueIdsAsync(
        MailboxId mailbox, DateTimeOffset storedUntil, bool onlyAcknowledged, CancellationToken cancellationToken);

    /// <summary>
    /// Says that a cycle came to its end: so many messages with a known unique-id are left on the server. It holds until something is received;
    /// does nothing where the mailbox is gone. Where known ones vanished, until when they may come back under other unique-ids; null leaves
    /// that as it is.
    /// </summary>
    ValueTask NoteLeftOnServerAsync(Lease lease, int messages, DateTimeOffset? inDoubtUntil, CancellationToken cancellationToken);

    /// <summary>Begins a message. It exists once <see cref="IncomingDraft.CommitAsync"/> has returned; disposed before, it never was.</summary>
    /// <param name="lease">Whose, and by what right; looked at when the message is committed.</param>
    /// <param name="uniqueId">The server's unique-id as octets, or a <see cref="Fingerprint"/>, which is not shown; empty where there is neither.</param>
    IncomingDraft Begin(Lease lease, ReadOnlySpan<byte> uniqueId);

    /// <summary>
    /// Ties a further unique-id to the email of the mailbox that has these octets, as after a server gave new unique-ids to old messages:
    /// it is then known, and stored. Returns that email's id, or null where there is none and nothing was done.
    /// </summary>
    ValueTask<EmailId?> TieUniqueIdAsync(
        Lease lease, UniqueIdHash uniqueId, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken);

    /// <summary>Makes unique-ids known that have no email here, so that their messages are not fetched.</summary>
    /// <exception cref="NotStoredException">There is no such mailbox.</exception>
    ValueTask AddKnownUniqueIdsAsync(MailboxId mailbox, IReadOnlyCollection<UniqueIdHash> uniqueIds, CancellationToken cancellationToken);

    /// <summary>
    /// Makes unique-ids known whose messages were received before the moment from which mail is processed, so that they are not fetched
    /// until <see cref="ForgetSkippedAsync"/>.
    /// </summary>
    /// <exception cref="NotStoredException">There is no such mailbox.</exception>
    ValueTask SkipUniqueIdsAsync(Lease lease, IReadOnlyCollection<UniqueIdHash> uniqueIds, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets the unique-ids that were skipped, those of messages of which only the headers are stored, and the mailbox's suspects, so that the
    /// next cycle judges them anew. Returns how many.
    /// </summary>
    ValueTask<int> ForgetSkippedAsync(MailboxId mailbox, CancellationToken cancellationToken);
}

/// <summary>A message on its way into the store. Its content never stands in memory as a whole.</summary>
public abstract class IncomingDraft : IAsyncDisposable
{
    /// <summary>Octets written so far.</summary>
    public abstract long Length { get; }

    /// <summary>The SHA-256 of the octets written so far.</summary>
    public abstract ReadOnlyMemory<byte> Sha256 { get; }

    /// <summary>Appends octets, which may be reused once this has returned.</summary>
    /// <exception cref="StorageException">The disk failed; the draft can only be disposed.</exception>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken);

    /// <summary>Makes the message durable together with its unique-id. Many mailboxes' commits share one flush of the disk.</summary>
    /// <param name="state"><see cref="EmailState.Received"/>, or <see cref="EmailState.HeadersOnly"/> for a message too large to fetch.</param>
    /// <param name="cancellationToken">Gives up waiting; the message may then become durable or not.</param>
    /// <returns>The stored email's id: where the mailbox has an email with this unique-id, that email's, and nothing is stored twice.</returns>
    /// <exception cref="StorageException">The disk failed; nothing was stored.</exception>
    /// <exception cref="NotStoredException">There is no such mailbox, or no longer.</exception>
    /// <exception cref="LeaseLostException">The lease is held no more; nothing was stored.</exception>
    public abstract ValueTask<EmailId> CommitAsync(EmailState state, CancellationToken cancellationToken);

    /// <summary>
    /// As <see cref="CommitAsync"/> a message in whole, except where the mailbox has had these octets: then nothing is stored, and the unique-id
    /// is tied to that email. For servers whose unique-ids tell nothing, and after they were reset.
    /// </summary>
    public abstract ValueTask<Recognition> CommitOrRecogniseAsync(CancellationToken cancellationToken);

    /// <summary>Drops what was not committed.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>What became of a message that may have been here already.</summary>
/// <param name="Email">The stored email.</param>
/// <param name="IsNew">It was not here before.</param>
public readonly record struct Recognition(EmailId Email, bool IsNew);
