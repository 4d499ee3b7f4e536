using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>The test message that a mailbox sends to itself, where it does not come back.</summary>
public sealed class RoundTripTests
{
    [Fact]
    public async Task A_test_message_that_lands_in_another_maildrop_is_an_alert_of_its_own_that_a_poll_does_not_resolve()
    {
        await using Rig rig = await Rig.StartAsync(clock: new HurriedTime());
        EmailServerProfile profile = await rig.AddProfileAsync();
        // It signs in as the second user: what is sent to the first one's address lies in the first one's maildrop.
        Mailbox mailbox = await rig.AddMailboxAsync(
            profile, password: rig.Lab.Mailboxes[1].Password, change: mailbox => mailbox with { UserName = rig.Lab.Mailboxes[1].Address, State = new() });

        await rig.TestAsync(mailbox);

        EmailSync.Appliance.Model.TestResult result = await rig.LastTestAsync(mailbox);
        TestStep missed = result.Steps[^1];
        Assert.Equal((StepNames.RoundTrip, StepOutcome.Failed, ErrorClass.RoundTrip), (missed.Name, missed.Outcome, missed.ErrorClass));
        Assert.Matches("did not arrive within 30 seconds", missed.Detail);
        Assert.Equal((EmailStatus.Success, EmailStatus.Success), (result.Incoming, result.Outgoing));
        Assert.Equal(1, rig.Lab.Mailboxes[0].MessageCount);

        // Both directions work, each by itself, and go on doing so.
        await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        Assert.Equal(["mailbox-enabled", "round-trip"], (await rig.AlertsAsync(AlertSubject.Of(mailbox.Id))).Select(alert => alert.Code).Order());
        await rig.RestartAsync();
        await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        Assert.Contains("round-trip", (await rig.AlertsAsync(AlertSubject.Of(mailbox.Id))).Select(alert => alert.Code));
    }

    /// <summary>A clock on which every pause between two looks is over at once.</summary>
    private sealed class HurriedTime : FakeTimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ITimer timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime == TimeSpan.FromMilliseconds(500))
                Advance(dueTime);
            return timer;
        }
    }
}
