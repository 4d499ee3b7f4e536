using System.Globalization;
using System.Net.Sockets;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Lab;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>Servers whose unique-ids break RFC 1939 section 7: nothing is lost for it, and nothing is stored twice.</summary>
public sealed class UniqueIdTroubleTests
{
    private static readonly Misbehaviour[] Numbers = [Misbehaviour.UniqueIds(UniqueIdStyle.MessageNumber)];

    [Theory]
    [InlineData(1, true), InlineData(3, true), InlineData(1, false)]
    public async Task Where_unique_ids_are_message_numbers_what_comes_after_a_deletion_of_ours_is_fetched(int messages, bool hasTop)
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 0, Script = hasTop ? Numbers : [.. Numbers, Misbehaviour.Without("TOP")] });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
        for (int round = 1; round <= 3; round++)
        {
            rig.Lab.DeliverGenerated(mailbox.EmailAddress, messages);
            ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

            Assert.Equal((messages, messages), (report.Stored, report.Deleted));
            Assert.Equal(round * messages, (await rig.EmailsAsync(mailbox)).Count);
        }
    }

    [Fact]
    public async Task Where_unique_ids_are_message_numbers_another_clients_deletions_lose_nothing()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 5, Script = Numbers });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        Assert.Equal(5, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
        await DeleteAsync(rig, mailbox, 1, 2);
        rig.Lab.DeliverGenerated(mailbox.EmailAddress, 2);

        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((5, 2), (report.Listed, report.Stored));
        Assert.Equal(7, (await rig.EmailsAsync(mailbox)).Select(email => email.Sha256).Distinct().Count());
    }

    [Fact]
    public async Task Where_unique_ids_are_message_numbers_and_nothing_changed_no_message_is_retrieved()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 5, Script = Numbers });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((5, 0), (report.Listed, report.Stored));
        Assert.Equal(5, rig.Lab.Journal.Count("RETR"));
        Assert.Null((await rig.EmailsAsync(mailbox))[0].UniqueId);
    }

    [Fact]
    public async Task Where_unique_ids_are_message_numbers_mail_leaves_the_server_once_its_days_are_over()
    {
        Microsoft.Extensions.Time.Testing.FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 3, Script = Numbers }, clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { LeaveOnServerDays = 7 });
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        clock.Advance(TimeSpan.FromDays(5));
        rig.Lab.DeliverGenerated(mailbox.EmailAddress, 1);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        clock.Advance(TimeSpan.FromDays(3));

        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((0, 3), (report.Stored, report.Deleted));
        Assert.Equal(1, rig.Lab.Mailboxes[0].MessageCount);
    }

    [Fact]
    public async Task Messages_with_the_same_header_and_size_are_told_apart_by_their_content()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 0, Script = Numbers });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        foreach (string body in (string[])["one", "two"])
        {
            // With a Message-ID as well: a machine that numbers nothing.
            rig.Lab.Deliver(mailbox.EmailAddress, Encoding.ASCII.GetBytes($"Subject: alarm\r\n\r\n{body}\r\n"));
            rig.Lab.Deliver(mailbox.EmailAddress, Encoding.ASCII.GetBytes($"Message-ID: <same@example.com>\r\n\r\n{body}\r\n"));
        }

        Assert.Equal(4, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
        rig.Lab.Deliver(mailbox.EmailAddress, "Subject: alarm\r\n\r\nsix\r\n"u8);
        Assert.Equal(1, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
        Assert.Equal(0, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
    }

    [Theory]
    [InlineData(UniqueIdStyle.AllTheSame)]
    [InlineData(UniqueIdStyle.Empty)]
    public async Task Where_unique_ids_tell_nothing_what_comes_later_is_fetched(UniqueIdStyle style)
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 2, Script = [Misbehaviour.UniqueIds(style)] });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        rig.Lab.DeliverGenerated(mailbox.EmailAddress, 1);

        Assert.Equal(1, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
        Assert.Equal(0, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
        Assert.Equal(3, rig.Lab.Journal.Count("RETR"));
    }

    [Fact]
    public async Task When_a_server_turns_to_proper_unique_ids_nothing_is_stored_twice()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 4, Script = Numbers });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        rig.Lab.Misbehave();
        rig.Lab.DeliverGenerated(mailbox.EmailAddress, 1);

        Assert.Equal(1, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
        rig.Lab.Misbehave(Numbers);
        Assert.Equal(0, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 5)]
    public async Task P_09_after_the_server_reset_its_unique_ids_old_messages_are_recognised_and_new_ones_stored(int oneIn, int recognised)
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 10 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        rig.Lab.Misbehave(Misbehaviour.ResetUniqueIds(1, oneIn));
        rig.Lab.DeliverGenerated(mailbox.EmailAddress, 3);

        ReceiveReport first = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        long retrieved = rig.Lab.Journal.Count("RETR");
        ReceiveReport second = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((3, recognised), (first.Stored, first.Recognised));
        Assert.Equal((0, 0, retrieved), (second.Stored, second.Recognised, rig.Lab.Journal.Count("RETR")));
        Assert.Equal(13, (await rig.EmailsAsync(mailbox)).Count);
        Alert alert = Assert.Single(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id)));
        Assert.Equal("unique-ids-reset", alert.Code);
        Assert.Contains(recognised.ToString(CultureInfo.InvariantCulture), alert.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reset_that_is_cut_off_in_the_middle_is_a_reset_still()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 10 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        for (int message = 3; message <= 9; message += 3)
        {
            rig.Lab.DeliverGenerated(mailbox.EmailAddress, 1);
            rig.Lab.Misbehave(Misbehaviour.ResetUniqueIds(1), Misbehaviour.CutContent(Outcome.Reset, 10, message));
            await Assert.ThrowsAnyAsync<IOException>(() => rig.Receive.RunAsync(mailbox, profile, Rig.Timeout));
        }

        rig.Lab.Misbehave(Misbehaviour.ResetUniqueIds(1));
        Assert.Equal(3, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
        Assert.Equal(13, (await rig.EmailsAsync(mailbox)).Count);
    }

    [Fact]
    public async Task A_reset_after_a_poll_that_was_cut_off_before_its_deletions_stores_nothing_twice()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 4 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
        rig.Lab.Misbehave(Misbehaviour.Reset("DELE"));
        await Assert.ThrowsAnyAsync<IOException>(() => rig.Receive.RunAsync(mailbox, profile, Rig.Timeout));
        rig.Lab.Misbehave(Misbehaviour.ResetUniqueIds(1));

        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((0, 4), (report.Stored, report.Deleted));
        Assert.Equal(4, (await rig.EmailsAsync(mailbox)).Count);
    }

    [Fact]
    public async Task Another_clients_deletions_are_no_reset()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 4 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        await DeleteAsync(rig, mailbox, 1, 2, 3, 4);
        rig.Lab.DeliverGenerated(mailbox.EmailAddress, 4);

        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((4, 0), (report.Stored, report.Recognised));
        Assert.Empty(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id)));
    }

    // Another client of the same maildrop.
    private static async Task DeleteAsync(Rig rig, Mailbox mailbox, params int[] numbers)
    {
        using TcpClient client = new("localhost", rig.Lab.PortOf(LabService.Pop3));
        await using Pop3Session session = await Pop3Session.OpenAsync(client.GetStream(), new() { AllowCleartextPasswords = true }, Rig.Timeout);
        LabMailbox account = rig.Lab.Mailboxes.Single(account => account.Address == mailbox.EmailAddress);
        await using Maildrop maildrop = await session.LogInAsync(account.Address, new(account.Password), cancellationToken: Rig.Timeout);
        await maildrop.DeleteAsync(numbers, Rig.Timeout);
        await maildrop.QuitAsync(Rig.Timeout);
    }
}
