using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);

    [Fact]
    public async Task A_unique_id_that_is_gone_is_not_loaded_and_is_known_all_the_same()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId other = await Store.AddMailboxAsync("bob@example.com", Cancellation);
        EmailId email = await Store.ReceiveAsync(mailbox, "gone", Samples.Message("gone"), Cancellation);
        await Store.ReceiveAsync(mailbox, "here", Samples.Message("here"), Cancellation);
        await Store.Incoming.AddKnownUniqueIdsAsync(mailbox, Hashes("taken over"), Cancellation);
        await Store.GoneUniqueIds.AddAsync(await Store.LeaseAsync(mailbox), Hashes("gone", "taken over", "never known"), Cancellation);
        await ReopenAsync();

        Assert.Equal(Hashes("here"), await KnownAsync(mailbox));
        Assert.Equal(Hashes("gone", "taken over"), await Store.GoneUniqueIds.FindAsync(mailbox, Hashes("gone", "here", "taken over", "never known"), Cancellation));
        Assert.Empty(await Store.GoneUniqueIds.FindAsync(other, Hashes("gone"), Cancellation));
        Assert.Equal(email, await Store.ReceiveAsync(mailbox, "gone", Samples.Message("another"), Cancellation));
        Assert.NotEqual(email, await Store.ReceiveAsync(other, "gone", Samples.Message("another"), Cancellation));
    }

    [Fact]
    public async Task A_unique_id_that_comes_back_is_loaded_again_and_may_go_from_the_server()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        UniqueIdHash[] many = [.. Enumerable.Range(0, 12_000).Select(number => UniqueIdHash.Of(BitConverter.GetBytes(number)))];
        await Store.ReceiveAsync(mailbox, "gone", Samples.Message("gone"), Cancellation);
        await Store.Incoming.AddKnownUniqueIdsAsync(mailbox, many, Cancellation);
        await Store.GoneUniqueIds.AddAsync(await Store.LeaseAsync(mailbox), [.. many, .. Hashes("gone")], Cancellation);
        Assert.Empty(await KnownAsync(mailbox));

        Assert.Equal(12_000, (await Store.GoneUniqueIds.FindAsync(mailbox, many, Cancellation)).Count);
        await Store.GoneUniqueIds.ReturnAsync(await Store.LeaseAsync(mailbox), [.. many[..2_000], .. Hashes("gone")], Cancellation);
        await ReopenAsync();

        Assert.Equal(many[..2_000].Concat(Hashes("gone")).Order(default(StoredOrder)), await KnownAsync(mailbox));
        Assert.Equal(Hashes("gone"), (await Store.Incoming.StoredUniqueIdsAsync(mailbox, Start, onlyAcknowledged: false, Cancellation)).Hashes);
        Assert.Equal(many[2_000..], await Store.GoneUniqueIds.FindAsync(mailbox, many, Cancellation));
    }

    [Fact]
    public async Task What_was_skipped_and_what_is_here_with_its_headers_only_is_judged_anew_as_if_it_had_never_gone()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        await Store.Incoming.SkipUniqueIdsAsync(await Store.LeaseAsync(mailbox), Hashes("skipped"), Cancellation);
        await using (IncomingDraft draft = Store.Incoming.Begin(await Store.LeaseAsync(mailbox), "headers only"u8))
            await draft.CommitAsync(EmailState.HeadersOnly, Cancellation);
        await Store.GoneUniqueIds.AddAsync(await Store.LeaseAsync(mailbox), Hashes("skipped", "headers only"), Cancellation);
        Assert.Equal(Hashes("headers only"), await Store.GoneUniqueIds.FindAsync(mailbox, Hashes("skipped", "headers only"), Cancellation));

        Assert.Equal(1, await Store.Incoming.ForgetSkippedAsync(mailbox, Cancellation));
        Assert.Empty(await Store.GoneUniqueIds.FindAsync(mailbox, Hashes("skipped", "headers only"), Cancellation));
    }

    [Fact]
    public async Task A_unique_id_is_forgotten_once_it_was_gone_for_long_and_its_email_is_not_here_any_more()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        await Store.ReceiveAsync(mailbox, "gone", Samples.Message("gone"), Cancellation);
        await Store.ReceiveAsync(mailbox, "here", Samples.Message("here"), Cancellation);
        await Store.GoneUniqueIds.AddAsync(await Store.LeaseAsync(mailbox), Hashes("gone"), Cancellation);
        await PollAsync(Year);
        Assert.Equal(0, await Store.GoneUniqueIds.ForgetAsync(Year, Cancellation));

        Assert.Equal(2, await Store.Emails.DeleteOldAsync(DateTimeOffset.MaxValue, Cancellation));
        Assert.Equal(0, await Store.GoneUniqueIds.ForgetAsync(Year + TimeSpan.FromTicks(1), Cancellation));
        Assert.Equal(1, await Store.GoneUniqueIds.ForgetAsync(Year, Cancellation));
        Assert.Empty(await Store.GoneUniqueIds.FindAsync(mailbox, Hashes("gone"), Cancellation));
        Assert.Equal(Hashes("here"), await KnownAsync(mailbox));

        // A mailbox that nobody polls shows nothing, however long that takes.
        await Store.GoneUniqueIds.AddAsync(await Store.LeaseAsync(mailbox), Hashes("here"), Cancellation);
        Clock.Advance(10 * Year);
        Assert.Equal(0, await Store.GoneUniqueIds.ForgetAsync(Year, Cancellation));
        // Nor one that was never polled with success.
        await Store.Mailboxes.RecordAsync(mailbox, state => state with { LastSuccessAt = null }, Cancellation);
        Assert.Equal(0, await Store.GoneUniqueIds.ForgetAsync(Year, Cancellation));

        async Task PollAsync(TimeSpan after)
        {
            Clock.Advance(after);
            await Store.Mailboxes.RecordAsync(mailbox, state => state with { LastSuccessAt = Clock.GetUtcNow() }, Cancellation);
        }
    }

    [Fact]
    public async Task Unique_ids_that_are_gone_are_looked_through_to_the_last()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        UniqueIdHash[] many = [.. Enumerable.Range(0, 21_000).Select(number => UniqueIdHash.Of(BitConverter.GetBytes(number)))];
        await Store.Incoming.AddKnownUniqueIdsAsync(mailbox, many, Cancellation);
        await Store.GoneUniqueIds.AddAsync(await Store.LeaseAsync(mailbox), many, Cancellation);
        await Store.Mailboxes.RecordAsync(mailbox, state => state with { LastSuccessAt = Start + Year }, Cancellation);

        Assert.Equal(21_000, await Store.GoneUniqueIds.ForgetAsync(Year, Cancellation));
        await Store.Mailboxes.DeleteAsync(mailbox, Cancellation);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task What_retention_deleted_here_may_still_go_from_the_server_at_its_time(bool wasGone)
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        await Store.ReceiveAsync(mailbox, "whole", Samples.Message("whole"), Cancellation);
        await using (IncomingDraft draft = Store.Incoming.Begin(await Store.LeaseAsync(mailbox), "headers only"u8))
            await draft.CommitAsync(EmailState.HeadersOnly, Cancellation);
        Assert.Equal(2, await Store.Emails.DeleteOldAsync(DateTimeOffset.MaxValue, Cancellation));
        if (wasGone)
        {
            await Store.GoneUniqueIds.AddAsync(await Store.LeaseAsync(mailbox), Hashes("whole"), Cancellation);
            await Store.GoneUniqueIds.ReturnAsync(await Store.LeaseAsync(mailbox), Hashes("whole"), Cancellation);
        }

        await ReopenAsync();

        foreach (bool onlyAcknowledged in (bool[])[false, true])
        {
            Assert.Empty((await Store.Incoming.StoredUniqueIdsAsync(mailbox, Start.AddTicks(-1), onlyAcknowledged, Cancellation)).Hashes);
            Assert.Equal(Hashes("whole"), (await Store.Incoming.StoredUniqueIdsAsync(mailbox, Start, onlyAcknowledged, Cancellation)).Hashes);
        }
    }

    private async Task<IReadOnlyList<UniqueIdHash>> KnownAsync(MailboxId mailbox) => (await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).Hashes;

    private static UniqueIdHash[] Hashes(params string[] uniqueIds) => [.. uniqueIds.Select(uniqueId => UniqueIdHash.Of(Encoding.ASCII.GetBytes(uniqueId)))];
}
