using System.Buffers;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The outbox: the outgoing states of the table of emails.</summary>
internal sealed class OutgoingTable(Database database, LeaseBook leases, Spool spool, StoreOptions options, TimeProvider clock) : IOutgoingEmails
{
    private const int CopyBuffer = 64 * 1024;

    // The states are literals, because an index on some states serves only statements that name them.
    private const int Pending = (int)EmailState.PendingSend;
    private const int Sending = (int)EmailState.Sending;
    private const int Uncertain = (int)EmailState.Uncertain;
    private const int Canceled = (int)EmailState.Canceled;

    private static readonly string Claim = $"""
        UPDATE email SET state = {Sending}, claimed_by = $claimed_by, next_attempt_at = NULL
        WHERE id = coalesce({FirstOf(EmailPriority.High)}, {FirstOf(EmailPriority.Normal)}, {FirstOf(EmailPriority.Low)})
        """ + EmailTable.Returning;

    private static readonly string Claimed = $"SELECT id, mailbox, claimed_by FROM email WHERE state = {Sending} ORDER BY id";

    private static readonly string ClaimedOfMailbox = $"SELECT id, mailbox, claimed_by FROM email WHERE mailbox = $mailbox AND state = {Sending} ORDER BY id";

    private static readonly string Cancel =
        $"UPDATE email SET state = {Canceled}, next_attempt_at = NULL WHERE id = $id AND state IN ({Pending}, {Uncertain}, {Canceled})";

    private static readonly string CancelOfDeleted = $"""
        UPDATE email INDEXED BY email_due SET state = {Canceled}, next_attempt_at = NULL, last_error = 'The mailbox was deleted.'
        WHERE mailbox = $mailbox AND state = {Pending}
        """;

    private readonly ContentCommit _commit = new(database, spool);

    public async ValueTask<EmailId> EnqueueAsync(Submission submission, Stream content, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(submission.ForwardPaths.Count);
        using ContentDraft draft = new(spool, options.InlineContentThreshold);
        SealedContent whole = await ReadAsync(draft, content, cancellationToken);
        DateTimeOffset now = clock.GetUtcNow();
        NewEmail email = new(submission.Mailbox, EmailState.PendingSend, now, whole)
        {
            ReversePath = submission.ReversePath,
            Recipients = RecipientsColumn.Write(submission.ForwardPaths.Select(path => new Recipient(path))),
            IdempotencyKey = submission.IdempotencyKey,
            NextAttemptAt = submission.SendAt ?? now,
            Priority = submission.Priority,
            TrackingNumber = submission.TrackingNumber,
        };
        return await _commit.RunAsync(
            whole, connection => FindSame(connection, submission, whole) ?? Add(connection, email), cancellationToken);
    }

    public ValueTask<int> TakeTrackingNumberAsync(CancellationToken cancellationToken) =>
        database.WriteAsync(ConversationTable.TakeTrackingNumber, cancellationToken);

    public ValueTask<Email?> ClaimAsync(Lease lease, DateTimeOffset now, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // A claim that is made and that nobody hears of would look like one that a crash left behind.
        return database.WriteAsync(connection =>
        {
            leases.Require(lease, EmailDirection.Outgoing);
            return connection.Prepare(Claim)
                .With("$claimed_by", lease.Token).With("$mailbox", lease.Mailbox.Value).With("$now", now).First(EmailTable.Read);
        }, CancellationToken.None);
    }

    public async ValueTask RecordAsync(Lease lease, EmailId email, DeliveryOutcome outcome, CancellationToken cancellationToken) =>
        await database.WriteAsync(connection =>
        {
            leases.Require(lease, EmailDirection.Outgoing);
            if (IsRecorded(connection, email, outcome))
                return email;
            Email sending = FindSending(connection, lease.Mailbox, email);
            Change(connection, sending, outcome with { Recipients = StillBounced(sending, outcome) }, attempts: 1);
            if (outcome.State == EmailState.Sent)
                MailboxTable.CountSent(connection, sending.Mailbox);
            return sending.Id;
        }, cancellationToken);

    public async ValueTask ReleaseAsync(Lease lease, EmailId email, DateTimeOffset nextAttemptAt, CancellationToken cancellationToken) =>
        await database.WriteAsync(connection =>
        {
            leases.Require(lease, EmailDirection.Outgoing);
            Email sending = FindSending(connection, lease.Mailbox, email);
            Change(connection, sending, new(EmailState.PendingSend, sending.Recipients, nextAttemptAt, sending.LastError), attempts: 0);
            return sending.Id;
        }, cancellationToken);

    public async ValueTask<IReadOnlyList<Email>> FindInterruptedAsync(MailboxId? mailbox, CancellationToken cancellationToken) =>
        await database.ReadAsync(connection =>
        {
            Statement claimed = mailbox is { } one ? connection.Prepare(ClaimedOfMailbox).With("$mailbox", one.Value) : connection.Prepare(Claimed);
            return claimed.All(row => (Email: row.Long(), Mailbox: new MailboxId(row.Long()), Token: row.OptionalLong() ?? 0))
                .Where(claim => !leases.IsHeldNow(claim.Mailbox, EmailDirection.Outgoing, claim.Token))
                .Select(claim => connection.Prepare(EmailTable.Find).With("$id", claim.Email).First(EmailTable.Read)!)
                .ToList();
        }, cancellationToken);

