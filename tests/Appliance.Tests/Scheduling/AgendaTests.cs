using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;

namespace EmailSync.Appliance.Tests.Scheduling;

public sealed class AgendaTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Nothing_starts_before_it_is_due()
    {
        Agenda agenda = Plain(10, 10);
        agenda.Plan(Poll(1), Noon.AddMinutes(5));

        Assert.Null(agenda.Draw(Noon));
        Assert.Equal(Noon.AddMinutes(5), agenda.NextDue);
        Assert.Equal(Poll(1), agenda.Draw(Noon.AddMinutes(5)));
        Assert.Null(agenda.NextDue);
    }

    [Fact]
    public void What_is_planned_again_moves()
    {
        Agenda agenda = Plain(10, 10);
        agenda.Plan(Poll(1), Noon);
        agenda.Plan(Poll(1), Noon.AddMinutes(5));

        Assert.Null(agenda.Draw(Noon));
        Assert.Equal(Poll(1), agenda.Draw(Noon.AddMinutes(5)));
        Assert.Null(agenda.Draw(Noon.AddMinutes(5)));
    }

    [Fact]
    public void What_is_planned_again_while_it_waits_starts_once()
    {
        Agenda agenda = Plain(1, 10);
        agenda.Plan(Poll(1), Noon);
        agenda.Plan(Poll(2), Noon);
        Due running = agenda.Draw(Noon)!.Value;
        MailboxId waiting = running.Mailbox == new MailboxId(1) ? new(2) : new(1);
        agenda.Plan(Poll(waiting.Value), Noon);
        agenda.Complete(running, Noon, Verdict.Answered);

        Assert.Equal(waiting, agenda.Draw(Noon)!.Value.Mailbox);
        agenda.Complete(Poll(waiting.Value), Noon, Verdict.Answered);
        Assert.Null(agenda.Draw(Noon));
        Assert.Equal(0, agenda.Waiting);
    }

    [Fact]
    public void Work_that_is_woken_while_it_runs_runs_again_afterwards()
    {
        Agenda agenda = Plain(10, 10);
        agenda.Plan(Send(1), Noon);
        agenda.Draw(Noon);
        agenda.Plan(Send(1), Noon);

        Assert.Null(agenda.Draw(Noon));
        agenda.Complete(Send(1), Noon, Verdict.Answered);
        Assert.Equal(Send(1), agenda.Draw(Noon));
    }

    [Fact]
    public void Canceled_work_never_starts()
    {
        Agenda agenda = Plain(1, 10);
        agenda.Plan(Poll(1), Noon);
        agenda.Plan(Poll(2), Noon);
        Due first = agenda.Draw(Noon)!.Value;
        agenda.Cancel(new(1), Work.Receive);
        agenda.Cancel(new(2), Work.Receive);
        agenda.Complete(first, Noon, Verdict.Answered);

        Assert.Null(agenda.Draw(Noon));
        Assert.Equal(0, agenda.Planned);
        Assert.Equal(0, agenda.Waiting);
        Assert.Equal(0, agenda.Running);
    }

    [Fact]
    public void A_profile_with_a_thousand_due_mailboxes_does_not_hold_up_one_with_a_single_mailbox()
    {
        Agenda agenda = Plain(10, 10);
        for (int mailbox = 1; mailbox <= 1000; mailbox++)
            agenda.Plan(Poll(mailbox, profile: 1), Noon);
        agenda.Plan(Poll(2000, profile: 2), Noon);

        Due[] first = [agenda.Draw(Noon)!.Value, agenda.Draw(Noon)!.Value];

        Assert.Contains(Poll(2000, profile: 2), first);
    }

    [Fact]
    public void A_host_with_fifty_profiles_gets_no_more_turns_than_one_with_a_single_profile()
    {
        Agenda agenda = Plain(10, 10);
        for (int profile = 1; profile <= 51; profile++)
        {
            agenda.Configure(new(new(profile), Work.Receive), new(10, profile == 51 ? "small.example" : "large.example", 995));
            agenda.Plan(Poll(profile, profile), Noon);
            agenda.Plan(Poll(100 + profile, profile), Noon);
        }

        Due[] first = [.. Enumerable.Range(0, 4).Select(_ => agenda.Draw(Noon)!.Value)];

        Assert.Equal(2, first.Count(due => due.Profile.Value == 51));
    }

    [Fact]
    public void N_04_a_dead_host_delays_nobody_else()
    {
        Agenda agenda = Plain(10, 3);
        agenda.Configure(Polls(1), new(100, "dead.example", 995));
        agenda.Configure(Polls(2), new(100, "live.example", 995));
        for (int mailbox = 1; mailbox <= 100; mailbox++)
            agenda.Plan(Poll(mailbox, profile: 1), Noon);
        for (int mailbox = 201; mailbox <= 300; mailbox++)
            agenda.Plan(Poll(mailbox, profile: 2), Noon);

        int live = 0;
        while (agenda.Draw(Noon) is { } due)
        {
            // The dead host's sessions hang; the live host's end at once.
            if (due.Profile.Value != 2)
                continue;
            live++;
            agenda.Complete(due, Noon, Verdict.Answered);
        }

        Assert.Equal(100, live);
        Assert.Equal(3, agenda.Running);
    }

    [Fact]
    public void Slow_hosts_leave_places_for_the_others()
    {
        Agenda agenda = Plain(20, 20);
        for (int host = 1; host <= 4; host++)
        {
            agenda.Configure(Polls(host), new(100, $"slow{host}.example", 995));
            for (int mailbox = 0; mailbox < 100; mailbox++)
                agenda.Plan(Poll(host * 1000 + mailbox, host), Noon);
        }

        agenda.Configure(Polls(5), new(100, "quick.example", 995));
        while (agenda.Draw(Noon) is not null)
        {
        }

        agenda.Plan(Poll(1, 5), Noon);
        Assert.Equal(Poll(1, 5), agenda.Draw(Noon));
    }

    [Fact]
    public void The_only_server_gets_all_places_whatever_lanes_its_profile_has_besides()
    {
        Agenda agenda = new(6, 6, new Random(1));
        agenda.Configure(Polls(1), new(100, "only.example", 995));
        agenda.Configure(new(new(1), Work.Test), new(100, "only.example", 0));
        agenda.Configure(new(new(1), Work.Send), new(100, "", 0));
        for (int mailbox = 1; mailbox <= 10; mailbox++)
            agenda.Plan(Poll(mailbox), Noon);

        Assert.Equal(6, DrawAll(agenda, Noon));
    }

    [Fact]
    public void Limits_hold_for_the_lane_the_host_and_the_appliance()
    {
        Assert.Equal(2, StartedOf(100, profiles: 1, Plain(50, 50), _ => new(2, "h", 995)));
        Assert.Equal(5, StartedOf(100, profiles: 4, Plain(50, 5), profile => new(50, "h", 995 + profile)));
        Assert.Equal(7, StartedOf(100, profiles: 10, Plain(7, 50), profile => new(50, $"{profile}", 995)));
    }

    [Fact]
    public void A_test_waits_for_the_poll_and_the_poll_for_the_test()
    {
        Agenda agenda = Plain(10, 10);
        agenda.Plan(Poll(1), Noon);
        agenda.Draw(Noon);
        agenda.Plan(Test(1), Noon);
        Assert.Null(agenda.Draw(Noon));

        agenda.Complete(Poll(1), Noon, Verdict.Answered);
        Assert.Equal(Test(1), agenda.Draw(Noon));
        agenda.Plan(Poll(1), Noon);
        Assert.Null(agenda.Draw(Noon));

        agenda.Complete(Test(1), Noon, Verdict.Answered);
        Assert.Equal(Poll(1), agenda.Draw(Noon));
    }

    [Fact]
    public void Polling_and_sending_of_one_mailbox_run_side_by_side()
    {
        Agenda agenda = Plain(10, 10);
        agenda.Plan(Poll(1), Noon);
        agenda.Plan(Send(1), Noon);

        Assert.NotNull(agenda.Draw(Noon));
        Assert.NotNull(agenda.Draw(Noon));
    }

    [Fact]
    public void A_server_that_fails_three_times_is_held_back_for_all_profiles_and_tried_with_one_session_at_a_time()
    {
        Agenda agenda = Plain(10, 10);
        for (int profile = 1; profile <= 5; profile++)
        {
            agenda.Configure(Polls(profile), new(10, "h", 995));
            agenda.Plan(Poll(profile, profile), Noon);
            agenda.Plan(Poll(10 + profile, profile), Noon);
        }

        TimeSpan pause = FailThrice(agenda, Verdict.ServerFailed);
        Assert.Null(agenda.Draw(Noon));
        Assert.Equal(Noon + pause, agenda.NextTrial);

        DateTimeOffset later = Noon + pause;
        Due trial = agenda.Draw(later)!.Value;
        Assert.Null(agenda.Draw(later));
        // Still away: it is left alone for longer.
        Assert.True(agenda.Complete(trial, later, Verdict.ServerFailed) > pause);

        later = agenda.NextTrial!.Value;
        agenda.Complete(agenda.Draw(later)!.Value, later, Verdict.Answered);
        // Back: approached from few sessions up, not by all who waited.
        Assert.Equal(2, DrawAll(agenda, later));
        Assert.Null(agenda.NextTrial);
    }

    [Fact]
    public void What_fails_for_one_profile_alone_holds_back_that_profile_alone()
    {
        Agenda agenda = Plain(10, 10);
        agenda.Configure(Polls(1), new(1, "h", 995));
        agenda.Configure(Polls(2), new(1, "h", 995));
        for (int mailbox = 1; mailbox <= 4; mailbox++)
            agenda.Plan(Poll(mailbox, 1), Noon);

        FailThrice(agenda, Verdict.ProfileFailed);
        agenda.Plan(Poll(9, 2), Noon);

        Assert.Equal(Poll(9, 2), agenda.Draw(Noon));
        Assert.Null(agenda.Draw(Noon));
        agenda.Reopen(Polls(1));
        Assert.Equal(1, agenda.Draw(Noon)!.Value.Profile.Value);
    }

    [Fact]
    public void A_server_that_throttles_gets_half_as_many_sessions_once_for_a_wave_of_refusals()
    {
        Agenda agenda = Plain(100, 100);
        agenda.Configure(Polls(1), new(100, "h", 995));
        for (int mailbox = 1; mailbox <= 100; mailbox++)
            agenda.Plan(Poll(mailbox), Noon);
        List<Due> wave = [];
        while (agenda.Draw(Noon) is { } due)
            wave.Add(due);
        Assert.Equal(8, wave.Count);

        foreach (Due due in wave)
            agenda.Complete(due, Noon, Verdict.Throttled);

        Assert.Equal(4, DrawAll(agenda, Noon));
    }

    [Fact]
    public void A_start_is_no_stampede_sessions_grow_with_those_that_go_well()
    {
        Agenda agenda = Plain(100, 100);
        agenda.Configure(Polls(1), new(100, "h", 995));
        for (int mailbox = 1; mailbox <= 100; mailbox++)
            agenda.Plan(Poll(mailbox), Noon);
        List<Due> wave = [];
        while (agenda.Draw(Noon) is { } due)
            wave.Add(due);
        foreach (Due due in wave)
            agenda.Complete(due, Noon, Verdict.Answered);

        Assert.Equal(16, DrawAll(agenda, Noon));
    }

    [Fact]
    public void A_server_whose_polling_is_held_back_still_sends_and_tests()
    {
        Agenda agenda = Plain(10, 10);
        agenda.Configure(Polls(1), new(1, "h", 995));
        agenda.Configure(new(new(1), Work.Send), new(1, "h", 465));
        agenda.Configure(new(new(1), Work.Test), new(1, "h", 0));
        for (int mailbox = 11; mailbox <= 14; mailbox++)
            agenda.Plan(Poll(mailbox), Noon);
        FailThrice(agenda, Verdict.ServerFailed);
        agenda.Plan(Send(2), Noon);
        agenda.Plan(Test(3), Noon);

        Due[] started = [agenda.Draw(Noon)!.Value, agenda.Draw(Noon)!.Value];
        Assert.Equal([Send(2), Test(3)], started.OrderBy(due => due.Mailbox.Value));
        Assert.Null(agenda.Draw(Noon));
    }

    [Fact]
    public void A_profile_that_moves_to_another_server_takes_its_waiting_mailboxes_along()
    {
        Agenda agenda = Plain(10, 10);
        agenda.Configure(Polls(1), new(1, "dead", 995));
        for (int mailbox = 1; mailbox <= 4; mailbox++)
            agenda.Plan(Poll(mailbox), Noon);
        FailThrice(agenda, Verdict.ServerFailed);
        Assert.Null(agenda.Draw(Noon));

        agenda.Configure(Polls(1), new(1, "live", 995));

        Assert.NotNull(agenda.Draw(Noon));
    }

    [Fact]
    public void Late_is_what_has_waited_too_long()
    {
        Agenda agenda = Plain(1, 1);
        agenda.Plan(Poll(1), Noon);
        agenda.Plan(Poll(2), Noon.AddSeconds(1));
        agenda.Plan(Poll(3), Noon.AddSeconds(50));
        agenda.Plan(Poll(4), Noon.AddHours(1));
        agenda.Draw(Noon.AddSeconds(70));

        Assert.Equal(1, agenda.CountLate(Noon.AddSeconds(10)));
        Assert.Equal(Noon.AddSeconds(1), agenda.WaitingSince);
        Assert.Null(Plain(1, 1).WaitingSince);
    }

    private static Agenda Plain(int limit, int hostLimit)
    {
        Agenda agenda = new(limit, hostLimit, new Random(1));
        foreach (Work work in Enum.GetValues<Work>())
            agenda.Configure(new(new(1), work), new(100, "example", (int)work));
        return agenda;
    }

    private static TimeSpan FailThrice(Agenda agenda, Verdict verdict)
    {
        TimeSpan? pause = null;
        for (int failure = 0; failure < 3; failure++)
            pause = agenda.Complete(agenda.Draw(Noon)!.Value, Noon, verdict);
        return pause!.Value;
    }

    private static int DrawAll(Agenda agenda, DateTimeOffset now)
    {
        int started = 0;
        while (agenda.Draw(now) is not null)
            started++;
        return started;
    }

    private static int StartedOf(int mailboxes, int profiles, Agenda agenda, Func<int, LaneLimits> limits)
    {
        for (int profile = 1; profile <= profiles; profile++)
            agenda.Configure(Polls(profile), limits(profile));
        for (int mailbox = 1; mailbox <= mailboxes; mailbox++)
            agenda.Plan(Poll(mailbox, profile: 1 + mailbox % profiles), Noon);
        return DrawAll(agenda, Noon);
    }

    private static Lane Polls(long profile) => new(new(profile), Work.Receive);

    private static Due Poll(long mailbox, long profile = 1) => new(new(mailbox), new(profile), Work.Receive);

    private static Due Send(long mailbox) => new(new(mailbox), new(1), Work.Send);

    private static Due Test(long mailbox) => new(new(mailbox), new(1), Work.Test);
}
