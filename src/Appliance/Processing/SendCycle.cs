using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Smtp;
using Microsoft.Extensions.Logging;

namespace EmailSync.Appliance.Processing;

/// <summary>Sends one mailbox's outbox. An email is <c>sending</c> in the store before MAIL, and leaves that state only with a result in hand.</summary>
public sealed partial class SendCycle(
    IStore store, MailSessions sessions, AlertBook alerts, RetryRules rules, TimeProvider clock, ILogger<SendCycle> logger)
{
    private static readonly TimeSpan StorageRetry = TimeSpan.FromSeconds(5);

    /// <summary>Sends what is due. Returns why no session could be had; null where one could, or nothing was due.</summary>
    public async Task<Failure?> RunAsync(Mailbox mailbox, EmailServerProfile profile, CancellationToken cancellationToken)
    {
        SmtpSession? session = null;
        try
        {
            while (await store.Outgoing.ClaimAsync(mailbox.Id, clock.GetUtcNow(), cancellationToken) is { } email)
            {
                try
                {
                    session ??= await sessions.OpenSubmissionAsync(mailbox, profile, steps: null, cancellationToken);
                }
                catch (Exception exception)
                {
                    await store.Outgoing.ReleaseAsync(email.Id, NextAttempt(email, 0) ?? clock.GetUtcNow() + Backoff.LongestPause, CancellationToken.None);
                    if (exception is OperationCanceledException && cancellationToken.IsCancellationRequested)
                        throw;
                    return FailureClassifier.Classify(exception);
                }

                await DeliverAsync(session, email, profile, cancellationToken);
                if (session.IsBroken || session.IsSpent)
                {
                    await session.DisposeAsync();
                    session = null;
                }
            }

            if (session is not null)
                await session.QuitAsync(cancellationToken);
            return null;
        }
        finally
        {
            if (session is not null)
                await session.DisposeAsync();
        }
    }

    /// <summary>What a crash left in doubt is sent again or held, as its profile says. Called once, before anything is sent.</summary>
    public async Task RecoverAsync(CancellationToken cancellationToken)
    {
        foreach (Email email in await store.Outgoing.FindInterruptedAsync(cancellationToken))
        {
            Mailbox? mailbox = await store.Mailboxes.FindAsync(email.Mailbox, cancellationToken);
            EmailServerProfile? profile = mailbox is null ? null : await store.Profiles.FindAsync(mailbox.Profile, cancellationToken);
            await RecordDoubtAsync(email, profile, "The appliance stopped while the email was being sent.", clock.GetUtcNow(), cancellationToken);
        }
    }

    private async Task DeliverAsync(SmtpSession session, Email email, EmailServerProfile profile, CancellationToken cancellationToken)
    {
        Recipient[] pending = [.. email.Recipients.Where(recipient => recipient.State == RecipientState.Pending)];
        try
        {
            Envelope envelope = new(
                email.ReversePath is { Length: > 0 } sender ? MailPath.Parse(sender) : MailPath.Null,
                [.. pending.Select(recipient => MailPath.Parse(recipient.Address))]) { Size = email.Size };
            await using Stream content = await store.Emails.OpenContentAsync(email.Id, cancellationToken);
            TransactionResult result = await session.SendAsync(envelope, content, cancellationToken);
            await RecordAsync(email, DeliveryVerdict.Of(email, pending, result, NextAttempt(email)), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Cancelled before the final dot: the server dropped what it had (RFC 5321 4.1.1.10). Not a failure, so no attempt is counted.
            await store.Outgoing.ReleaseAsync(email.Id, clock.GetUtcNow(), CancellationToken.None);
            throw;
        }
        catch (TransactionInDoubtException doubt)
        {
            await RecordDoubtAsync(email, profile, doubt.Message + ".", NextAttempt(email), cancellationToken);
        }
        catch (Exception exception) when (exception is not StorageException)
        {
            await RecordAsync(email, DeliveryVerdict.Of(email, pending, FailureClassifier.Classify(exception), NextAttempt(email)), cancellationToken);
        }
    }

    private async Task RecordAsync(Email email, DeliveryOutcome outcome, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                // What the server said is known here and nowhere else, so our own stop does not interrupt the writing.
                await store.Outgoing.RecordAsync(email.Id, outcome, CancellationToken.None);
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
        LogTried(email.Id, outcome.State, outcome.LastError);
    }

    private async Task RecordDoubtAsync(Email email, EmailServerProfile? profile, string what, DateTimeOffset? nextAttempt, CancellationToken cancellationToken)
    {
        bool sendsAgain = nextAttempt is not null && profile?.WhenUncertain == WhenUncertain.Resend;
        DeliveryOutcome outcome = sendsAgain
            ? new(EmailState.PendingSend, email.Recipients, nextAttempt, what + " It will be sent again with the same Message-ID.")
            : new(EmailState.Uncertain, email.Recipients, null, what);
        await RecordAsync(email, outcome, cancellationToken);
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
    private partial void LogTried(EmailId email, EmailState state, string? lastError);

    [LoggerMessage(EventId = 301, Level = LogLevel.Error, Message = "{Email} is {State}, and that could not be written down; it is tried again")]
    private partial void LogNotRecorded(EmailId email, EmailState state, StorageException failure);
}
