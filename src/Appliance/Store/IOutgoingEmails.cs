using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>An email to be sent, as it was submitted.</summary>
/// <param name="Mailbox">Whose outbox.</param>
/// <param name="ReversePath">Where bounces go; empty is the null reverse-path.</param>
/// <param name="ForwardPaths">At least one.</param>
public sealed record Submission(MailboxId Mailbox, string ReversePath, IReadOnlyList<string> ForwardPaths)
{
    /// <summary>The submitter's key: the same key with the same content is the same email.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Not before this moment; null means now.</summary>
    public DateTimeOffset? SendAt { get; init; }

    /// <summary>Whether it goes before others of the mailbox.</summary>
    public EmailPriority Priority { get; init; } = EmailPriority.Normal;

    /// <summary>The number of the token that its subject was given: from now on it leads to this email's conversation.</summary>
    public int? TrackingNumber { get; init; }
}

/// <summary>What an attempt at delivery came to.</summary>
/// <param name="State">Where the email stands now.</param>
/// <param name="Recipients">Where each recipient stands now.</param>
/// <param name="NextAttemptAt">When it is tried again, with <see cref="EmailState.PendingSend"/>.</param>
/// <param name="LastError">What went wrong, in words.</param>
public sealed record DeliveryOutcome(EmailState State, IReadOnlyList<Recipient> Recipients, DateTimeOffset? NextAttemptAt, string? LastError);

/// <summary>
/// The outbox. A cycle that sends works under its lease: <see cref="LeaseLostException"/> where that is held no more, and then nothing is changed.
/// </summary>
public interface IOutgoingEmails
{
    /// <summary>Makes an email durable, to be sent. Returns the id of the email that the idempotency key already stands for, where there is one.</summary>
    /// <param name="submission">Whose, from where, to whom.</param>
    /// <param name="content">The raw message, exactly as it will be sent; read to its end.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IdempotencyConflictException">The key was used with another content.</exception>
    /// <exception cref="NotStoredException">There is no such mailbox.</exception>
    ValueTask<EmailId> EnqueueAsync(Submission submission, Stream content, CancellationToken cancellationToken);

    /// <summary>
    /// The number for the next <see cref="TrackingToken"/>, from 1 to <see cref="TrackingToken.LargestNumber"/> and then from 1 again; one that is
    /// taken and not used is left out.
    /// </summary>
    ValueTask<int> TakeTrackingNumberAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes the mailbox's next due email for sending, those of higher priority first: it is <see cref="EmailState.Sending"/> before this returns, and stays so until
    /// <see cref="RecordAsync"/>. Null where none is due. Cancelled, it claims nothing or returns what it claimed.
    /// </summary>
    ValueTask<Email?> ClaimAsync(Lease lease, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Writes down what an attempt came to, and counts it. The same once more, after a failure of the disk, is the same attempt.</summary>
    ValueTask RecordAsync(Lease lease, EmailId email, DeliveryOutcome outcome, CancellationToken cancellationToken);

    /// <summary>Gives back an email that was claimed and not tried: no attempt is counted.</summary>
    ValueTask ReleaseAsync(Lease lease, EmailId email, DateTimeOffset nextAttemptAt, CancellationToken cancellationToken);

    /// <summary>
    /// The emails in <see cref="EmailState.Sending"/> whose claim was made under a lease that is held no more, as after a crash: their outcome is
    /// in doubt.
    /// </summary>
    /// <param name="mailbox">In the outbox of this mailbox; null looks into all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<IReadOnlyList<Email>> FindInterruptedAsync(MailboxId? mailbox, CancellationToken cancellationToken);

    /// <summary>Calls back an email that is not being sent. False where it is too late.</summary>
    ValueTask<bool> CancelAsync(EmailId email, CancellationToken cancellationToken);

    /// <summary>Makes a failed, bounced, uncertain or waiting email due at once. False where it is being sent, was sent or was canceled.</summary>
    ValueTask<bool> RetryAsync(EmailId email, CancellationToken cancellationToken);
}
