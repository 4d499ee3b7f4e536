using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>What a consumer has said that it has.</summary>
public abstract partial class StoreContract
{
    [Fact]
    public async Task An_acknowledgement_holds_from_the_first_time_and_for_incoming_emails_only()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId received = await Store.ReceiveAsync(mailbox, "one", Samples.Message("one"), Cancellation);
        EmailId sent = await Store.SubmitAsync(new(mailbox, "", ["b@example.com"]), Samples.Message("two"), Cancellation);

        Assert.Equal([received], await Store.Emails.AcknowledgeAsync([received, sent, new(999)], Start.AddHours(1), Cancellation));
        Assert.Equal([received], await Store.Emails.AcknowledgeAsync([received], Start.AddHours(2), Cancellation));
        await ReopenAsync();

        Assert.Equal(Start.AddHours(1), (await Store.Emails.FindAsync(received, Cancellation))!.AcknowledgedAt);
        Assert.Null((await Store.Emails.FindAsync(sent, Cancellation))!.AcknowledgedAt);
    }

    [Fact]
    public async Task What_is_not_acknowledged_can_be_listed_and_only_the_rest_may_go_from_the_server()
    {
        MailboxId ada = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId bob = await Store.AddMailboxAsync("bob@example.com", Cancellation);
        List<EmailId> ids = [];
        foreach (string name in (string[])["one", "two", "three"])
            ids.Add(await Store.ReceiveAsync(ada, name, Samples.Message(name), Cancellation));
        await using (IncomingDraft draft = Store.Incoming.Begin(await Store.LeaseAsync(ada), "headers only"u8))
            ids.Add(await draft.CommitAsync(EmailState.HeadersOnly, Cancellation));
        ids.Add(await Store.ReceiveAsync(bob, "four", Samples.Message("four"), Cancellation));
        await Store.SubmitAsync(new(ada, "", ["b@example.com"]), Samples.Message("sent"), Cancellation);

        await Store.Emails.AcknowledgeAsync([ids[0], ids[2]], Start, Cancellation);

        Assert.Equal([ids[1], ids[3], ids[4]], await UnacknowledgedAsync(new()));
        Assert.Equal([ids[1], ids[3]], await UnacknowledgedAsync(new() { Mailbox = ada, Direction = EmailDirection.Incoming }));
        Assert.Equal([ids[1]], await UnacknowledgedAsync(new() { Mailbox = ada, State = EmailState.Received }));
        Assert.Empty(await UnacknowledgedAsync(new() { Direction = EmailDirection.Outgoing }));
        Assert.Empty(await UnacknowledgedAsync(new() { State = EmailState.PendingSend }));
        Assert.Equal(
            new[] { UniqueIdHash.Of("one"u8), UniqueIdHash.Of("three"u8) }.Order(default(StoredOrder)),
            (await Store.Incoming.StoredUniqueIdsAsync(ada, Start, onlyAcknowledged: true, Cancellation)).Hashes);
    }

    [Fact]
    public async Task An_email_that_its_mailbox_keeps_until_it_is_acknowledged_outlives_its_retention()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        Mailbox read = (await Store.Mailboxes.FindAsync(mailbox, Cancellation))!;
        await Store.Mailboxes.UpdateAsync(read with { DeleteEmailsAfterProcessing = true, DeleteOnlyAcknowledged = true }, Cancellation);
        MailboxId other = await Store.AddMailboxAsync("bob@example.com", Cancellation);
        EmailId kept = await Store.ReceiveAsync(mailbox, "kept", Samples.Message("kept"), Cancellation);
        EmailId acknowledged = await Store.ReceiveAsync(mailbox, "acknowledged", Samples.Message("acknowledged"), Cancellation);
        await Store.ReceiveAsync(other, "old", Samples.Message("old"), Cancellation);
        await Store.Emails.AcknowledgeAsync([acknowledged], Start, Cancellation);

        Assert.Equal(2, await Store.Emails.DeleteOldAsync(Start.AddDays(1), Cancellation));
        Assert.Equal([kept], (await Store.Emails.ListAsync(new(), null, 10, Cancellation)).Select(email => email.Id));

        await Store.Emails.AcknowledgeAsync([kept], Start, Cancellation);
        Assert.Equal(1, await Store.Emails.DeleteOldAsync(Start.AddDays(1), Cancellation));
    }

    private async Task<IReadOnlyList<EmailId>> UnacknowledgedAsync(EmailFilter filter)
    {
        filter = filter with { IsUnacknowledged = true };
        IReadOnlyList<Email> emails = await Store.Emails.ListAsync(filter, null, 10, Cancellation);
        Assert.Equal(emails.Count, await Store.Emails.CountAsync(filter, Cancellation));
        return [.. emails.Select(email => email.Id)];
    }
}
