using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Tests.Processing;
using EmailSync.Lab;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmailSync.Appliance.Tests.Scheduling;

/// <summary>A huge maildrop is taken in slices, and makes room between them.</summary>
public sealed class SliceTests
{
    [Fact]
    public async Task A_neighbour_of_a_huge_maildrop_waits_for_one_slice_where_there_is_one_connection_for_both()
    {
        const int Huge = 50_000;
        await using Rig rig = await Rig.StartAsync(new() { Mailboxes = 2, MessagesPerMailbox = 0, MessageOctets = 500, RecordCommands = false });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox huge = await rig.AddMailboxAsync(profile, number: 1);
        Mailbox neighbour = await rig.AddMailboxAsync(profile, number: 2);
        rig.Lab.DeliverGenerated(huge.EmailAddress, Huge);
        rig.Lab.DeliverGenerated(neighbour.EmailAddress, 5);
        using MailboxScheduler scheduler = new(
            rig.Store, rig.Worker.RunAsync, rig.Pool.MakeRoomAsync, new() { MaxConnections = 1, MaxConnectionsPerHost = 1 }, rig.Clock, NullLogger<MailboxScheduler>.Instance);

        await scheduler.StartAsync(Rig.Timeout);
        await rig.Lab.Journal.WhenAsync(journal => journal.Count("RETR") >= Huge + 5 && journal.ConnectionsOpen == 0, Rig.Timeout);
        await scheduler.StopAsync(Rig.Timeout);

        // Ids follow the order in which emails became durable.
        Assert.All(await rig.EmailsAsync(neighbour), email => Assert.InRange(email.Id.Value, 1001, 1005));
        Assert.Equal(Huge + 5, await rig.Store.Emails.CountAsync(new(), Rig.Timeout));
        Assert.Equal(1, rig.Lab.Journal.PeakConnections);
        Assert.InRange(rig.Lab.Journal.SignIns, 50, 52);
    }

    [Fact]
    public async Task What_a_slice_stored_is_confirmed_before_the_next_begins()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 25 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
        LeasedReceive cycle = rig.ReceiveThrough(rig.Store, new(Messages: 10));

        ReceiveReport first = await cycle.RunAsync(mailbox, profile, Rig.Timeout);
        rig.Lab.Misbehave(Misbehaviour.CutContent(Outcome.Reset, 10, message: 3));
        await Assert.ThrowsAnyAsync<IOException>(() => cycle.RunAsync(mailbox, profile, Rig.Timeout));

        Assert.Equal((10, 10, true), (first.Stored, first.Deleted, first.HasMore));
        Assert.Equal(15, rig.Lab.Mailboxes[0].MessageCount);
        rig.Lab.Misbehave();
        Assert.True((await cycle.RunAsync(mailbox, profile, Rig.Timeout)).HasMore);
        Assert.False((await cycle.RunAsync(mailbox, profile, Rig.Timeout)).HasMore);
        Assert.Equal((25, 0), ((await rig.EmailsAsync(mailbox)).Count, rig.Lab.Mailboxes[0].MessageCount));
    }

    [Fact]
    public async Task A_slice_is_counted_in_octets_too_and_takes_a_message_larger_than_itself()
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        for (int number = 1; number <= 4; number++)
            rig.Lab.Deliver(mailbox.EmailAddress, Encoding.ASCII.GetBytes($"Subject: {number}\r\n\r\n{new string('x', 8_000)}\r\n"));
        LeasedReceive cycle = rig.ReceiveThrough(rig.Store, new(Octets: 5_000));

        for (int slice = 1; slice <= 4; slice++)
        {
            ReceiveReport report = await cycle.RunAsync(mailbox, profile, Rig.Timeout);
            Assert.Equal((1, slice < 4), (report.Stored, report.HasMore));
        }
    }

    [Fact]
    public async Task What_has_to_be_retrieved_again_each_time_never_keeps_what_lies_behind_it_waiting()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 5, Script = [Misbehaviour.Without("UIDL"), Misbehaviour.Without("TOP")] });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        LeasedReceive cycle = rig.ReceiveThrough(rig.Store, new(Messages: 2));

        Assert.Equal((2, true), await RunAsync());
        Assert.Equal((2, true), await RunAsync());
        Assert.Equal((1, false), await RunAsync());
        Assert.Equal((0, false), await RunAsync());

        async Task<(int, bool)> RunAsync() => await cycle.RunAsync(mailbox, profile, Rig.Timeout) is { } report ? (report.Stored, report.HasMore) : default;
    }

    [Fact]
    public async Task A_mailbox_of_which_more_is_left_is_due_at_once()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 1500, MessageOctets = 500, RecordCommands = false }, new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow));
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);

        WorkOutcome first = await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        WorkOutcome second = await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);

        Assert.Equal(rig.Clock.GetUtcNow(), first.Next!.Value.NextPollAt);
        Assert.True(second.Next!.Value.NextPollAt >= rig.Clock.GetUtcNow() + profile.MinPollingInterval);
        Assert.Equal(1500, (await rig.ReadAsync(mailbox)).State.MessagesReceived);
    }
}
