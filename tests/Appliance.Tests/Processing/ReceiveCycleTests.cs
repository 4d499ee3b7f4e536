using System.Security.Cryptography;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.Processing;

public sealed class ReceiveCycleTests
{
    [Fact]
    public async Task Stores_every_message_octet_for_octet_and_leaves_it_on_the_server()
    {
        await using Rig rig = await Rig.StartAsync();
        byte[][] messages = [.. Enumerable.Range(0, 50).Select(Message)];
        foreach (byte[] message in messages)
            rig.Lab.Deliver(rig.Lab.Mailboxes[0].Address, message);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);

        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((50, 50, 0), (report.Listed, report.Stored, report.Deleted));
        Assert.Equal(50, rig.Lab.Mailboxes[0].MessageCount);
        IReadOnlyList<Email> emails = await rig.EmailsAsync(mailbox);
        Assert.Equal(messages.Select(Hash), emails.Select(email => email.Sha256));
        Assert.Equal(messages[7], await rig.ContentAsync(emails[7].Id));
        Assert.Equal("Message 7", emails[7].Headers.Subject);
    }

    [Fact]
    public async Task Fetches_only_what_is_new()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 20 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        rig.Lab.DeliverGenerated(mailbox.EmailAddress, 3);

        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((23, 3), (report.Listed, report.Stored));
        Assert.Equal(23, rig.Lab.Journal.Count("RETR"));
    }

    [Fact]
    public async Task An_empty_poll_asks_for_nothing_but_the_unique_ids()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 5 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        int before = rig.Lab.Journal.Entries.Count;

        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        string[] commands = [.. rig.Lab.Journal.Entries.Skip(before).Select(entry => entry.Line.Split(' ')[0]).Where(verb => verb.All(char.IsAsciiLetterUpper))];
        Assert.Equal(["CAPA", "AUTH", "UIDL", "QUIT"], commands);
    }

    [Fact]
    public async Task Deletes_on_the_server_what_is_durable_here()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 10 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true });

        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((10, 10, 0), (report.Stored, report.Deleted, report.Unconfirmed));
        Assert.Equal(0, rig.Lab.Mailboxes[0].MessageCount);
        Assert.Equal(10, (await rig.EmailsAsync(mailbox)).Count);
    }

    [Fact]
    public async Task Deletes_once_the_days_on_the_server_are_over()
    {
        Microsoft.Extensions.Time.Testing.FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 4 }, clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { LeaveOnServerDays = 7 });

        Assert.Equal(0, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Deleted);
        clock.Advance(TimeSpan.FromDays(6));
        Assert.Equal(0, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Deleted);
        clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(4, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Deleted);
        Assert.Equal(0, rig.Lab.Mailboxes[0].MessageCount);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task Deletes_only_what_a_consumer_has_acknowledged_where_the_mailbox_says_so(int days)
    {
        Microsoft.Extensions.Time.Testing.FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 4 }, clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with
        {
            DeleteEmailsAfterProcessing = days == 0, LeaveOnServerDays = days == 0 ? null : days, DeleteOnlyAcknowledged = true,
        });
        Assert.Equal((4, 0), await ReceiveAsync());
        EmailId[] emails = [.. (await rig.EmailsAsync(mailbox)).Select(email => email.Id)];
        await rig.Store.Emails.AcknowledgeAsync(emails[..2], clock.GetUtcNow(), Rig.Timeout);
        if (days > 0)
            Assert.Equal((0, 0), await ReceiveAsync());
        clock.Advance(TimeSpan.FromDays(days));

        // QUIT is not answered, and so nothing is deleted yet.
        rig.Lab.Misbehave(Misbehaviour.Disconnect("QUIT"));
        Assert.Equal((0, 0), await ReceiveAsync());
        rig.Lab.Misbehave();
        Assert.Equal(4, rig.Lab.Mailboxes[0].MessageCount);
        Assert.Equal((0, 2), await ReceiveAsync());
        Assert.Equal((0, 0), await ReceiveAsync());
        await rig.Store.Emails.AcknowledgeAsync(emails, clock.GetUtcNow(), Rig.Timeout);

        Assert.Equal((0, 2), await ReceiveAsync());
        Assert.Equal(0, rig.Lab.Mailboxes[0].MessageCount);
        Assert.Equal(4, (await rig.EmailsAsync(mailbox)).Count);

        async Task<(int Stored, int Deleted)> ReceiveAsync()
        {
            ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
            return (report.Stored, report.Deleted);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lost_answer_to_QUIT_deletes_later_and_stores_nothing_twice(bool isUpdateDone)
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 5 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
        rig.Lab.Misbehave(isUpdateDone ? Misbehaviour.DisconnectAfter("QUIT") : Misbehaviour.Disconnect("QUIT"));

        ReceiveReport first = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        rig.Lab.Misbehave();
        ReceiveReport second = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((5, 0, 5), (first.Stored, first.Deleted, first.Unconfirmed));
        Assert.Equal((0, isUpdateDone ? 0 : 5), (second.Stored, second.Deleted));
        Assert.Equal(0, rig.Lab.Mailboxes[0].MessageCount);
        Assert.Equal(5, (await rig.EmailsAsync(mailbox)).Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3000)]
    public async Task A_line_cut_in_the_middle_of_a_message_keeps_what_was_whole_and_deletes_nothing(int octets)
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 8, MessageOctets = 4096 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
        rig.Lab.Misbehave(Misbehaviour.CutContent(Outcome.Reset, octets, message: 5));

        await Assert.ThrowsAnyAsync<IOException>(() => rig.Receive.RunAsync(mailbox, profile, Rig.Timeout));
        Assert.Equal(4, (await rig.EmailsAsync(mailbox)).Count);
        Assert.Equal(8, rig.Lab.Mailboxes[0].MessageCount);

        rig.Lab.Misbehave();
        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        Assert.Equal((4, 8), (report.Stored, report.Deleted));
        IReadOnlyList<Email> emails = await rig.EmailsAsync(mailbox);
        Assert.Equal(8, emails.Select(email => email.Sha256).Distinct().Count());
        Assert.Equal(8, emails.Count);
    }

    [Fact]
    public async Task P_15_a_refused_message_is_that_messages_trouble_and_is_asked_for_again()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 5 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        rig.Lab.Misbehave(Misbehaviour.Reply("RETR", "-ERR cannot read message") with { Argument = "RETR 3" });

        ReceiveReport first = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        rig.Lab.Misbehave();
        ReceiveReport second = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((4, 1), (first.Stored, first.Refused));
        Assert.Equal((1, 0), (second.Stored, second.Refused));
    }

    [Fact]
    public async Task A_message_over_the_limit_is_recorded_with_its_headers_and_never_deleted()
    {
        await using Rig rig = await Rig.StartAsync();
        string address = rig.Lab.Mailboxes[0].Address;
        rig.Lab.Deliver(address, Message(1));
        rig.Lab.Deliver(address, Encoding.ASCII.GetBytes("Subject: huge\r\nFrom: a@example.test\r\n\r\n" + new string('x', 200_000) + "\r\n"));
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { MaximumMessageSize = 100_000, DeleteEmailsAfterProcessing = true });

        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((1, 1, 1), (report.Stored, report.TooLarge, report.Deleted));
        Email recorded = Assert.Single(await rig.EmailsAsync(mailbox), email => email.State == EmailState.HeadersOnly);
        Assert.Equal("huge", recorded.Headers.Subject);
        Assert.Equal(1, rig.Lab.Mailboxes[0].MessageCount);
        Assert.Equal("message-too-large", Assert.Single(await rig.AlertsAsync(AlertSubject.Of(recorded.Id))).Code);
        Assert.Equal(1, rig.Lab.Journal.Count("RETR"));
    }

    [Theory]
    [InlineData(UniqueIdStyle.Empty)]
    [InlineData(UniqueIdStyle.AllTheSame)]
    public async Task Messages_whose_unique_ids_tell_nothing_are_recognised_by_their_content(UniqueIdStyle style)
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 5, Script = [Misbehaviour.UniqueIds(style)] });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);

        Assert.Equal(5, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
        Assert.Equal(0, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
        Assert.Equal(5, (await rig.EmailsAsync(mailbox)).Count);
    }

    [Fact]
    public async Task P_10_a_server_without_UIDL_is_served_by_content()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 5, Script = [Misbehaviour.Without("UIDL")] });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true });

        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((5, 5), (report.Stored, report.Deleted));
        Assert.Equal(0, rig.Lab.Mailboxes[0].MessageCount);
    }

    [Fact]
    public async Task P_08_of_two_messages_with_one_unique_id_both_are_stored_before_either_is_deleted()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 1, Script = [Misbehaviour.UniqueIds(UniqueIdStyle.AllTheSame)] });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { LeaveOnServerDays = 1 });
        Assert.Equal(1, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
        rig.Lab.DeliverGenerated(mailbox.EmailAddress, 1);

        ReceiveReport report = await rig.Receive.RunAsync(mailbox with { LeaveOnServerDays = 0 }, profile, Rig.Timeout);

        Assert.Equal((1, 2), (report.Stored, report.Deleted));
        Assert.Equal(2, (await rig.EmailsAsync(mailbox)).Count);
        Assert.Equal(0, rig.Lab.Mailboxes[0].MessageCount);
    }

    [Theory]
    [InlineData("")]
    [InlineData("TOP")]
    public async Task What_came_before_Process_Email_From_is_neither_fetched_nor_deleted(string without)
    {
        LabOptions options = new() { MessagesPerMailbox = 0, Script = without.Length > 0 ? [Misbehaviour.Without(without)] : [] };
        await using Rig rig = await Rig.StartAsync(options);
        string address = rig.Lab.Mailboxes[0].Address;
        rig.Lab.Deliver(address, Dated("old", "Mon, 02 Feb 2026 10:00:00 +0000", "Sun, 01 Mar 2026 00:00:00 +0000"));
        rig.Lab.Deliver(address, Dated("new", "Mon, 02 Mar 2026 10:00:00 +0000", "Thu, 01 Jan 1998 00:00:00 +0000"));
        rig.Lab.Deliver(address, Encoding.ASCII.GetBytes("Subject: undated\r\n\r\n"));
        EmailServerProfile profile = await rig.AddProfileAsync(profile => profile with { ProcessEmailsReceivedAfter = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) });
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with
        {
            ProcessEmailsReceivedAfter = new(2026, 2, 15, 0, 0, 0, TimeSpan.Zero),
            DeleteEmailsAfterProcessing = true,
        });

        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        ReceiveReport second = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal(["new", "undated"], (await rig.EmailsAsync(mailbox)).Select(email => email.Headers.Subject));
        Assert.Equal((1, 0, 0), (second.Listed, second.Stored, second.Deleted));
    }

    private static byte[] Dated(string subject, string received, string date) => Encoding.ASCII.GetBytes(
        $"Received: from a by b\r\n\tfor <c>;\r\n {received}\r\nReceived: from x by a; Fri, 02 Jan 1970 00:00:00 +0000\r\nDate: {date}\r\nSubject: {subject}\r\n\r\nbody\r\n");

    private static byte[] Message(int number) => Encoding.Latin1.GetBytes(
        $"From: a@example.test\r\nSubject: Message {number}\r\n\r\n.\r\n..two dots\r\n8-bit \u00e9\u00ff\r\n{new string('.', number)}\r\n");

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
