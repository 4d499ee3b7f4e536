using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>A message of which only the headers are stored, and that somebody wants in whole.</summary>
/// <param name="Email">The email that has its headers.</param>
/// <param name="UniqueIds">By what it is known: more than one where the server gave it others.</param>
/// <param name="ShownUniqueId">The server's unique-id for people.</param>
/// <param name="Attempts">How often it was asked for.</param>
/// <param name="FetchedAs">The email that is the whole of it, where it is stored already.</param>
public sealed record WantedMessage(EmailId Email, IReadOnlyList<UniqueIdHash> UniqueIds, string? ShownUniqueId, int Attempts, EmailId? FetchedAs);

/// <summary>Messages that are too large for their mailbox, and that somebody wants in whole all the same.</summary>
public interface IWantedMessages
{
    /// <summary>Somebody wants the whole of an email; it is asked for anew where it could not be had before.</summary>
    /// <returns>False where not only its headers are stored, or its mailbox is gone.</returns>
    ValueTask<bool> AddAsync(EmailId email, CancellationToken cancellationToken);

    /// <summary>What is wanted of a mailbox.</summary>
    ValueTask<IReadOnlyList<WantedMessage>> ListAsync(MailboxId mailbox, CancellationToken cancellationToken);

    /// <summary>
    /// Begins the whole message, which becomes an email of its own, and the one that its unique-id stands for from then on. What was stored of
    /// it before names it as <see cref="Email.FetchedAs"/>.
    /// </summary>
    IncomingDraft Begin(Lease lease, WantedMessage wanted, UniqueIdHash uniqueId);

    /// <summary>Counts an attempt, before it is made.</summary>
    /// <exception cref="LeaseLostException">The lease is held no more; nothing was changed.</exception>
    ValueTask CountAttemptAsync(Lease lease, EmailId email, CancellationToken cancellationToken);

    /// <summary>It is wanted no more: it was fetched, or cannot be.</summary>
    /// <param name="lease">By what right.</param>
    /// <param name="email">The email that has its headers.</param>
    /// <param name="why">Why it cannot be had, for people; null where it was fetched.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LeaseLostException">The lease is held no more; nothing was changed.</exception>
    ValueTask EndAsync(Lease lease, EmailId email, string? why, CancellationToken cancellationToken);
}
