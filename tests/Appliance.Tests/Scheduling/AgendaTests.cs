using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;

namespace EmailSync.Appliance.Tests.Scheduling;

public sealed class AgendaTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Nothing_starts_before_it_is_due()
    {
        Agenda agenda = new(limit: 10, hostLimit: 10);
        agenda.Plan(Poll(1), Noon.AddMinutes(5));

        Assert.Null(agenda.Draw(Noon, Unlimited));
        Assert.Equal(Noon.AddMinutes(5), agenda.NextDue);
        Assert.Equal(Poll(1), agenda.Draw(Noon.AddMinutes(5), Unlimited));
        Assert.Null(agenda.NextDue);
    }

    [Fact]
    public void What_is_planned_again_moves()
    {
        Agenda agenda = new(limit: 10, hostLimit: 10);
        agenda.Plan(Poll(1), Noon);
        agenda.Plan(Poll(1), Noon.AddMinutes(5));

        Assert.Null(agenda.Draw(Noon, Unlimited));
        Assert.Equal(Poll(1), agenda.Draw(Noon.AddMinutes(5), Unlimited));
        Assert.Null(agenda.Draw(Noon.AddMinutes(5), Unlimited));
    }

    [Fact]
    public void What_is_planned_again_while_it_waits_starts_once()
    {
        Agenda agenda = new(limit: 1, hostLimit: 10);
        agenda.Plan(Poll(1), Noon);
        agenda.Plan(Poll(2), Noon);
        Due running = agenda.Draw(Noon, Unlimited)!.Value;
        MailboxId waiting = running.Mailbox == new MailboxId(1) ? new(2) : new(1);
        agenda.Plan(Poll(waiting.Value), Noon);
        agenda.Complete(running);

        Assert.Equal(waiting, agenda.Draw(Noon, Unlimited)!.Value.Mailbox);
        agenda.Complete(Poll(waiting.Value));
        Assert.Null(agenda.Draw(Noon, Unlimited));
        Assert.Equal(0, agenda.Waiting);
    }

    [Fact]
    public void Work_that_is_woken_while_it_runs_runs_again_afterwards()
    {
        Agenda agenda = new(limit: 10, hostLimit: 10);
        agenda.Plan(Send(1), Noon);
        agenda.Draw(Noon, Unlimited);
        agenda.Plan(Send(1), Noon);

        Assert.Null(agenda.Draw(Noon, Unlimited));
        agenda.Complete(Send(1));
        Assert.Equal(Send(1), agenda.Draw(Noon, Unlimited));
    }

    [Fact]
    public void Canceled_work_never_starts()
    {
        Agenda agenda = new(limit: 1, hostLimit: 10);
        agenda.Plan(Poll(1), Noon);
        agenda.Plan(Poll(2), Noon);
        Due first = agenda.Draw(Noon, Unlimited)!.Value;
        agenda.Cancel(new(1), Work.Receive);
        agenda.Cancel(new(2), Work.Receive);
        agenda.Complete(first);

        Assert.Null(agenda.Draw(Noon, Unlimited));
        Assert.Equal(0, agenda.Planned);
        Assert.Equal(0, agenda.Waiting);
        Assert.Equal(0, agenda.Running);
    }

    [Fact]
    public void A_profile_with_a_thousand_due_mailboxes_does_not_hold_up_one_with_a_single_mailbox()
    {
        Agenda agenda = new(limit: 10, hostLimit: 10);
        for (int mailbox = 1; mailbox <= 1000; mailbox++)
            agenda.Plan(Poll(mailbox, profile: 1), Noon);
        agenda.Plan(Poll(2000, profile: 2), Noon);

        Due[] first = [agenda.Draw(Noon, Unlimited)!.Value, agenda.Draw(Noon, Unlimited)!.Value];

        Assert.Contains(Poll(2000, profile: 2), first);
    }

    [Fact]
    public void A_dead_host_delays_nobody_else()
    {
        Agenda agenda = new(limit: 10, hostLimit: 3);
        LaneLimits Limits(Lane lane) => new(100, lane.Profile.Value == 1 ? "dead.example" : "live.example");
        for (int mailbox = 1; mailbox <= 100; mailbox++)
            agenda.Plan(Poll(mailbox, profile: 1), Noon);
        for (int mailbox = 201; mailbox <= 300; mailbox++)
            agenda.Plan(Poll(mailbox, profile: 2), Noon);

        int live = 0;
        while (agenda.Draw(Noon, Limits) is { } due)
        {
            // The dead host's sessions hang; the live host's end at once.
            if (due.Profile.Value != 2)
                continue;
            live++;
            agenda.Complete(due);
        }

        Assert.Equal(100, live);
        Assert.Equal(3, agenda.Running);
    }

    [Fact]
    public void Limits_hold_for_the_lane_the_host_and_the_appliance()
    {
        Assert.Equal(2, StartedOf(100, profiles: 1, new(limit: 50, hostLimit: 50), _ => new(2, "h")));
        Assert.Equal(5, StartedOf(100, profiles: 4, new(limit: 50, hostLimit: 5), _ => new(50, "h")));
        Assert.Equal(7, StartedOf(100, profiles: 4, new(limit: 7, hostLimit: 50), lane => new(50, lane.Profile.ToString())));
    }

    [Fact]
    public void A_test_waits_for_the_poll_and_the_poll_for_the_test()
    {
        Agenda agenda = new(limit: 10, hostLimit: 10);
        agenda.Plan(Poll(1), Noon);
        agenda.Draw(Noon, Unlimited);
        agenda.Plan(Test(1), Noon);
        Assert.Null(agenda.Draw(Noon, Unlimited));

        agenda.Complete(Poll(1));
        Assert.Equal(Test(1), agenda.Draw(Noon, Unlimited));
        agenda.Plan(Poll(1), Noon);
        Assert.Null(agenda.Draw(Noon, Unlimited));

        agenda.Complete(Test(1));
        Assert.Equal(Poll(1), agenda.Draw(Noon, Unlimited));
    }

    [Fact]
    public void Polling_and_sending_of_one_mailbox_run_side_by_side()
    {
        Agenda agenda = new(limit: 10, hostLimit: 10);
        agenda.Plan(Poll(1), Noon);
        agenda.Plan(Send(1), Noon);

        Assert.NotNull(agenda.Draw(Noon, Unlimited));
        Assert.NotNull(agenda.Draw(Noon, Unlimited));
    }

    [Fact]
    public void A_suspended_lane_is_tried_with_one_mailbox_and_opens_when_that_succeeds()
    {
        Agenda agenda = new(limit: 10, hostLimit: 10);
        Lane lane = new(new(1), Work.Receive);
        for (int mailbox = 1; mailbox <= 5; mailbox++)
            agenda.Plan(Poll(mailbox), Noon);
        agenda.Suspend(lane, Noon.AddMinutes(1));
        Assert.Null(agenda.Draw(Noon, Unlimited));
        Assert.Equal(Noon.AddMinutes(1), agenda.NextTrial(Noon));

        DateTimeOffset later = Noon.AddMinutes(1);
        Due trial = agenda.Draw(later, Unlimited)!.Value;
        Assert.Null(agenda.Draw(later, Unlimited));

        agenda.Complete(trial);
        agenda.Resume(lane);
        Assert.NotNull(agenda.Draw(later, Unlimited));
        Assert.NotNull(agenda.Draw(later, Unlimited));
    }

    [Fact]
    public void A_lane_whose_polling_is_suspended_still_sends_and_tests()
    {
        Agenda agenda = new(limit: 10, hostLimit: 10);
        agenda.Suspend(new(new(1), Work.Receive), Noon.AddHours(1));
        agenda.Plan(Poll(1), Noon);
        agenda.Plan(Send(2), Noon);
        agenda.Plan(Test(3), Noon);

        Due[] started = [agenda.Draw(Noon, Unlimited)!.Value, agenda.Draw(Noon, Unlimited)!.Value];
        Assert.Equal([Send(2), Test(3)], started.OrderBy(due => due.Mailbox.Value));
        Assert.Null(agenda.Draw(Noon, Unlimited));
    }

    private static int StartedOf(int mailboxes, int profiles, Agenda agenda, Func<Lane, LaneLimits> limits)
    {
        for (int mailbox = 1; mailbox <= mailboxes; mailbox++)
            agenda.Plan(Poll(mailbox, profile: 1 + mailbox % profiles), Noon);
        int started = 0;
        while (agenda.Draw(Noon, limits) is not null)
            started++;
        return started;
    }

    private static LaneLimits Unlimited(Lane lane) => new(int.MaxValue, lane.Profile.ToString());

    private static Due Poll(long mailbox, long profile = 1) => new(new(mailbox), new(profile), Work.Receive);

    private static Due Send(long mailbox) => new(new(mailbox), new(1), Work.Send);

    private static Due Test(long mailbox) => new(new(mailbox), new(1), Work.Test);
}
