using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    [Fact]
    public async Task Old_emails_are_deleted_unless_they_wait_or_are_recognised_by_their_content()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId withoutId = await Store.ReceiveAsync(mailbox, "", Samples.Message("without a unique-id"), Cancellation);
        for (int number = 0; number < 600; number++)
            await Store.ReceiveAsync(mailbox, $"uid-{number}", Samples.Message($"m{number}"), Cancellation);
        EmailId large = await Store.ReceiveAsync(mailbox, "large", Samples.Message("large", 500_000), Cancellation);
        EmailId waiting = await Store.SubmitAsync(new(mailbox, "", ["b@example.com"]), Samples.Message("waiting"), Cancellation);
        EmailId canceled = await CancelNewAsync(mailbox);
        Clock.Advance(TimeSpan.FromDays(2));
        EmailId young = await Store.ReceiveAsync(mailbox, "young", Samples.Message("young"), Cancellation);

        Assert.Equal(602, await Store.Emails.DeleteOldAsync(Start.AddDays(1), Cancellation));
        await ReopenAsync();

        Assert.Equal([withoutId, waiting, young], (await Store.Emails.ListAsync(new(), null, 1000, Cancellation)).Select(email => email.Id));
        await Assert.ThrowsAsync<NotStoredException>(async () => await Store.Emails.OpenContentAsync(large, Cancellation));
        Assert.Null(await Store.Emails.FindAsync(canceled, Cancellation));
        // What is gone here is still known, so that it is not received again.
        Assert.Contains(UniqueIdHash.Of("uid-5"u8), (await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).Hashes);
        Assert.Equal(young, await Store.ReceiveAsync(mailbox, "young", Samples.Message("young"), Cancellation));
    }

    [Fact]
    public async Task A_listing_of_emails_shows_what_the_filter_says_in_the_order_of_the_feed()
    {
        MailboxId[] mailboxes =
            [await Store.AddMailboxAsync("a@example.com", Cancellation), await Store.AddMailboxAsync("b@example.com", Cancellation)];
        List<Email> all = [];
        for (int number = 0; number < 24; number++)
        {
            MailboxId mailbox = mailboxes[number % 2];
            EmailId id = (number / 2 % 3) switch
            {
                0 => await Store.ReceiveAsync(mailbox, $"uid-{number}", Samples.Message($"m{number}"), Cancellation),
                1 => await Store.SubmitAsync(new(mailbox, "", ["c@example.com"]), Samples.Message($"m{number}"), Cancellation),
                _ => await CancelNewAsync(mailbox),
            };
            all.Add((await Store.Emails.FindAsync(id, Cancellation))!);
        }

        foreach (MailboxId? mailbox in new MailboxId?[] { null, mailboxes[0], new MailboxId(999) })
        {
            foreach (EmailDirection? direction in new EmailDirection?[] { null, EmailDirection.Incoming, EmailDirection.Outgoing })
            {
                foreach (EmailState? state in new EmailState?[] { null, EmailState.Received, EmailState.Canceled, EmailState.Failed })
                {
                    EmailFilter filter = new() { Mailbox = mailbox, Direction = direction, State = state };
                    EmailId[] expected = [.. all.Where(email => (mailbox is null || email.Mailbox == mailbox)
                        && (direction is null || email.Direction == direction)
                        && (state is null || email.State == state)).Select(email => email.Id)];
                    Assert.Equal(expected, await ReadFeedAsync(filter, 5));
                    Assert.Equal(expected.Length, await Store.Emails.CountAsync(filter, Cancellation));
                }
            }
        }
    }

    [Fact]
    public async Task An_email_that_does_not_exist_has_no_content()
    {
        Assert.Null(await Store.Emails.FindAsync(new(999), Cancellation));
        await Assert.ThrowsAsync<NotStoredException>(async () => await Store.Emails.OpenContentAsync(new(999), Cancellation));
    }

    private async Task<List<EmailId>> ReadFeedAsync(EmailFilter filter, int pageSize)
    {
        List<EmailId> feed = [];
        IReadOnlyList<Email> page;
        do
        {
            page = await Store.Emails.ListAsync(filter, feed.Count == 0 ? null : feed[^1], pageSize, Cancellation);
            feed.AddRange(page.Select(email => email.Id));
        }
        while (page.Count == pageSize);
        return feed;
    }

    private async Task<EmailId> CancelNewAsync(MailboxId mailbox)
    {
        EmailId id = await Store.SubmitAsync(new(mailbox, "", ["c@example.com"]), Samples.Message("canceled"), Cancellation);
        Assert.True(await Store.Outgoing.CancelAsync(id, Cancellation));
        return id;
    }
}
