using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Tests.Processing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Scheduling;

/// <summary>One count of connections over receiving, sending and tests: of a profile's credentials, of a host, of a mailbox.</summary>
public sealed class ConnectionCountTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Receiving_sending_and_tests_count_together_against_the_profile()
    {
        Agenda agenda = OfOneProfile(connections: 4);
        PlanAll(agenda, mailboxes: 10);

        Assert.Equal(4, DrawAll(agenda).Count);
    }

    [Fact]
    public void Each_kind_of_work_gets_its_turn_at_a_profile_that_is_always_full()
    {
        Agenda agenda = OfOneProfile(connections: 1);
        PlanAll(agenda, mailboxes: 10);

        List<Work> order = [];
        while (agenda.Draw(Noon) is { } due)
        {
            order.Add(due.Work);
            agenda.Complete(due, Noon, Verdict.Answered);
        }

        Assert.Equal(30, order.Count);
        Assert.All(order.Chunk(3), three => Assert.Equal(3, three.Distinct().Count()));
    }

    [Fact]
    public void Lanes_with_the_mailboxes_own_credentials_do_not_count_against_the_profile()
    {
        Agenda agenda = OfOneProfile(connections: 2);
        agenda.Configure(new(new(1), Work.Receive), new(100, "pop", 995));
        PlanAll(agenda, mailboxes: 10);

        Assert.Equal(2, DrawAll(agenda).Count(due => due.Work != Work.Receive));
    }

    [Fact]
    public void The_sending_half_of_a_test_counts_at_the_host_that_it_sends_through()
    {
        Agenda agenda = new(100, 3, new Random(1));
        agenda.Configure(new(new(1), Work.Test), new(100, "pop", 0) { SecondHost = "smtp" });
        agenda.Configure(new(new(1), Work.Send), new(100, "smtp", 465));
        for (int mailbox = 1; mailbox <= 3; mailbox++)
            agenda.Plan(new(new(mailbox), new(1), Work.Send), Noon);
        List<Due> sending = DrawAll(agenda);
        Due test = new(new(9), new(1), Work.Test);
        agenda.Plan(test, Noon);

        Assert.Null(agenda.Draw(Noon));
        agenda.Complete(sending[0], Noon, Verdict.Answered);
        Assert.Equal(test, agenda.Draw(Noon));

        agenda.Plan(new(new(4), new(1), Work.Send), Noon);
        Assert.Null(agenda.Draw(Noon));
        agenda.Complete(test, Noon, Verdict.Nothing);
        Assert.Equal(Work.Send, agenda.Draw(Noon)!.Value.Work);
    }

    [Fact]
    public void A_mailbox_that_may_have_one_connection_does_not_receive_while_it_sends()
    {
        Agenda agenda = new(100, 100, new Random(1));
        foreach (Work work in Enum.GetValues<Work>())
            agenda.Configure(new(new(1), work), new(100, "host", (int)work) { IsOneForEachMailbox = true });
        PlanAll(agenda, mailboxes: 1);

        for (int piece = 0; piece < 3; piece++)
        {
            Due only = Assert.Single(DrawAll(agenda));
            Assert.True(agenda.RoomBeside(only).IsOneForEachMailbox);
            agenda.Complete(only, Noon, Verdict.Answered);
        }
    }

    [Fact]
    public void What_the_limits_leave_is_the_room_for_sessions_that_wait()
    {
        Agenda agenda = OfOneProfile(connections: 4);
        agenda.Plan(new(new(1), new(1), Work.Send), Noon);
        agenda.Plan(new(new(2), new(1), Work.Receive), Noon);
        Due last = DrawAll(agenda)[^1];

        Room room = agenda.RoomBeside(last);

        Assert.Equal((98, 2), (room.OfAppliance, room.OfProfile));
        Assert.Equal(98, room.OfHosts["host"]);
    }

    [Fact]
    public async Task A_session_that_waits_is_closed_before_the_work_begins_that_there_would_be_no_room_for()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(new() { Mailboxes = 3, MessagesPerMailbox = 0 }, clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox[] mailboxes = [await rig.AddMailboxAsync(profile), await rig.AddMailboxAsync(profile, 2), await rig.AddMailboxAsync(profile, 3)];
        foreach (Mailbox mailbox in mailboxes)
        {
            await SubmitAsync(rig, mailbox);
            await rig.Send.RunAsync(mailbox, profile, Rig.Timeout);
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(3, rig.Lab.Journal.ConnectionsOpen);
        // The third mailbox's own session is the one that it sends through.
        await rig.Pool.MakeRoomAsync(mailboxes[2].Id, profile.Id, Work.Send, new(100, 1, false, new Dictionary<string, int>()));

        await rig.Lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 2, Rig.Timeout);
        Assert.Equal(1, rig.Lab.Journal.Count("QUIT"));
        await rig.Pool.MakeRoomAsync(mailboxes[1].Id, profile.Id, Work.Receive, new(100, null, true, new Dictionary<string, int>()));
        Assert.Equal(2, rig.Lab.Journal.Count("QUIT"));
        await rig.Pool.MakeRoomAsync(new(99), new(99), Work.Receive, new(100, null, false, new Dictionary<string, int> { ["localhost"] = 0 }));
        Assert.Equal(3, rig.Lab.Journal.Count("QUIT"));
    }

    [Fact]
    public async Task A_lab_server_never_sees_more_sessions_than_the_host_may_have_while_all_receive_send_and_are_tested()
    {
        const int Most = 4;
        const int Count = 24;
        await using Rig rig = await Rig.StartAsync(new() { Mailboxes = Count, MessagesPerMailbox = 2, MessageOctets = 400 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        List<Mailbox> mailboxes = [];
        for (int number = 1; number <= Count; number++)
        {
            Mailbox mailbox = await rig.AddMailboxAsync(profile, number);
            mailboxes.Add(mailbox);
            await SubmitAsync(rig, mailbox);
        }

        using MailboxScheduler scheduler = new(
            rig.Store, rig.Worker.RunAsync, rig.Pool.MakeRoomAsync, new() { MaxConnectionsPerHost = Most }, rig.Clock, NullLogger<MailboxScheduler>.Instance);
        await scheduler.StartAsync(Rig.Timeout);
        TestJobStatus job = rig.Tests.Start([.. mailboxes.Select(mailbox => mailbox.Id)], "somebody");
        foreach (Mailbox mailbox in mailboxes)
        {
            scheduler.Wake(mailbox.Id, Work.Send);
            scheduler.Wake(mailbox.Id, Work.Test);
        }

        // Each mailbox sends its email and its test message.
        await rig.Lab.Journal.WhenAsync(journal => journal.MessagesAccepted >= 2 * Count, Rig.Timeout);
        while (true)
        {
            Task changed = rig.Tests.Changed;
            if (rig.Tests.All.Single(status => status.Id == job.Id) is { State: TestJobState.Completed } ended)
            {
                Assert.Equal(Count, ended.Succeeded);
                break;
            }

            await changed.WaitAsync(Rig.Timeout);
        }

        await scheduler.StopAsync(Rig.Timeout);
        Assert.InRange(rig.Lab.Journal.PeakOfSessions(), 2, Most);
    }

    private static async Task SubmitAsync(Rig rig, Mailbox mailbox)
    {
        using MemoryStream content = new(Encoding.ASCII.GetBytes("Subject: hello\r\n\r\nhello\r\n"));
        await rig.Store.Outgoing.EnqueueAsync(new(mailbox.Id, mailbox.EmailAddress, ["somebody@elsewhere.example"]), content, Rig.Timeout);
    }

    private static Agenda OfOneProfile(int connections)
    {
        Agenda agenda = new(100, 100, new Random(1));
        foreach (Work work in Enum.GetValues<Work>())
            agenda.Configure(new(new(1), work), new(connections, "host", (int)work) { IsOfProfile = true });
        return agenda;
    }

    private static void PlanAll(Agenda agenda, int mailboxes)
    {
        // A mailbox's test would wait for its other work: each kind has mailboxes of its own, except where there is one.
        foreach (Work work in Enum.GetValues<Work>())
        {
            for (int mailbox = 1; mailbox <= mailboxes; mailbox++)
                agenda.Plan(new(new(mailboxes == 1 ? 1 : (100 * (int)work) + mailbox), new(1), work), Noon);
        }
    }

    private static List<Due> DrawAll(Agenda agenda)
    {
        List<Due> started = [];
        while (agenda.Draw(Noon) is { } due)
            started.Add(due);
        return started;
    }
}
