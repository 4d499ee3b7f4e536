using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>Which emails a listing shows; a null shows all.</summary>
public sealed record EmailFilter
{
    /// <summary>Of this mailbox only.</summary>
    public MailboxId? Mailbox { get; init; }

    /// <summary>This way only.</summary>
    public EmailDirection? Direction { get; init; }

    /// <summary>In this state only.</summary>
    public EmailState? State { get; init; }

    /// <summary>Incoming ones only that no consumer has acknowledged.</summary>
    public bool IsUnacknowledged { get; init; }

    /// <summary>Of this conversation only.</summary>
    public EmailId? Conversation { get; init; }
}

/// <summary>Both directions, for reading. The order of ids is the order in which emails became durable, so a cursor never skips one.</summary>
public interface IEmails
{
    /// <summary>The email, or null.</summary>
    ValueTask<Email?> FindAsync(EmailId id, CancellationToken cancellationToken);

    /// <summary>A page in the order of ids, after <paramref name="after"/>.</summary>
    ValueTask<IReadOnlyList<Email>> ListAsync(EmailFilter filter, EmailId? after, int limit, CancellationToken cancellationToken);

    /// <summary>How many emails there are.</summary>
    ValueTask<long> CountAsync(EmailFilter filter, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes emails that were stored before a moment, with their content: received ones, and those whose sending has ended. One that is
    /// recognised by its content alone stays, since it would be received anew; so does one that its mailbox keeps until it is acknowledged.
    /// Returns how many.
    /// </summary>
    ValueTask<int> DeleteOldAsync(DateTimeOffset storedBefore, CancellationToken cancellationToken);

    /// <summary>A consumer has these incoming emails; the first time counts. Returns the ids that are those of incoming emails.</summary>
    ValueTask<IReadOnlyList<EmailId>> AcknowledgeAsync(IReadOnlyCollection<EmailId> emails, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>The raw message. The caller disposes it.</summary>
    /// <exception cref="NotStoredException">There is no such email.</exception>
    ValueTask<Stream> OpenContentAsync(EmailId id, CancellationToken cancellationToken);
}
