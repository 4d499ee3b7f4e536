using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    [Fact]
    public async Task What_is_wanted_in_whole_is_remembered_until_it_ends_and_its_whole_is_an_email_of_its_own()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId headers = await HeadersAsync(mailbox);
        Assert.False((await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).IsAnyWanted);

        Assert.True(await Store.Wanted.AddAsync(headers, Cancellation));
        await Store.Wanted.CountAttemptAsync(await Store.LeaseAsync(mailbox), headers, Cancellation);
        await ReopenAsync();
        Assert.True((await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).IsAnyWanted);
        WantedMessage wanted = Assert.Single(await Store.Wanted.ListAsync(mailbox, Cancellation));
        Assert.Equal((headers, "uid", 1, null), (wanted.Email, wanted.ShownUniqueId, wanted.Attempts, wanted.FetchedAs));
        Assert.Equal([UniqueIdHash.Of("uid"u8)], wanted.UniqueIds);

        Lease lease = await Store.LeaseAsync(mailbox);
        EmailId whole;
        await using (IncomingDraft draft = Store.Wanted.Begin(lease, wanted, wanted.UniqueIds[0]))
        {
            await draft.WriteAsync(Samples.Message("huge"), Cancellation);
            whole = await draft.CommitAsync(EmailState.Received, Cancellation);
        }

        Assert.NotEqual(headers, whole);
        Assert.Equal(whole, Assert.Single(await Store.Wanted.ListAsync(mailbox, Cancellation)).FetchedAs);
        Assert.Equal(whole, (await Store.Emails.FindAsync(headers, Cancellation))!.FetchedAs);
        Assert.Equal(Samples.Message("huge"), await Store.ReadContentAsync(whole, Cancellation));
        Assert.Equal(1, (await Store.Mailboxes.FindAsync(mailbox, Cancellation))!.State.MessagesReceived);
        await using (IncomingDraft again = Store.Wanted.Begin(lease, wanted, wanted.UniqueIds[0]))
            Assert.Equal(whole, await again.CommitAsync(EmailState.Received, Cancellation));

        await Store.Wanted.EndAsync(lease, headers, why: null, Cancellation);
        Assert.Empty(await Store.Wanted.ListAsync(mailbox, Cancellation));
        Assert.False(await Store.Wanted.AddAsync(headers, Cancellation));
    }

    [Fact]
    public async Task What_cannot_be_had_says_why_until_it_is_asked_for_again()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId headers = await HeadersAsync(mailbox);
        await Store.Wanted.AddAsync(headers, Cancellation);
        Lease lease = await Store.LeaseAsync(mailbox);
        await Store.Wanted.CountAttemptAsync(lease, headers, Cancellation);

        await Store.Wanted.EndAsync(lease, headers, "It is gone.", Cancellation);
        Assert.Equal("It is gone.", (await Store.Emails.FindAsync(headers, Cancellation))!.LastError);
        Assert.True(await Store.Wanted.AddAsync(headers, Cancellation));
        Assert.Null((await Store.Emails.FindAsync(headers, Cancellation))!.LastError);
        Assert.Equal(0, Assert.Single(await Store.Wanted.ListAsync(mailbox, Cancellation)).Attempts);
        await Store.Leases.ReleaseAsync(lease, Cancellation);
        await Assert.ThrowsAsync<LeaseLostException>(async () => await Store.Wanted.CountAttemptAsync(lease, headers, Cancellation));
        await Assert.ThrowsAsync<LeaseLostException>(async () => await Store.Wanted.EndAsync(lease, headers, null, Cancellation));
    }

    [Fact]
    public async Task What_is_whole_or_of_no_mailbox_cannot_be_wanted()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId whole = await Store.ReceiveAsync(mailbox, "whole", Samples.Message("whole"), Cancellation);
        EmailId headers = await HeadersAsync(mailbox);
        Assert.False(await Store.Wanted.AddAsync(whole, Cancellation));
        Assert.False(await Store.Wanted.AddAsync(new(999), Cancellation));
        Assert.True(await Store.Wanted.AddAsync(headers, Cancellation));

        await Store.Mailboxes.DeleteAsync(mailbox, Cancellation);
        Assert.Empty(await Store.Wanted.ListAsync(mailbox, Cancellation));
        Assert.False(await Store.Wanted.AddAsync(headers, Cancellation));
    }

    private async Task<EmailId> HeadersAsync(MailboxId mailbox)
    {
        await using IncomingDraft draft = Store.Incoming.Begin(await Store.LeaseAsync(mailbox), "uid"u8);
        await draft.WriteAsync(Samples.Message("huge", 0), Cancellation);
        return await draft.CommitAsync(EmailState.HeadersOnly, Cancellation);
    }
}
