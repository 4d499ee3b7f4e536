using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    private static readonly UniqueIdHash Poison = UniqueIdHash.Of("poison"u8);
    private static readonly UniqueIdHash Harmless = UniqueIdHash.Of("harmless"u8);

    [Fact]
    public async Task An_attempt_counts_before_it_is_made_and_its_failure_counts_no_second_time()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId other = await Store.AddMailboxAsync("bob@example.com", Cancellation);
        await Store.Suspects.CountAttemptAsync(mailbox, Poison, Start, Cancellation);
        await Store.Suspects.NoteFailureAsync(mailbox, Poison, Start.AddHours(1), Cancellation);
        Assert.Equal([new(Poison, 1, Start.AddHours(1))], await Store.Suspects.ListAsync(mailbox, Cancellation));

        await Store.Suspects.CountAttemptAsync(mailbox, Poison, Start, Cancellation);
        await Store.Suspects.NoteFailureAsync(mailbox, Harmless, Start, Cancellation);
        await ReopenAsync();

        Assert.Equal(
            new Suspect[] { new(Poison, 2, Start), new(Harmless, 1, Start) }.ToHashSet(),
            (await Store.Suspects.ListAsync(mailbox, Cancellation)).ToHashSet());
        Assert.Empty(await Store.Suspects.ListAsync(other, Cancellation));
        await Store.Suspects.ForgetAsync(mailbox, [Harmless], Cancellation);
        Assert.Equal([new(Poison, 2, Start)], await Store.Suspects.ListAsync(mailbox, Cancellation));
    }

    [Fact]
    public async Task Suspects_go_with_a_rescan_and_with_their_mailbox()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId other = await Store.AddMailboxAsync("bob@example.com", Cancellation);
        await Store.Suspects.CountAttemptAsync(mailbox, Poison, Start, Cancellation);
        await Store.Suspects.CountAttemptAsync(other, Poison, Start, Cancellation);

        Assert.Equal(1, await Store.Incoming.ForgetSkippedAsync(mailbox, Cancellation));
        Assert.Empty(await Store.Suspects.ListAsync(mailbox, Cancellation));
        Assert.Single(await Store.Suspects.ListAsync(other, Cancellation));

        await Store.Mailboxes.DeleteAsync(other, Cancellation);
        Assert.Empty(await Store.Suspects.ListAsync(other, Cancellation));
        await Store.Suspects.NoteFailureAsync(other, Poison, Start, Cancellation);
        await Assert.ThrowsAsync<NotStoredException>(async () => await Store.Suspects.CountAttemptAsync(other, Poison, Start, Cancellation));
    }
}
