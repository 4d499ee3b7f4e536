using System.Text;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    private static readonly byte[] Report = Encoding.ASCII.GetBytes("Content-Type: multipart/report;\r\n report-type=\"delivery-status\"\r\n\r\nx");

    [Fact]
    public async Task A_notification_waits_to_be_read_and_is_read_once()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId other = await Store.AddMailboxAsync("bob@example.com", Cancellation);
        await Store.ReceiveAsync(mailbox, "1", Samples.Message("no report"), Cancellation);
        EmailId report = await Store.ReceiveAsync(mailbox, "2", Report, Cancellation);
        EmailId sent = await Store.SubmitAsync(new(mailbox, "", ["x@example.com"]), Encoding.ASCII.GetBytes("Message-ID: <1@x>\r\n\r\n"), Cancellation);
        await ReopenAsync();

        Assert.Equal([report], await Store.Reports.UnreadAsync(mailbox, 10, Cancellation));
        Assert.Empty(await Store.Reports.UnreadAsync(other, 10, Cancellation));
        Assert.Equal(sent, (await Store.Reports.FindSentAsync(mailbox, "<1@x>", Cancellation))?.Id);
        Assert.Null(await Store.Reports.FindSentAsync(other, "<1@x>", Cancellation));
        Assert.False(await Store.Reports.RecordAsync(report, sent, [], Cancellation));
        await ReopenAsync();

        Assert.Empty(await Store.Reports.UnreadAsync(mailbox, 10, Cancellation));
        Assert.Equal(sent, (await Store.Emails.FindAsync(report, Cancellation))!.SpeaksOf);
    }

    [Fact]
    public async Task A_recipient_who_was_accepted_bounces_and_no_other()
    {
        (MailboxId mailbox, EmailId id) = await ClaimOneAsync();
        EmailId report = await Store.ReceiveAsync(mailbox, "1", Report, Cancellation);
        Recipient[] bounced = [new("bob@example.com", RecipientState.Bounced, null, "5.1.1", "gone")];

        // It is still on its way, so there is nothing to come back yet.
        Assert.False(await Store.Reports.RecordAsync(report, id, bounced, Cancellation));
        await Store.Outgoing.RecordAsync(await Store.LeaseOutboxAsync(id), id, new(EmailState.Sent, [new("bob@example.com", RecipientState.Accepted, 250)], null, null), Cancellation);
        Assert.True(await Store.Reports.RecordAsync(report, id, bounced, Cancellation));
        Assert.False(await Store.Reports.RecordAsync(report, id, bounced, Cancellation));

        Email email = (await Store.Emails.FindAsync(id, Cancellation))!;
        Assert.Equal(EmailState.Bounced, email.State);
        Assert.Equal(bounced, email.Recipients);
        Assert.True(await Store.Outgoing.RetryAsync(id, Cancellation));
        Assert.Equal(RecipientState.Pending, (await Store.Emails.FindAsync(id, Cancellation))!.Recipients[0].State);
    }

    [Fact]
    public async Task A_notification_that_came_while_the_others_were_tried_is_not_forgotten()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId report = await Store.ReceiveAsync(mailbox, "1", Report, Cancellation);
        EmailId id = await Store.SubmitAsync(new(mailbox, "", ["bob@example.com", "eve@example.com"]), [], Cancellation);
        await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(mailbox), Start, Cancellation);
        Recipient accepted = new("bob@example.com", RecipientState.Accepted, 250);
        await Store.Outgoing.RecordAsync(await Store.LeaseOutboxAsync(id), id, new(EmailState.Sending, [accepted, new("eve@example.com")], null, null), Cancellation);

        Assert.True(await Store.Reports.RecordAsync(report, id, [accepted with { State = RecipientState.Bounced }], Cancellation));
        await Store.Outgoing.RecordAsync(await Store.LeaseOutboxAsync(
            id), 
            id, new(EmailState.Sent, [accepted, new("eve@example.com", RecipientState.Accepted, 250)], null, null), Cancellation);

        Assert.Equal(
            [RecipientState.Bounced, RecipientState.Accepted],
            (await Store.Emails.FindAsync(id, Cancellation))!.Recipients.Select(recipient => recipient.State));
    }

    [Fact]
    public async Task Emails_of_higher_priority_are_claimed_first_once_they_are_due()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId low = await Submit(EmailPriority.Low, null);
        EmailId normal = await Submit(EmailPriority.Normal, null);
        EmailId highLater = await Submit(EmailPriority.High, Start.AddMinutes(1));
        EmailId high = await Submit(EmailPriority.High, null);

        foreach (EmailId expected in new[] { high, normal, low })
            Assert.Equal(expected, (await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(mailbox), Start, Cancellation))?.Id);
        Assert.Null(await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(mailbox), Start, Cancellation));
        Email last = (await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(mailbox), Start.AddMinutes(1), Cancellation))!;
        Assert.Equal((highLater, EmailPriority.High), (last.Id, last.Priority));

        ValueTask<EmailId> Submit(EmailPriority priority, DateTimeOffset? sendAt) =>
            Store.SubmitAsync(new(mailbox, "", ["b@example.com"]) { Priority = priority, SendAt = sendAt }, [], Cancellation);
    }
}
