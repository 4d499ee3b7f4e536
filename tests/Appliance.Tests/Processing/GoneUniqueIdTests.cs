using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Lab;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>Unique-ids that the server lists no longer cost nothing at a poll, and what comes back under one is no new message.</summary>
public sealed class GoneUniqueIdTests
{
    [Fact]
    public async Task A_mailbox_that_deletes_after_processing_does_not_load_what_was_deleted()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 250 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
        Assert.Equal(250, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Deleted);
        Assert.Equal(250, await KnownAsync(rig, mailbox));

        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        Assert.Equal(0, await KnownAsync(rig, mailbox));

        // A few are not worth a write.
        for (int message = 0; message < 5; message++)
        {
            rig.Lab.DeliverGenerated(mailbox.EmailAddress, 1);
            Assert.Equal((1, 1), await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout) is { } report ? (report.Stored, report.Deleted) : default);
        }

        Assert.Equal(5, await KnownAsync(rig, mailbox));
    }

    [Theory, InlineData(0), InlineData(2), InlineData(5)]
    public async Task A_server_that_shows_its_maildrop_partly_and_then_whole_has_nothing_new(int shownOneIn)
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 250 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        for (int time = 0; time < 2; time++)
        {
            rig.Lab.Misbehave(Misbehaviour.ShowPartly(shownOneIn));
            int shown = (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Listed;
            Assert.Equal(shownOneIn == 0 ? 0 : 250 / shownOneIn, shown);
            Assert.Equal(shown, await KnownAsync(rig, mailbox));
            rig.Lab.Misbehave();
            rig.Lab.DeliverGenerated(mailbox.EmailAddress, 1);

            ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

            Assert.Equal((251 + time, 1, 0), (report.Listed, report.Stored, report.Recognised));
            Assert.Equal(251 + time, rig.Lab.Journal.Count("RETR"));
            Assert.Equal(251 + time, await KnownAsync(rig, mailbox));
            Assert.Equal(251 + time, (await rig.Store.Incoming.KnownUniqueIdsAsync(mailbox.Id, Rig.Timeout)).LeftOnServer);
            rig.Lab.Misbehave();
        }
    }

    [Fact]
    public async Task What_was_hidden_when_its_days_were_over_is_deleted_once_it_is_shown_again()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 150 }, clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { LeaveOnServerDays = 7 });
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        rig.Lab.Misbehave(Misbehaviour.ShowPartly(0));
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        clock.Advance(TimeSpan.FromDays(8));
        rig.Lab.Misbehave();

        // First it is known again, then it goes.
        Assert.Equal(0, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Deleted);
        Assert.Equal(150, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Deleted);
        Assert.Equal(150, rig.Lab.Journal.Count("RETR"));
    }

    [Fact]
    public async Task A_listing_that_is_cut_off_says_of_no_unique_id_that_it_is_gone()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 150 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        rig.Lab.Misbehave(Misbehaviour.Reply("UIDL", $"+OK\r\n1 {rig.Lab.Mailboxes[0].UniqueIds[0]}") with { Then = Outcome.Disconnect });

        await Assert.ThrowsAnyAsync<IOException>(() => rig.Receive.RunAsync(mailbox, profile, Rig.Timeout));

        Assert.Equal(150, await KnownAsync(rig, mailbox));
    }

    [Fact]
    public async Task After_a_reset_the_old_unique_ids_are_set_aside_and_known_where_the_server_turns_back_to_them()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 150 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        rig.Lab.Misbehave(Misbehaviour.ResetUniqueIds(1));
        Assert.Equal(150, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Recognised);
        Assert.Equal(150, await KnownAsync(rig, mailbox));
        rig.Lab.Misbehave();

        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((150, 0, 0), (report.Listed, report.Stored, report.Recognised));
        Assert.Equal(300, rig.Lab.Journal.Count("RETR"));
        Assert.Equal(150, (await rig.EmailsAsync(mailbox)).Count);
    }

    [Fact]
    public async Task P_09_what_vanished_and_comes_back_weeks_later_under_other_unique_ids_is_recognised()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 150 }, clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        // The maildrop is moved: empty at first, then with new mail, and in the end with the old mail.
        rig.Lab.Misbehave(Misbehaviour.ShowPartly(0));
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        clock.Advance(TimeSpan.FromDays(29));
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        rig.Lab.Misbehave(Misbehaviour.ResetUniqueIds(1));
        rig.Lab.DeliverGenerated(mailbox.EmailAddress, 2);

        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((2, 150), (report.Stored, report.Recognised));
        Assert.Equal(152, (await rig.EmailsAsync(mailbox)).Count);
    }

    [Fact]
    public async Task Messages_of_the_same_octets_are_two_where_nothing_vanished()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 0 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
        for (int time = 1; time <= 3; time++)
        {
            rig.Lab.Deliver(mailbox.EmailAddress, "Subject: alarm\r\n\r\nTank 3\r\n"u8);
            Assert.Equal((1, 1), await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout) is { } report ? (report.Stored, report.Deleted) : default);
        }
    }

    [Fact]
    public async Task What_is_deleted_here_before_its_days_on_the_server_are_over_goes_from_there_at_its_time()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 3 }, clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { LeaveOnServerDays = 14 });
        await rig.Store.Settings.UpdateAsync(new() { EmailRetentionDays = 7 }, Rig.Timeout);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        clock.Advance(TimeSpan.FromDays(8));
        using Housekeeping housekeeping = new(rig.Store, clock, NullLogger<Housekeeping>.Instance);
        await housekeeping.LookAsync(Rig.Timeout);
        Assert.Empty(await rig.EmailsAsync(mailbox));

        Assert.Equal((0, 0), await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout) is { } early ? (early.Stored, early.Deleted) : default);
        clock.Advance(TimeSpan.FromDays(6));
        Assert.Equal((0, 3), await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout) is { } late ? (late.Stored, late.Deleted) : default);
    }

    private static async Task<int> KnownAsync(Rig rig, Mailbox mailbox) => (await rig.Store.Incoming.KnownUniqueIdsAsync(mailbox.Id, Rig.Timeout)).Hashes.Count;
}
