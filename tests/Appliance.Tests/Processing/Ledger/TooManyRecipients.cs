using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Smtp;

namespace EmailSync.Appliance.Tests.Processing.Ledger;

/// <summary>What 552 behind RCPT means: RFC 1870 section 6.4 and RFC 5321 section 4.5.3.1.10 do not agree.</summary>
public sealed class TooManyRecipients
{
    private static readonly Reply Taken = new(250, null, ["OK"]);

    // 5321-4.5.3.1.8-a, 5321-4.5.3.1.10-a, 1870-6.4-b: without an enhanced code the place decides; with one, the code.
    [Theory]
    [InlineData(1, 552, null, RecipientState.Pending)]
    [InlineData(0, 552, null, RecipientState.Failed)]
    [InlineData(1, 552, 2, RecipientState.Failed)]
    [InlineData(1, 452, null, RecipientState.Pending)]
    [InlineData(1, 550, null, RecipientState.Failed)]
    public void A_552_behind_a_recipient_who_was_taken_is_tried_again(int taken, int code, int? subject, RecipientState state)
    {
        Recipient[] recipients = [.. Enumerable.Range(0, taken + 1).Select(number => new Recipient($"u{number}@lab.example"))];
        Reply refusal = new(code, subject is null ? null : new EnhancedStatusCode(code / 100, subject.Value, 3), ["too much"]);
        RecipientReply[] replies = [.. recipients.Select((recipient, i) => new RecipientReply(MailPath.Parse(recipient.Address), i < taken ? Taken : refusal))];
        Email email = new()
        {
            Mailbox = default, Direction = EmailDirection.Outgoing, State = EmailState.Sending, Sha256 = "", Recipients = recipients,
        };
        DeliveryOutcome outcome = DeliveryVerdict.Of(
            email, recipients, new TransactionResult(Taken, replies, taken > 0 ? Taken : null), nextAttempt: DateTimeOffset.UnixEpoch);
        Assert.Equal(state, outcome.Recipients[^1].State);
        Assert.Equal(state == RecipientState.Pending ? EmailState.PendingSend : taken > 0 ? EmailState.Sent : EmailState.Failed, outcome.State);
    }
}
