using System.Security.Cryptography;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_mailbox_is_leased_to_one_at_a_time_in_each_direction()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId other = await Store.AddMailboxAsync("bob@example.com", Cancellation);

        Lease?[] taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => Task.Run(() => TakeAsync(mailbox, $"node {number}"))));

        Lease lease = Assert.Single(taken.OfType<Lease>());
        Assert.Equal((mailbox, EmailDirection.Incoming, LeaseDuration), (lease.Mailbox, lease.Direction, lease.Duration));
        Lease? outbox = await TakeAsync(mailbox, "b", EmailDirection.Outgoing);
        Assert.True(outbox!.Token > lease.Token);
        Assert.True((await TakeAsync(other, "c"))!.Token > outbox.Token);
        Assert.Null(await TakeAsync(mailbox, "a"));
        Assert.Null(await TakeAsync(mailbox, "b", EmailDirection.Outgoing));
    }

    [Fact]
    public async Task A_released_mailbox_can_be_taken_at_once_and_only_its_holder_releases_it()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        Lease first = (await TakeAsync(mailbox, "a"))!;
        await Store.Leases.ReleaseAsync(first, Cancellation);
        Lease second = (await TakeAsync(mailbox, "b"))!;

        await Store.Leases.ReleaseAsync(first, Cancellation);

        Assert.True(second.Token > first.Token);
        Assert.Null(await TakeAsync(mailbox, "c"));
        await Store.ReceiveUnderAsync(second, "uid", Cancellation);
    }

    [Fact]
    public async Task An_expired_lease_holds_until_another_takes_the_mailbox()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        Lease first = (await TakeAsync(mailbox, "a"))!;
        Clock.Advance(LeaseDuration - TimeSpan.FromTicks(1));
        Assert.Null(await TakeAsync(mailbox, "b"));
        Clock.Advance(TimeSpan.FromTicks(1));
        await Store.ReceiveUnderAsync(first, "uid-1", Cancellation);

        Lease?[] taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => Task.Run(() => TakeAsync(mailbox, $"node {number}"))));

        Lease second = Assert.Single(taken.OfType<Lease>());
        Assert.True(second.Token > first.Token);
        await Assert.ThrowsAsync<LeaseLostException>(() => Store.ReceiveUnderAsync(first, "uid-2", Cancellation));
        await Store.ReceiveUnderAsync(second, "uid-2", Cancellation);
        Assert.Equal(2, await Store.Emails.CountAsync(new(), Cancellation));
    }

    [Fact]
    public async Task A_lease_is_renewed_by_its_holder_only()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        Lease first = (await TakeAsync(mailbox, "a"))!;
        Clock.Advance(LeaseDuration / 2);
        await Store.Leases.RenewAsync(first, Cancellation);
        Clock.Advance(LeaseDuration / 2);
        Assert.Null(await TakeAsync(mailbox, "b"));
        // Expired, and nobody asked for the mailbox meanwhile.
        Clock.Advance(LeaseDuration);
        await Store.Leases.RenewAsync(first, Cancellation);
        Assert.Null(await TakeAsync(mailbox, "b"));
        Clock.Advance(LeaseDuration);
        Lease second = (await TakeAsync(mailbox, "b"))!;

        await Assert.ThrowsAsync<LeaseLostException>(async () => await Store.Leases.RenewAsync(first, Cancellation));
        Clock.Advance(LeaseDuration - TimeSpan.FromTicks(1));
        Assert.Null(await TakeAsync(mailbox, "c"));
        await Store.Leases.ReleaseAsync(second, Cancellation);
        await Assert.ThrowsAsync<LeaseLostException>(async () => await Store.Leases.RenewAsync(second, Cancellation));
    }

    [Theory, InlineData(100), InlineData(Threshold + 100)]
    public async Task What_a_lost_lease_receives_is_refused_and_changes_nothing(int size)
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        await Store.ReceiveAsync(mailbox, "uid-1", Samples.Message("one"), Cancellation);
        Lease lost = await Store.LeaseAsync(mailbox);
        await Store.Incoming.NoteLeftOnServerAsync(lost, 1, inDoubtUntil: null, Cancellation);
        await using IncomingDraft begun = Store.Incoming.Begin(lost, "uid-2"u8);
        await begun.WriteAsync(new byte[size], Cancellation);
        await using IncomingDraft known = Store.Incoming.Begin(lost, "uid-3"u8);
        await known.WriteAsync(Samples.Message("one"), Cancellation);
        Clock.Advance(LeaseDuration);
        await TakeAsync(mailbox, "another");
        Mailbox before = (await Store.Mailboxes.FindAsync(mailbox, Cancellation))!;
        Task Refused(Func<Task> write) => Assert.ThrowsAsync<LeaseLostException>(write);

        await Refused(async () => await begun.CommitAsync(EmailState.Received, Cancellation));
        await Refused(async () => await known.CommitOrRecogniseAsync(Cancellation));
        await Refused(async () => await Store.Incoming.TieUniqueIdAsync(
            lost, UniqueIdHash.Of("uid-4"u8), SHA256.HashData(Samples.Message("one")), Cancellation));
        await Refused(async () => await Store.Incoming.SkipUniqueIdsAsync(lost, [UniqueIdHash.Of("uid-5"u8)], Cancellation));
        await Refused(async () => await Store.GoneUniqueIds.AddAsync(lost, [UniqueIdHash.Of("uid-1"u8)], Cancellation));
        await Refused(async () => await Store.GoneUniqueIds.ReturnAsync(lost, [UniqueIdHash.Of("uid-1"u8)], Cancellation));
        await Refused(async () => await Store.Incoming.NoteLeftOnServerAsync(lost, 0, inDoubtUntil: null, Cancellation));
        await Refused(async () => await Store.Mailboxes.RecordAsync(lost, state => state with { LastError = "stale" }, Cancellation));

        Assert.Equal(before, await Store.Mailboxes.FindAsync(mailbox, Cancellation));
        Assert.Equal(1, await Store.Emails.CountAsync(new(), Cancellation));
        KnownUniqueIds unchanged = await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation);
        Assert.Equal([UniqueIdHash.Of("uid-1"u8)], unchanged.Hashes);
        Assert.Equal(1, unchanged.LeftOnServer);
    }

    [Fact]
    public async Task What_a_lost_lease_sends_is_refused_and_in_doubt_for_its_successor()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId sending = await Store.SubmitAsync(new(mailbox, "", ["b@example.com"]), [], Cancellation);
        await Store.SubmitAsync(new(mailbox, "", ["c@example.com"]), [], Cancellation);
        Lease lost = await Store.LeaseOutboxAsync(mailbox);
        await Store.Outgoing.ClaimAsync(lost, Start, Cancellation);
        Clock.Advance(LeaseDuration);
        Assert.Empty(await Store.Outgoing.FindInterruptedAsync(mailbox, Cancellation));
        Lease successor = (await TakeAsync(mailbox, "another", EmailDirection.Outgoing))!;
        Email before = (await Store.Emails.FindAsync(sending, Cancellation))!;
        DeliveryOutcome outcome = new(EmailState.Sent, [new("b@example.com", RecipientState.Accepted, 250)], null, null);
        Task Refused(Func<Task> write) => Assert.ThrowsAsync<LeaseLostException>(write);

        await Refused(async () => await Store.Outgoing.ClaimAsync(lost, Clock.GetUtcNow(), Cancellation));
        await Refused(async () => await Store.Outgoing.RecordAsync(lost, sending, outcome, Cancellation));
        await Refused(async () => await Store.Outgoing.ReleaseAsync(lost, sending, Start, Cancellation));

        Email after = (await Store.Emails.FindAsync(sending, Cancellation))!;
        Assert.Equal(EmailState.Sending, after.State);
        Assert.Equal(before.Recipients, after.Recipients);
        Assert.Equal(before with { Recipients = [] }, after with { Recipients = [] });
        Assert.Equal(1, await Store.Emails.CountAsync(new() { State = EmailState.PendingSend }, Cancellation));
        Assert.Equal([sending], (await Store.Outgoing.FindInterruptedAsync(mailbox, Cancellation)).Select(email => email.Id));
        await Store.Outgoing.RecordAsync(successor, sending, outcome, Cancellation);
        Assert.Equal(EmailState.Sent, (await Store.Emails.FindAsync(sending, Cancellation))!.State);
    }

    [Fact]
    public async Task A_lease_of_one_direction_or_mailbox_is_none_for_another()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId other = await Store.AddMailboxAsync("bob@example.com", Cancellation);
        EmailId email = await Store.SubmitAsync(new(other, "", ["b@example.com"]), [], Cancellation);
        await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(other), Start, Cancellation);
        Lease receiving = await Store.LeaseAsync(mailbox);
        Lease sending = await Store.LeaseOutboxAsync(mailbox);

        await Assert.ThrowsAsync<ArgumentException>(() => Store.ReceiveUnderAsync(sending, "uid", Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.Outgoing.ClaimAsync(receiving, Start, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.Outgoing.ReleaseAsync(sending, email, Start, Cancellation));
    }

    [Fact]
    public async Task Who_has_a_mailbox_is_shown_while_he_has_it()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        Assert.Null(await LeasedByAsync());
        Lease receiving = (await TakeAsync(mailbox, "a"))!;
        Assert.Equal("a", await LeasedByAsync());
        Lease sending = (await TakeAsync(mailbox, "a", EmailDirection.Outgoing))!;
        Assert.Equal("a", await LeasedByAsync());
        await Store.Leases.ReleaseAsync(sending, Cancellation);
        await TakeAsync(mailbox, "b", EmailDirection.Outgoing);
        Assert.Equal("a, b", await LeasedByAsync());
        await Store.Mailboxes.RecordAsync(receiving, state => state with { LeasedBy = "nobody" }, Cancellation);
        await Store.Leases.ReleaseAsync(receiving, Cancellation);
        Assert.Equal("b", await LeasedByAsync());

        async Task<string?> LeasedByAsync()
        {
            Mailbox found = (await Store.Mailboxes.FindAsync(mailbox, Cancellation))!;
            Assert.Equal(found, Assert.Single(await Store.Mailboxes.ListAsync(new(), null, 10, Cancellation)));
            Assert.Equal(found, await Store.Mailboxes.FindByAddressAsync("ada@example.com", Cancellation));
            return found.State.LeasedBy;
        }
    }

    [Fact]
    public async Task Tokens_grow_over_runs_and_the_leases_of_a_run_that_ended_bind_nobody()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        Lease before = (await TakeAsync(mailbox, "a"))!;
        for (int run = 0; run < 3; run++)
        {
            await ReopenAsync();

            // At once: what was under way in the run before is not waited for.
            Lease after = (await TakeAsync(mailbox, "a"))!;
            Assert.True(after.Token > before.Token);
            await Assert.ThrowsAsync<LeaseLostException>(() => Store.ReceiveUnderAsync(before, "uid", Cancellation));
            before = after;
        }

        Assert.Equal(0, await Store.Emails.CountAsync(new(), Cancellation));
    }

    private async Task<Lease?> TakeAsync(MailboxId mailbox, string owner, EmailDirection direction = EmailDirection.Incoming) =>
        await Store.Leases.TakeAsync(mailbox, direction, owner, LeaseDuration, Cancellation);
}
