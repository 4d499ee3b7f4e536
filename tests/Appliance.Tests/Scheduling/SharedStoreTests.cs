using System.Threading.Channels;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Tests.Faults;
using EmailSync.Appliance.Tests.Processing;
using EmailSync.Lab;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Scheduling;

/// <summary>Two appliances at work on one store: each mailbox is one's at a time, and whoever lost it can do no harm.</summary>
public sealed class SharedStoreTests
{
    private const int Messages = 4;

    private static readonly TimeSpan LeaseDuration = new LeaseRules().Duration;

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeTimeProvider _clockThatStands = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Two_schedulers_poll_each_mailbox_once_at_each_of_its_times()
    {
        const int Mailboxes = 30;
        const int Rounds = 3;
        await using Rig rig = await Rig.StartAsync(new() { Mailboxes = Mailboxes, MessagesPerMailbox = Messages, MessageOctets = 500 }, _clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        List<Mailbox> mailboxes = [];
        for (int number = 1; number <= Mailboxes; number++)
            mailboxes.Add(await rig.AddMailboxAsync(profile, number, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true }));
        using Machine one = new(rig, rig.WorkerOf("one"), _clock);
        using Machine other = new(rig, rig.WorkerOf("other"), _clock);

        await Task.WhenAll(one.Scheduler.StartAsync(Rig.Timeout), other.Scheduler.StartAsync(Rig.Timeout));
        for (int round = 1; round <= Rounds; round++)
        {
            long polls = round * Mailboxes;
            await rig.Lab.Journal.WhenAsync(journal => journal.SignIns >= polls && journal.ConnectionsOpen == 0, Rig.Timeout);
            await one.SettleAsync();
            await other.SettleAsync();
            // Who was sent away comes again, and sees that it has been done.
            _clock.Advance(new LeaseRules().Retry);
            await one.SettleAsync();
            await other.SettleAsync();
            Assert.Equal(polls, rig.Lab.Journal.SignIns);
            foreach (Mailbox mailbox in mailboxes)
                Assert.Equal((EmailStatus.Success, 0, null), await StateAsync(rig, mailbox));

            DateTimeOffset[] next = await Task.WhenAll(mailboxes.Select(async mailbox => (await rig.ReadAsync(mailbox)).State.NextPollAt!.Value));
            _clock.Advance(next.Max() - _clock.GetUtcNow());
        }

        await Task.WhenAll(one.Scheduler.StopAsync(Rig.Timeout), other.Scheduler.StopAsync(Rig.Timeout));
        Assert.Equal(Mailboxes * Messages, await rig.Store.Emails.CountAsync(new(), Rig.Timeout));
        Assert.All(rig.Lab.Mailboxes, mailbox => Assert.Equal(0, mailbox.MessageCount));
    }

    [Fact]
    public async Task A_mailbox_of_a_scheduler_that_hangs_is_taken_over_and_nothing_is_stored_twice()
    {
        (Rig rig, _, Mailbox mailbox) = await StartAsync(Misbehaviour.CutContent(Outcome.Reset, 100, Messages));
        await using Rig started = rig;
        StoreHang hang = new("draft commit");
        using Machine hanging = new(rig, rig.WorkerOf("hanging", FaultingStore.Wrap(rig.Store, hang), _clockThatStands), _clockThatStands);
        using Machine healthy = new(rig, rig.WorkerOf("healthy"), _clock);
        await hanging.Scheduler.StartAsync(Rig.Timeout);
        await hang.Reached;
        // The server has given up on it.
        await rig.Lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, Rig.Timeout);
        rig.Lab.Misbehave();

        await healthy.Scheduler.StartAsync(Rig.Timeout);
        await healthy.SettleAsync();
        Assert.Equal("hanging", (await rig.ReadAsync(mailbox)).State.LeasedBy);
        Assert.Equal(0, await rig.Store.Emails.CountAsync(new(), Rig.Timeout));
        _clock.Advance(LeaseDuration);
        await rig.Lab.Journal.WhenAsync(journal => journal.MessagesRemoved == Messages && journal.ConnectionsOpen == 0, Rig.Timeout);
        await healthy.SettleAsync();
        hang.Release();
        await hanging.SettleAsync();

