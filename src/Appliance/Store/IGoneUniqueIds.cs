using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>
/// Unique-ids that a server lists no longer. They are not loaded at each poll, but they are known: a message that is listed under one again is
/// neither fetched nor stored a second time.
/// </summary>
public interface IGoneUniqueIds
{
    /// <summary>Those among the listed ones that had gone; where none have, nothing is enumerated.</summary>
    ValueTask<IReadOnlyList<UniqueIdHash>> FindAsync(MailboxId mailbox, IEnumerable<UniqueIdHash> listed, CancellationToken cancellationToken);

    /// <summary>
    /// A complete listing was without these known ones. Those that were skipped are forgotten: where one comes again, its date is judged anew.
    /// </summary>
    ValueTask AddAsync(Lease lease, IReadOnlyCollection<UniqueIdHash> absent, CancellationToken cancellationToken);

    /// <summary>These had gone and are listed again: from now on they are loaded as before.</summary>
    ValueTask ReturnAsync(Lease lease, IReadOnlyCollection<UniqueIdHash> listed, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets for good those whose email is stored here no more, and that were gone for so long at the last successful poll. Returns how many.
    /// </summary>
    ValueTask<int> ForgetAsync(TimeSpan goneFor, CancellationToken cancellationToken);
}
