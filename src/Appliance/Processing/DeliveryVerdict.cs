using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Smtp;

namespace EmailSync.Appliance.Processing;

/// <summary>What an attempt means for each recipient, and for the email as a whole. Pure.</summary>
public static class DeliveryVerdict
{
    /// <summary>The server answered.</summary>
    /// <param name="email">The email.</param>
    /// <param name="tried">The recipients of this attempt, in the order of the envelope.</param>
    /// <param name="result">What the server said.</param>
    /// <param name="nextAttempt">When it may be tried again; null where it has been tried long enough.</param>
    public static DeliveryOutcome Of(Email email, IReadOnlyList<Recipient> tried, TransactionResult result, DateTimeOffset? nextAttempt)
    {
        Dictionary<string, Recipient> verdicts = new(StringComparer.Ordinal);
        bool anyTaken = false;
        for (int index = 0; index < tried.Count; index++)
        {
            Reply own = index < result.Recipients.Count ? result.Recipients[index].Reply : result.Sender;
            Reply decisive = own.IsPositive && !result.IsAccepted ? result.Refusal! : own;
            verdicts[tried[index].Address] = tried[index] with
            {
                State = StateOf(decisive, index < result.Recipients.Count && anyTaken),
                ReplyCode = decisive.Code,
                EnhancedCode = decisive.Status?.ToString(),
                ReplyText = decisive.Text,
            };
            anyTaken |= own.IsPositive;
        }

        return Conclude(email, verdicts, nextAttempt, result.Refusal?.ToString() ?? FirstRefusal(verdicts.Values));
    }

    /// <summary>There is no answer: the attempt failed as a whole.</summary>
    public static DeliveryOutcome Of(Email email, IReadOnlyList<Recipient> tried, Failure failure, DateTimeOffset? nextAttempt) =>
        Conclude(
            email,
            tried.ToDictionary(
                recipient => recipient.Address,
                recipient => failure.IsTransient ? recipient : recipient with { State = RecipientState.Failed, ReplyText = failure.Detail },
                StringComparer.Ordinal),
            nextAttempt,
            failure.Detail);

    /// <summary>
    /// Whom the server did not take because they were too many for one transaction, though it took the message for others: they go into
    /// the next one at once (RFC 5321 4.5.3.1.10).
    /// </summary>
    public static Recipient[] LeftOver(IReadOnlyList<Recipient> tried, TransactionResult result) => !result.IsAccepted
        ? []
        : [.. tried.Where((_, index) => result.Recipients[index].IsOverLimit
            || (IsTooMany(result.Recipients[index].Reply) && result.Recipients.Take(index).Any(before => before.Reply.IsPositive)))];

    private static bool IsTooMany(Reply reply) => reply is { Code: 452 or 552, Status: null or { Subject: 5, Detail: 3 } };

    // 552 to RCPT behind one that was taken means "too many recipients" (RFC 5321 4.5.3.1.10), unless its enhanced code says otherwise.
    private static RecipientState StateOf(Reply reply, bool isBehindAnother) =>
        reply.IsPositive ? RecipientState.Accepted
        : reply.IsTransient || (reply.Code == 552 && reply.Status is null && isBehindAnother) ? RecipientState.Pending
        : RecipientState.Failed;

    private static DeliveryOutcome Conclude(
        Email email, Dictionary<string, Recipient> verdicts, DateTimeOffset? nextAttempt, string? lastError)
    {
        Recipient[] recipients = [.. email.Recipients.Select(recipient =>
            recipient.State == RecipientState.Pending && verdicts.TryGetValue(recipient.Address, out Recipient? verdict) ? verdict : recipient)];
        if (nextAttempt is null)
            recipients = [.. recipients.Select(recipient => recipient.State == RecipientState.Pending ? recipient with { State = RecipientState.Failed } : recipient)];

        if (recipients.Any(recipient => recipient.State == RecipientState.Pending))
            return new(EmailState.PendingSend, recipients, nextAttempt, lastError);
        EmailState state = recipients.Any(recipient => recipient.State == RecipientState.Accepted) ? EmailState.Sent : EmailState.Failed;
        return new(state, recipients, null, lastError);
    }

    private static string? FirstRefusal(IEnumerable<Recipient> recipients) =>
        recipients.FirstOrDefault(recipient => recipient.State != RecipientState.Accepted) is { } refused
            ? $"{refused.Address}: {refused.ReplyCode} {refused.ReplyText}"
            : null;
}
