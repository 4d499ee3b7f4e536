using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>A message in whose retrieval a session, or the whole process, ended.</summary>
/// <param name="Message">By what it is known.</param>
/// <param name="Attempts">How often that happened.</param>
/// <param name="RetryAt">When it may be asked for again.</param>
public sealed record Suspect(UniqueIdHash Message, int Attempts, DateTimeOffset RetryAt);

/// <summary>Messages that may be the reason why a maildrop cannot be emptied.</summary>
public interface ISuspects
{
    /// <summary>The run before this one did not close the store: it was killed, or ran out of memory.</summary>
    bool FollowACrash();

    /// <summary>A mailbox's suspects.</summary>
    ValueTask<IReadOnlyList<Suspect>> ListAsync(MailboxId mailbox, CancellationToken cancellationToken);

    /// <summary>Counts an attempt, before it is made.</summary>
    /// <param name="mailbox">Whose.</param>
    /// <param name="message">At which message.</param>
    /// <param name="retryAt">When the next may be made, where nobody lives to see how this one ends.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NotStoredException">There is no such mailbox.</exception>
    ValueTask CountAttemptAsync(MailboxId mailbox, UniqueIdHash message, DateTimeOffset retryAt, CancellationToken cancellationToken);

    /// <summary>An attempt failed, and is counted where it was not before; does nothing where the mailbox is gone.</summary>
    ValueTask NoteFailureAsync(MailboxId mailbox, UniqueIdHash message, DateTimeOffset retryAt, CancellationToken cancellationToken);

    /// <summary>They are suspects no more.</summary>
    ValueTask ForgetAsync(MailboxId mailbox, IReadOnlyCollection<UniqueIdHash> messages, CancellationToken cancellationToken);
}
