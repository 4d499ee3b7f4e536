using System.Threading.Channels;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Lab;
using EmailSync.Protocols.Pop3;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>What a server says of how it wants to be used: LOGIN-DELAY, EXPIRE, and troubles that will pass.</summary>
public sealed class ServerWishesTests
{
    [Fact]
    public async Task A_mailbox_signs_in_no_sooner_than_its_server_wants()
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, FakeTimeProvider clock) = await StartAsync(TimeSpan.FromMinutes(20));
        await using Rig started = rig;
        DateTimeOffset signedInAt = clock.GetUtcNow();

        WorkOutcome first = await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        // Somebody asks for a poll meanwhile.
        clock.Advance(profile.MinPollingInterval);
        WorkOutcome asked = await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        clock.Advance(TimeSpan.FromMinutes(20));
        WorkOutcome second = await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);

        Assert.Equal(signedInAt + TimeSpan.FromMinutes(20), first.Next!.Value.NextPollAt);
        Assert.Equal((signedInAt + TimeSpan.FromMinutes(20), null), (asked.Next!.Value.NextPollAt, asked.Failure));
        Assert.Null(second.Failure);
        Assert.Equal((2, 0), (rig.Lab.Journal.SignIns, rig.Lab.Journal.SignInsRefused));
        Assert.Empty(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id)));
    }

    [Fact]
    public async Task A_refusal_for_LOGIN_DELAY_is_waited_for_as_long_as_the_server_announced()
    {
        (Rig rig, _, Mailbox mailbox, FakeTimeProvider clock) = await StartAsync(TimeSpan.FromMinutes(40));
        await using Rig started = rig;
        await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        // Whoever starts anew knows nothing of the last sign-in.
        await rig.RestartAsync();

        WorkOutcome outcome = await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);

        Assert.Equal((ErrorClass.Quota, true), (outcome.Failure!.Class, outcome.Failure.IsTransient));
        Assert.Equal(clock.GetUtcNow() + TimeSpan.FromMinutes(40), outcome.Next!.Value.NextPollAt);
        Assert.True((await rig.ReadAsync(mailbox)).State.EnabledForIncoming);
    }

    [Fact]
    public async Task P_13_a_server_that_wants_to_be_left_alone_for_ever_is_polled_once_a_day_and_an_alert_says_so()
    {
        (Rig rig, _, Mailbox mailbox, FakeTimeProvider clock) = await StartAsync(TimeSpan.FromSeconds(999_999_999));
        await using Rig started = rig;

        WorkOutcome outcome = await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);

        Assert.Equal(clock.GetUtcNow() + TimeSpan.FromHours(24), outcome.Next!.Value.NextPollAt);
        Alert alert = Assert.Single(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id)));
        Assert.Equal("login-delay-too-long", alert.Code);
        Assert.Contains("277778 hours", alert.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_that_was_cut_off_counts_as_a_sign_in()
    {
        (Rig rig, _, Mailbox mailbox, FakeTimeProvider clock) = await StartAsync(TimeSpan.FromMinutes(40), Misbehaviour.Reset("UIDL"));
        await using Rig started = rig;

        WorkOutcome outcome = await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);

        Assert.Equal(ErrorClass.Timeout, outcome.Failure!.Class);
        Assert.Equal(clock.GetUtcNow() + TimeSpan.FromMinutes(40), outcome.Next!.Value.NextPollAt);
    }

    [Fact]
    public async Task A_test_waits_for_its_round_trip_where_the_delay_is_short()
    {
        (Rig rig, _, Mailbox mailbox, AwaitedClock clock) = await StartAsync(TimeSpan.FromSeconds(60));
        await using Rig started = rig;

        Task<WorkOutcome> test = rig.TestAsync(mailbox);
        Task<TimeSpan> wait = clock.NextWaitAsync();
        while (await Task.WhenAny(test, wait) != test)
        {
            clock.Advance(await wait);
            wait = clock.NextWaitAsync();
        }

        await test;

        Assert.All((await rig.LastTestAsync(mailbox)).Steps, step => Assert.Equal(StepOutcome.Passed, step.Outcome));
        Assert.Equal(0, rig.Lab.Journal.SignInsRefused);
        Assert.Equal(0, rig.Lab.Mailboxes[0].MessageCount);
    }

    [Fact]
    public async Task A_test_does_not_look_for_its_message_where_the_delay_is_long()
    {
        (Rig rig, _, Mailbox mailbox, FakeTimeProvider clock) = await StartAsync(TimeSpan.FromMinutes(15));
        await using Rig started = rig;
        DateTimeOffset signedInAt = clock.GetUtcNow();

        WorkOutcome outcome = await rig.TestAsync(mailbox);

        TestStep last = (await rig.LastTestAsync(mailbox)).Steps[^1];
        Assert.Equal((StepNames.RoundTrip, StepOutcome.Skipped), (last.Name, last.Outcome));
        Assert.Contains("LOGIN-DELAY", last.Detail, StringComparison.Ordinal);
        Assert.True((await rig.ReadAsync(mailbox)).State is { EnabledForIncoming: true, EnabledForOutgoing: true });
        Assert.Equal(signedInAt + TimeSpan.FromMinutes(15), outcome.Next!.Value.NextPollAt);
        Assert.Equal(0, rig.Lab.Journal.SignInsRefused);
    }

    [Theory]
    [InlineData("EXPIRE 0", false, null, true)]
    [InlineData("EXPIRE 0", true, null, false)]
    [InlineData("EXPIRE 14", false, null, true)]
    [InlineData("EXPIRE 14", true, null, true, true)]
    [InlineData("EXPIRE 14", false, 7, true, true)]
    [InlineData("EXPIRE NEVER", true, null, false, true)]
    [InlineData("EXPIRE 14", false, 30, true)]
    [InlineData("EXPIRE 14 USER", false, 14, false)]
    [InlineData("EXPIRE NEVER", false, null, false)]
    public async Task A_test_tells_that_the_server_removes_mail_sooner_than_is_wanted(string expire, bool deletes, int? days, bool isTold, bool waits = false)
    {
        await using Rig rig = await Rig.StartAsync(new()
        {
            MessagesPerMailbox = 1,
            Pop3Capabilities = ["TOP", "USER", "SASL PLAIN", "UIDL", "PIPELINING", "RESP-CODES", "STLS", expire],
        });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = deletes, LeaveOnServerDays = days, DeleteOnlyAcknowledged = waits });

        await rig.TestAsync(mailbox);
        await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);

        IReadOnlyList<Alert> alerts = await rig.AlertsAsync(AlertSubject.Of(mailbox.Id));
        Assert.Equal(isTold, alerts.Any(alert => alert.Code == "server-expires-mail" && alert.Text.Contains(expire, StringComparison.Ordinal)));
        Assert.Equal(expire.Contains("14", StringComparison.Ordinal) ? 14 : expire == "EXPIRE 0" ? 0 : null, (await rig.ReadAsync(mailbox)).State.ServerKeepsMailDays);
        TestStep listed = (await rig.LastTestAsync(mailbox)).Steps.Single(step => step.Name == StepNames.Maildrop);
        Assert.Equal((StepOutcome.Passed, isTold), (listed.Outcome, listed.Advice is not null));
    }

    [Fact]
    public async Task A_trouble_of_the_server_at_UIDL_is_no_server_without_unique_ids()
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, _) = await StartAsync(null, Misbehaviour.Reply("UIDL", "-ERR [SYS/TEMP] index is being rebuilt"));
        await using Rig started = rig;
        rig.Lab.DeliverGenerated(mailbox.EmailAddress, 3);

        Pop3NegativeResponseException refusal = await Assert.ThrowsAsync<Pop3NegativeResponseException>(() => rig.Receive.RunAsync(mailbox, profile, Rig.Timeout));

        Assert.Equal((ErrorClass.Server, true), FailureClassifier.Classify(refusal) is { } failure ? (failure.Class, failure.IsTransient) : default);
        Assert.Equal(0, rig.Lab.Journal.Count("RETR"));
    }

    private static async Task<(Rig Rig, EmailServerProfile Profile, Mailbox Mailbox, AwaitedClock Clock)> StartAsync(
        TimeSpan? loginDelay, params Misbehaviour[] script)
    {
        AwaitedClock clock = new(DateTimeOffset.UtcNow);
        Rig rig = await Rig.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = 0, LoginDelay = loginDelay, Script = script, Clock = clock }, clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        return (rig, profile, await rig.AddMailboxAsync(profile), clock);
    }

    /// <summary>A clock that says when somebody begins to wait for it, and for how long.</summary>
    private sealed class AwaitedClock(DateTimeOffset start) : FakeTimeProvider(start)
    {
        private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

        public Task<TimeSpan> NextWaitAsync() => _waits.Reader.ReadAsync(Rig.Timeout).AsTask();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ITimer timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime > TimeSpan.Zero)
                _waits.Writer.TryWrite(dueTime);
            return timer;
        }
    }
}