    public ValueTask<bool> CancelAsync(EmailId email, CancellationToken cancellationToken) =>
        database.WriteAsync(connection => connection.Prepare(Cancel).With("$id", email.Value).Execute() > 0, cancellationToken);

    public ValueTask<bool> RetryAsync(EmailId email, CancellationToken cancellationToken) =>
        database.WriteAsync(connection =>
        {
            Email? found = connection.Prepare(EmailTable.Find).With("$id", email.Value).First(EmailTable.Read);
            if (found?.State is not (EmailState.PendingSend or EmailState.Failed or EmailState.Uncertain or EmailState.Bounced)
                || !MailboxTable.Exists(connection, found.Mailbox))
                return false;
            // Who was refused for good is asked once more: that is what a person who retries wants.
            Recipient[] recipients = [.. found.Recipients.Select(
                recipient => recipient.State is RecipientState.Failed or RecipientState.Bounced ? recipient with { State = RecipientState.Pending } : recipient)];
            Change(connection, found, new(EmailState.PendingSend, recipients, clock.GetUtcNow(), found.LastError), attempts: 0);
            return true;
        }, cancellationToken);

    /// <summary>Calls back what a mailbox that is being deleted still has to send: it would wait for ever.</summary>
    public static void CancelAll(Connection connection, MailboxId mailbox) =>
        connection.Prepare(CancelOfDeleted).With("$mailbox", mailbox.Value).Execute();

    // One seek for each priority, and the later ones only where the earlier found nothing: emails that wait for their moment cost nothing.
    private static string FirstOf(EmailPriority priority) => $"""
        (SELECT id FROM email INDEXED BY email_due_by_priority
         WHERE mailbox = $mailbox AND state = {Pending} AND priority = {(int)priority} AND next_attempt_at <= $now
         ORDER BY next_attempt_at, id LIMIT 1)
        """;

    // A notification may have come while the email was on its way to others, and whoever sends it does not know.
    private static Recipient[] StillBounced(Email stored, DeliveryOutcome outcome) => [.. outcome.Recipients.Select(
        recipient => stored.Recipients.FirstOrDefault(one => one.State == RecipientState.Bounced && one.Address == recipient.Address) ?? recipient)];

    private static EmailId Add(Connection connection, NewEmail email)
    {
        MailboxTable.Require(connection, email.Mailbox);
        return EmailTable.Add(connection, email);
    }

    private static void Change(Connection connection, Email email, DeliveryOutcome outcome, int attempts)
    {
        if (outcome.State == EmailState.PendingSend && outcome.NextAttemptAt is null)
            throw new ArgumentException("An email that is to be tried again needs a moment for it.", nameof(outcome));
        // The mailbox may have been deleted while its email was being sent.
        bool isCanceled = outcome.State == EmailState.PendingSend && !MailboxTable.Exists(connection, email.Mailbox);
        connection.Prepare("""
            UPDATE email SET
                state = $state, recipients = $recipients, attempts = attempts + $attempts,
                next_attempt_at = $next_attempt_at, last_error = $last_error
            WHERE id = $id
            """)
            .With("$id", email.Id.Value)
            .With("$state", isCanceled ? Canceled : (int)outcome.State)
            .With("$recipients", RecipientsColumn.Write(outcome.Recipients))
            .With("$attempts", attempts)
            .With("$next_attempt_at", outcome.State == EmailState.PendingSend && !isCanceled ? outcome.NextAttemptAt : null)
            .With("$last_error", outcome.LastError)
            .Execute();
    }

    /// <summary>The email that the idempotency key stands for already.</summary>
    private static EmailId? FindSame(Connection connection, Submission submission, SealedContent content)
    {
        if (submission.IdempotencyKey is not { } key)
            return null;
        Email? known = connection.Prepare(EmailTable.Select + " WHERE mailbox = $mailbox AND idempotency_key = $key")
            .With("$mailbox", submission.Mailbox.Value).With("$key", key).First(EmailTable.Read);
        if (known is null)
            return null;
        bool isSame = known.Sha256 == Convert.ToHexStringLower(content.Sha256)
            && known.ReversePath == submission.ReversePath
            && known.Recipients.Select(recipient => recipient.Address).SequenceEqual(submission.ForwardPaths, StringComparer.Ordinal);
        return isSame ? known.Id : throw new IdempotencyConflictException(key, known.Id);
    }

    // Whoever heard that the disk failed says it again, and then it may have been written after all.
    private static bool IsRecorded(Connection connection, EmailId id, DeliveryOutcome outcome) =>
        connection.Prepare(EmailTable.Find).With("$id", id.Value).First(EmailTable.Read) is { } email
        && email.State == outcome.State && email.State != EmailState.Sending
        && email.LastError == outcome.LastError && email.Recipients.SequenceEqual(outcome.Recipients);

    private static Email FindSending(Connection connection, MailboxId mailbox, EmailId id)
    {
        Email email = connection.Prepare(EmailTable.Find).With("$id", id.Value).First(EmailTable.Read)
            ?? throw new NotStoredException($"email {id}");
        if (email.Mailbox != mailbox)
            throw new ArgumentException($"Email {id} is of {email.Mailbox}, and the lease of {mailbox}.", nameof(mailbox));
        return email.State == EmailState.Sending
            ? email
            : throw new InvalidOperationException($"Email {id} is not being sent: its state is {email.State}.");
    }

    private static async ValueTask<SealedContent> ReadAsync(ContentDraft draft, Stream content, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBuffer);
        try
        {
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken)) > 0)
                await draft.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            return await draft.SealAsync(cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