        Assert.Equal(Messages, (await rig.EmailsAsync(mailbox)).Select(email => email.Sha256).Distinct().Count());
        Assert.Equal(Messages, await rig.Store.Emails.CountAsync(new(), Rig.Timeout));
        Assert.Equal(2, rig.Lab.Journal.SignIns);
        Assert.Equal((EmailStatus.Success, 0, null), await StateAsync(rig, mailbox));
        await Task.WhenAll(hanging.Scheduler.StopAsync(Rig.Timeout), healthy.Scheduler.StopAsync(Rig.Timeout));
    }

    [Fact]
    public async Task A_cycle_that_lost_its_mailbox_stores_nothing_and_deletes_nothing_on_the_server()
    {
        (Rig rig, _, Mailbox mailbox) = await StartAsync();
        await using Rig started = rig;
        StoreHang hang = new("draft commit");
        Task<WorkOutcome> hanging = rig.WorkerOf("hanging", FaultingStore.Wrap(rig.Store, hang), _clockThatStands)
            .RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        await hang.Reached;
        Assert.NotNull(await TakeExpiredAsync(rig, mailbox, EmailDirection.Incoming));
        hang.Release();

        WorkOutcome outcome = await hanging;

        Assert.True(outcome is { IsLeftAlone: true, Failure: null });
        Assert.Equal(0, await rig.Store.Emails.CountAsync(new(), Rig.Timeout));
        await rig.Lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, Rig.Timeout);
        Assert.Equal((0, Messages), (rig.Lab.Journal.Count("DELE"), rig.Lab.Mailboxes[0].MessageCount));
        Assert.Equal((EmailStatus.NotRun, 0, null), await StateAsync(rig, mailbox));
    }

    [Fact]
    public async Task A_cycle_that_lost_its_mailbox_after_the_last_commit_deletes_nothing_on_the_server()
    {
        (Rig rig, _, Mailbox mailbox) = await StartAsync();
        await using Rig started = rig;
        StoreHang hang = new(nameof(ILeases.RenewAsync));
        Task<WorkOutcome> hanging = rig.WorkerOf("hanging", FaultingStore.Wrap(rig.Store, hang), _clockThatStands)
            .RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        Assert.Same(hang.Reached, await Task.WhenAny(hang.Reached, hanging));
        Assert.NotNull(await TakeExpiredAsync(rig, mailbox, EmailDirection.Incoming));
        hang.Release();

        Assert.True((await hanging).IsLeftAlone);

        Assert.Equal(Messages, await rig.Store.Emails.CountAsync(new(), Rig.Timeout));
        await rig.Lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, Rig.Timeout);
        Assert.Equal((0, Messages), (rig.Lab.Journal.Count("DELE"), rig.Lab.Mailboxes[0].MessageCount));
    }

    [Fact]
    public async Task A_lease_is_renewed_while_a_cycle_takes_its_time()
    {
        (Rig rig, _, Mailbox mailbox) = await StartAsync();
        await using Rig started = rig;
        StoreHang hang = new("draft commit");
        Task<WorkOutcome> slow = rig.WorkerOf("slow", FaultingStore.Wrap(rig.Store, hang)).RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        await hang.Reached;
        for (int moment = 0; moment < 10; moment++)
        {
            _clock.Advance(LeaseDuration / 3);
            Assert.Null(await rig.Store.Leases.TakeAsync(mailbox.Id, EmailDirection.Incoming, "another", LeaseDuration, Rig.Timeout));
        }

        hang.Release();

        Assert.False((await slow).IsLeftAlone);
        Assert.Equal((Messages, 0), ((await rig.EmailsAsync(mailbox)).Count, rig.Lab.Mailboxes[0].MessageCount));
        Assert.Null((await rig.ReadAsync(mailbox)).State.LeasedBy);
    }

    [Fact]
    public async Task A_cycle_that_waits_for_its_server_ends_once_it_learns_that_its_mailbox_is_anothers()
    {
        (Rig rig, _, Mailbox mailbox) = await StartAsync(Misbehaviour.CutContent(Outcome.Hang, 100, 2));
        await using Rig started = rig;
        Task<WorkOutcome> waiting = rig.WorkerOf("waiting", clock: _clockThatStands).RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        await rig.Lab.Journal.WhenAsync(journal => journal.Strikes > 0, Rig.Timeout);
        Assert.NotNull(await TakeExpiredAsync(rig, mailbox, EmailDirection.Incoming));

        _clockThatStands.Advance(LeaseDuration / 3);

        Assert.True((await waiting) is { IsLeftAlone: true, Failure: null });
        Assert.Empty(await rig.Store.Suspects.ListAsync(mailbox.Id, Rig.Timeout));
        Assert.Equal((EmailStatus.NotRun, 0, null), await StateAsync(rig, mailbox));
    }

    [Fact]
    public async Task What_an_appliance_was_sending_when_it_lost_the_outbox_is_in_doubt_and_its_late_result_is_refused()
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox) = await StartAsync();
        await using Rig started = rig;
        await rig.Store.Profiles.UpdateAsync(profile with { WhenUncertain = WhenUncertain.Hold }, Rig.Timeout);
        EmailId email = await rig.Store.Outgoing.EnqueueAsync(
            new(mailbox.Id, mailbox.EmailAddress, [rig.Lab.Mailboxes[0].Address]), new MemoryStream("Subject: x\r\n\r\nx\r\n"u8.ToArray()), Rig.Timeout);
        StoreHang hang = new(nameof(IOutgoingEmails.RecordAsync));
        Task<WorkOutcome> hanging = rig.WorkerOf("hanging", FaultingStore.Wrap(rig.Store, hang), _clockThatStands).RunAsync(mailbox.Id, Work.Send, Rig.Timeout);
        await hang.Reached;
        _clock.Advance(LeaseDuration);

        WorkOutcome successor = await rig.WorkerOf("healthy").RunAsync(mailbox.Id, Work.Send, Rig.Timeout);
        hang.Release();

        Assert.Null(successor.Failure);
        Assert.True((await hanging) is { IsLeftAlone: true, Failure: null });
        Assert.Equal(EmailState.Uncertain, (await rig.Store.Emails.FindAsync(email, Rig.Timeout))!.State);
        Assert.Single(rig.Lab.Outbox);
    }

    private async Task<(Rig Rig, EmailServerProfile Profile, Mailbox Mailbox)> StartAsync(params IReadOnlyList<Misbehaviour> script)
    {
        Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = Messages, MessageOctets = 500, Script = script }, _clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        return (rig, profile, await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true }));
    }

    private async Task<Lease?> TakeExpiredAsync(Rig rig, Mailbox mailbox, EmailDirection direction)
    {
        _clock.Advance(LeaseDuration);
        return await rig.Store.Leases.TakeAsync(mailbox.Id, direction, "another", LeaseDuration, Rig.Timeout);
    }

    private static async Task<(EmailStatus Status, int Failures, string? LastError)> StateAsync(Rig rig, Mailbox mailbox)
    {
        MailboxState state = (await rig.ReadAsync(mailbox)).State;
        return (state.IncomingStatus, state.TransientFailureCount, state.LastError);
    }

    /// <summary>A scheduler with a worker of its own; its tests are taken for probes.</summary>
    private sealed class Machine : IDisposable
    {
        private readonly Channel<MailboxId> _probed = Channel.CreateUnbounded<MailboxId>();
        private readonly MailboxWorker _worker;

        public Machine(Rig rig, MailboxWorker worker, TimeProvider clock)
        {
            _worker = worker;
            Scheduler = new(rig.Store, RunAsync, rig.Pool.MakeRoomAsync, new(), clock, NullLogger<MailboxScheduler>.Instance);
        }

        public MailboxScheduler Scheduler { get; }

        /// <summary>When this returns, all that is due by now has been dealt with.</summary>
        public async Task SettleAsync()
        {
            // What is due is drawn before the first probe, and the snapshot that shows it is published before the second.
            for (int probe = 0; probe < 2; probe++)
            {
                Scheduler.Wake(new(1), Work.Test);
                await _probed.Reader.ReadAsync(Rig.Timeout);
            }

            while (Scheduler.Snapshot() is not { Running: 0, Waiting: 0 })
            {
                Rig.Timeout.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }

        public void Dispose() => Scheduler.Dispose();

        private Task<WorkOutcome> RunAsync(MailboxId mailbox, Work work, bool isAsked, CancellationToken cancellationToken)
        {
            if (work != Work.Test)
                return _worker.RunAsync(mailbox, work, isAsked, cancellationToken);
            _probed.Writer.TryWrite(mailbox);
            return Task.FromResult(default(WorkOutcome));
        }
    }
}
