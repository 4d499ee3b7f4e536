using System.Buffers;
using System.Security.Cryptography;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The outbox: the outgoing states of the table of emails.</summary>
internal sealed class OutgoingTable(Database database, Spool spool, StoreOptions options, TimeProvider clock) : IOutgoingEmails
{
    private const int CopyBuffer = 64 * 1024;

    private const string Claim = """
        UPDATE email SET state = 3, claimed_by = $claimed_by, next_attempt_at = NULL
        WHERE id = (SELECT id FROM email WHERE mailbox = $mailbox AND state = 2 AND next_attempt_at <= $now ORDER BY next_attempt_at, id LIMIT 1)
        """ + EmailTable.Returning;

    private readonly ContentCommit _commit = new(database, spool);

    // Tells what this process claimed from what an earlier one left behind.
    private readonly long _process = RandomNumberGenerator.GetInt32(1, int.MaxValue);

    public async ValueTask<EmailId> EnqueueAsync(Submission submission, Stream content, CancellationToken cancellationToken)
    {
        using ContentDraft draft = new(spool, options.InlineContentThreshold);
        SealedContent whole = await ReadAsync(draft, content, cancellationToken);
        DateTimeOffset now = clock.GetUtcNow();
        NewEmail email = new(submission.Mailbox, EmailState.PendingSend, now, whole)
        {
            ReversePath = submission.ReversePath,
            Recipients = RecipientsColumn.Write(submission.ForwardPaths.Select(path => new Recipient(path))),
            IdempotencyKey = submission.IdempotencyKey,
            NextAttemptAt = submission.SendAt ?? now,
        };
        return await _commit.RunAsync(whole, connection => FindSame(connection, submission, whole) ?? Add(connection, email), cancellationToken);
    }

    public ValueTask<Email?> ClaimAsync(MailboxId mailbox, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection => connection.Prepare(Claim)
                .With("$claimed_by", _process).With("$mailbox", mailbox.Value).With("$now", now).First(EmailTable.Read),
            cancellationToken);

    public async ValueTask RecordAsync(EmailId email, DeliveryOutcome outcome, CancellationToken cancellationToken) =>
        await database.WriteAsync(connection =>
        {
            Email sending = FindSending(connection, email);
            connection.Prepare("""
                UPDATE email SET state = $state, recipients = $recipients, attempts = attempts + 1, next_attempt_at = $next_attempt_at, last_error = $last_error
                WHERE id = $id
                """)
                .With("$id", email.Value)
                .With("$state", (int)outcome.State)
                .With("$recipients", RecipientsColumn.Write(outcome.Recipients))
                .With("$next_attempt_at", outcome.NextAttemptAt)
                .With("$last_error", outcome.LastError)
                .Execute();
            if (outcome.State == EmailState.Sent)
                connection.Prepare("UPDATE mailbox_state SET messages_sent = messages_sent + 1 WHERE mailbox = $mailbox").With("$mailbox", sending.Mailbox.Value).Execute();
            return sending.Id;
        }, cancellationToken);

    public async ValueTask ReleaseAsync(EmailId email, DateTimeOffset nextAttemptAt, CancellationToken cancellationToken) =>
        await database.WriteAsync(connection =>
        {
            FindSending(connection, email);
            return connection.Prepare("UPDATE email SET state = 2, next_attempt_at = $next_attempt_at WHERE id = $id")
                .With("$id", email.Value).With("$next_attempt_at", nextAttemptAt).Execute();
        }, cancellationToken);

    public async ValueTask<IReadOnlyList<Email>> FindInterruptedAsync(CancellationToken cancellationToken) =>
        await database.ReadAsync(
            connection => connection.Prepare(EmailTable.Select + " WHERE state = 3 AND claimed_by <> $process ORDER BY id").With("$process", _process).All(EmailTable.Read),
            cancellationToken);

    public ValueTask<bool> CancelAsync(EmailId email, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection => connection.Prepare("UPDATE email SET state = 7, next_attempt_at = NULL WHERE id = $id AND state IN (2, 6, 7)")
                .With("$id", email.Value).Execute() > 0,
            cancellationToken);

    public ValueTask<bool> RetryAsync(EmailId email, CancellationToken cancellationToken) =>
        database.WriteAsync(connection =>
        {
            Email? found = connection.Prepare(EmailTable.Find).With("$id", email.Value).First(EmailTable.Read);
            if (found?.State is not (EmailState.PendingSend or EmailState.Failed or EmailState.Uncertain))
                return false;
            // Who was refused for good is asked once more: that is what a person who retries wants.
            IEnumerable<Recipient> recipients = found.Recipients.Select(
                recipient => recipient.State == RecipientState.Failed ? recipient with { State = RecipientState.Pending } : recipient);
            return connection.Prepare("UPDATE email SET state = 2, recipients = $recipients, next_attempt_at = $now WHERE id = $id")
                .With("$id", email.Value).With("$recipients", RecipientsColumn.Write(recipients)).With("$now", clock.GetUtcNow()).Execute() > 0;
        }, cancellationToken);

    /// <summary>Calls back what a mailbox that is being deleted still has to send: it would wait for ever.</summary>
    public static void CancelAll(Connection connection, MailboxId mailbox) => connection
        .Prepare("UPDATE email SET state = 7, next_attempt_at = NULL, last_error = 'The mailbox was deleted.' WHERE mailbox = $mailbox AND state = 2")
        .With("$mailbox", mailbox.Value)
        .Execute();

    private static EmailId Add(Connection connection, NewEmail email)
    {
        MailboxTable.Require(connection, email.Mailbox);
        return EmailTable.Add(connection, email);
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
        return isSame ? known.Id : throw new IdempotencyConflictException(key);
    }

    private static Email FindSending(Connection connection, EmailId id)
    {
        Email email = connection.Prepare(EmailTable.Find).With("$id", id.Value).First(EmailTable.Read) ?? throw new NotStoredException($"email {id}");
        return email.State == EmailState.Sending ? email : throw new InvalidOperationException($"Email {id} is not being sent: its state is {email.State}.");
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
