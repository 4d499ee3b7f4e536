using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;
using Microsoft.Extensions.Logging;

namespace EmailSync.Appliance.Processing;

/// <summary>Sends one mailbox's outbox. An email is <c>sending</c> in the store before MAIL, and leaves that state only with a result in hand.</summary>
public sealed partial class SendCycle(
    IStore store, SubmissionPool pool, AlertBook alerts, RetryRules rules, LeaseRules leases, TimeProvider clock, ILogger<SendCycle> logger)
{
    private static readonly TimeSpan StorageRetry = TimeSpan.FromSeconds(5);

    /// <summary>Sends what is due.</summary>
    /// <exception cref="LeaseLostException">Another has the outbox, and has found in doubt what was being sent.</exception>
    public async Task<SendReport> RunAsync(Lease lease, Mailbox mailbox, EmailServerProfile profile, CancellationToken cancellationToken)
    {
        // Of one who had the outbox before and did not come to an end.
        await RecoverAsync(lease, profile, cancellationToken);
        PooledSubmission? submission = null;
        bool mustBeNew = false;
        bool hadSession = false;
        try
        {
            while (await store.Outgoing.ClaimAsync(lease, clock.GetUtcNow(), cancellationToken) is { } email)
            {
                try
                {
                    submission ??= await pool.RentAsync(mailbox, profile, mustBeNew, cancellationToken);
                    hadSession = true;
                }
                catch (Exception exception)
                {
                    await store.Outgoing.ReleaseAsync(lease, email.Id, NextAttempt(email, 0) ?? clock.GetUtcNow() + Backoff.LongestPause, CancellationToken.None);
                    if (exception is OperationCanceledException && cancellationToken.IsCancellationRequested)
                        throw;
                    return new(hadSession, FailureClassifier.Classify(exception));
                }

                mustBeNew = !await DeliverAsync(lease, submission, email, profile, cancellationToken);
                if (mustBeNew || !pool.IsOfUse(submission))
                {
                    await pool.ReturnAsync(submission);
                    submission = null;
                }
            }

            return new(hadSession, Failure: null);
        }
        finally
        {
            if (submission is not null)
                await pool.ReturnAsync(submission);
        }
    }

    /// <summary>What a crash left in doubt is sent again or held, as its profile says. Called once, before anything is sent.</summary>
    public async Task RecoverAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<Email> interrupted = await store.Outgoing.FindInterruptedAsync(mailbox: null, cancellationToken);
        foreach (MailboxId id in interrupted.Select(email => email.Mailbox).Distinct())
        {
            await using LeasedTurn? turn = await LeasedTurn.TakeAsync(store.Leases, id, EmailDirection.Outgoing, leases, clock, logger, cancellationToken);
            // Whoever has the outbox sees to it.
            if (turn is null)
                continue;
            Mailbox? mailbox = await store.Mailboxes.FindAsync(id, cancellationToken);
            EmailServerProfile? profile = mailbox is null ? null : await store.Profiles.FindAsync(mailbox.Profile, cancellationToken);
            await RecoverAsync(turn.Lease, profile, cancellationToken);
        }
    }

    private async Task RecoverAsync(Lease lease, EmailServerProfile? profile, CancellationToken cancellationToken)
    {
        foreach (Email email in await store.Outgoing.FindInterruptedAsync(lease.Mailbox, cancellationToken))
            await RecordDoubtAsync(lease, email, profile, "The appliance stopped while the email was being sent.", clock.GetUtcNow(), cancellationToken);
    }

    /// <summary>One email, in as many transactions as the server's limit of recipients makes of it. False: the session had died before it.</summary>
    private async Task<bool> DeliverAsync(Lease lease, PooledSubmission submission, Email email, EmailServerProfile profile, CancellationToken cancellationToken)
    {
        Recipient[] tried = [.. email.Recipients.Where(recipient => recipient.State == RecipientState.Pending)];
        try
        {
            while (true)
            {
                TransactionResult result = await SendAsync(submission.Session, email, tried, cancellationToken);
                if (submission is { IsUntried: true, Session.IsBroken: true } && !result.IsAccepted)
                    return await GiveBackAsync(lease, email);
                submission.Count();
                DeliveryOutcome outcome = DeliveryVerdict.Of(email, tried, result, NextAttempt(email));
                Recipient[] left = submission.Session.IsBroken ? [] : DeliveryVerdict.LeftOver(tried, result);
                if (left.Length == 0)
                {
                    await RecordAsync(lease, email, outcome, cancellationToken);
                    return true;
                }

                // Those who were accepted are durable before the next transaction; what a crash leaves in doubt are the others.
                await RecordAsync(lease, email, outcome with { State = EmailState.Sending, NextAttemptAt = null }, cancellationToken);
                email = email with { Recipients = outcome.Recipients };
                tried = left;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Cancelled before the final dot: the server dropped what it had (RFC 5321 4.1.1.10). Not a failure, so no attempt is counted.
            await store.Outgoing.ReleaseAsync(lease, email.Id, clock.GetUtcNow(), CancellationToken.None);
            throw;
        }
        catch (ConnectionLostException) when (submission.IsUntried)
        {
            return await GiveBackAsync(lease, email);
        }
        catch (TransactionInDoubtException doubt)
        {
            await RecordDoubtAsync(lease, email, profile, doubt.Message + ".", NextAttempt(email), cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is not (StorageException or LeaseLostException))
        {
            await RecordAsync(lease, email, DeliveryVerdict.Of(email, tried, FailureClassifier.Classify(exception), NextAttempt(email)), cancellationToken);
            return true;
        }
    }

    private async Task<TransactionResult> SendAsync(
        SmtpSession session, Email email, IReadOnlyList<Recipient> recipients, CancellationToken cancellationToken)
    {
        Envelope envelope = new(
            email.ReversePath is { Length: > 0 } sender ? MailPath.Parse(sender) : MailPath.Null,
            [.. recipients.Select(recipient => MailPath.Parse(recipient.Address))])
        {
            Size = email.Size,
            // What a notification quotes, whatever it brings back of the message (RFC 3461 section 4.4).
            Dsn = session.Extensions.HasDsn ? new() { EnvelopeId = email.Id.ToString(), GivesOriginalRecipients = true } : null,
        };
        await using Stream content = await store.Emails.OpenContentAsync(email.Id, cancellationToken);
        return await session.SendAsync(envelope, content, cancellationToken);
    }

    // The server closed the session while it waited for its next email: that is no attempt.
    private async Task<bool> GiveBackAsync(Lease lease, Email email)
    {
        await store.Outgoing.ReleaseAsync(lease, email.Id, clock.GetUtcNow(), CancellationToken.None);
        return false;
    }

    private async Task RecordAsync(Lease lease, Email email, DeliveryOutcome outcome, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                // What the server said is known here and nowhere else, so our own stop does not interrupt the writing.
                await store.Outgoing.RecordAsync(lease, email.Id, outcome, CancellationToken.None);
                break;
            }
            catch (StorageException failure) when (!cancellationToken.IsCancellationRequested)
            {
                LogNotRecorded(email.Id, outcome.State, failure);
                await Task.Delay(StorageRetry, clock, cancellationToken);
            }
        }

        AlertSubject subject = AlertSubject.Of(email.Id);
        if (outcome.State is EmailState.Sent)
            await alerts.ResolveAsync(subject, service: null, cancellationToken);
        if (outcome.Recipients.Any(recipient => recipient.State == RecipientState.Failed) && outcome.State is EmailState.Sent or EmailState.Failed)
            await alerts.RaiseAsync(AlertCatalog.EmailFailed, subject, Words(email, outcome), MailService.Submission, cancellationToken);
        LogTried(email.Id, outcome.State, outcome.LastError ?? "accepted");
    }

    private async Task RecordDoubtAsync(Lease lease, Email email, EmailServerProfile? profile, string what, DateTimeOffset? nextAttempt, CancellationToken cancellationToken)
    {
        bool sendsAgain = nextAttempt is not null && profile?.WhenUncertain == WhenUncertain.Resend;
        DeliveryOutcome outcome = sendsAgain
            ? new(EmailState.PendingSend, email.Recipients, nextAttempt, what + " It will be sent again with the same Message-ID.")
            : new(EmailState.Uncertain, email.Recipients, null, what);
        await RecordAsync(lease, email, outcome, cancellationToken);
        await alerts.RaiseAsync(AlertCatalog.For(ErrorClass.Uncertain), AlertSubject.Of(email.Id), Words(email, outcome), MailService.Submission, cancellationToken);
    }

    private static string Words(Email email, DeliveryOutcome outcome) =>
        $"{email.Id} from <{email.ReversePath}> to {string.Join(", ", outcome.Recipients.Take(5).Select(recipient => recipient.Address))}: {outcome.LastError}";

    private DateTimeOffset? NextAttempt(Email email, int made = 1)
    {
        DateTimeOffset now = clock.GetUtcNow();
        return Backoff.ForDelivery(now - email.StoredAt, email.Attempts + made, rules) is { } pause ? now + Backoff.Spread(pause, Random.Shared.NextDouble()) : null;
    }

    [LoggerMessage(EventId = 300, Level = LogLevel.Information, Message = "{Email} is {State} after an attempt: {LastError}")]
    private partial void LogTried(EmailId email, EmailState state, string lastError);

    [LoggerMessage(EventId = 301, Level = LogLevel.Error, Message = "{Email} is {State}, and that could not be written down; it is tried again")]
    private partial void LogNotRecorded(EmailId email, EmailState state, StorageException failure);
}
