using System.Diagnostics.Metrics;
using System.Threading.Channels;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Scheduling;

public sealed class MailboxSchedulerTests
{
    private static readonly Failure ServerDown = new(ErrorClass.Connect, FailureScope.Server, true, false, "refused");

    private static CancellationToken Timeout => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Polls_what_is_due_at_start_and_again_when_it_is_due_again()
    {
        await using Stage stage = await Stage.OpenAsync(mailboxes: 1);
        await stage.StartAsync();

        Job first = await stage.NextAsync();
        Assert.Equal((stage.Mailboxes[0].Id, Work.Receive), (first.Mailbox, first.Work));
        first.End(stage.NextPoll(first, TimeSpan.FromMinutes(5)));
        await stage.IdleAsync();
        stage.Clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.False(stage.HasNext);
        stage.Clock.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(Work.Receive, (await stage.NextAsync()).Work);
    }

    [Fact]
    public async Task Nothing_is_begun_while_the_disk_takes_no_writes()
    {
        await using Stage stage = await Stage.OpenAsync(mailboxes: 1);
        stage.Store.Health.Fail("full");
        await stage.StartAsync();
        // It has looked at what is due, and left it.
        while (stage.Scheduler.Snapshot().Planned == 0)
            await Task.Yield();
        Assert.False(stage.HasNext);

        await stage.Store.ProbeAsync(Timeout);
        stage.Clock.Advance(StorageWatch.Interval);

        await stage.NextAsync();
    }

    [Fact]
    public async Task A_woken_outbox_is_sent_at_once()
    {
        await using Stage stage = await Stage.OpenAsync(mailboxes: 1);
        await stage.StartAsync();
        (await stage.NextAsync()).End(default);

        stage.Scheduler.Wake(stage.Mailboxes[0].Id, Work.Send);

        Assert.Equal(Work.Send, (await stage.NextAsync()).Work);
    }

    [Theory]
    [InlineData(Work.Receive)]
    [InlineData(Work.Send)]
    public async Task What_is_woken_while_it_runs_runs_again_at_once_although_it_ends_with_a_later_moment(Work work)
    {
        await using Stage stage = await Stage.OpenAsync(mailboxes: 1);
        await stage.StartAsync();
        Job running = await stage.NextAsync();
        if (work == Work.Send)
        {
            running.End(default);
            stage.Scheduler.Wake(stage.Mailboxes[0].Id, Work.Send);
            running = await stage.NextAsync();
        }

        stage.Scheduler.Wake(running.Mailbox, work);
        if (work == Work.Receive)
            stage.Scheduler.MailboxChanged(running.Mailbox);
        DateTimeOffset later = stage.Clock.GetUtcNow() + TimeSpan.FromMinutes(5);
        await stage.HeardAsync();
        running.End(new(new(running.Mailbox, stage.Mailboxes[0].Profile, work == Work.Receive ? later : null, work == Work.Send ? later : null), null));

        Job again = await stage.NextAsync();
        Assert.Equal((running.Mailbox, work), (again.Mailbox, again.Work));
    }

    [Fact]
    public async Task A_mailbox_that_changed_while_it_ran_is_not_run_twice()
    {
        await using Stage stage = await Stage.OpenAsync(mailboxes: 1);
        await stage.StartAsync();
        Job running = await stage.NextAsync();

        stage.Scheduler.MailboxChanged(running.Mailbox);
        await stage.HeardAsync();
        running.End(stage.NextPoll(running, TimeSpan.FromMinutes(5)));

        await stage.IdleAsync();
        Assert.False(stage.HasNext);
    }

    [Fact]
    public async Task Three_failures_of_the_server_suspend_the_profile_and_one_success_opens_it_again()
    {
        await using Stage stage = await Stage.OpenAsync(mailboxes: 10, maxConnections: 1);
        await stage.StartAsync();
        for (int failure = 0; failure < 3; failure++)
            (await stage.NextAsync()).End(new(null, ServerDown));
        await stage.IdleAsync();
        Assert.False(stage.HasNext);

        stage.Clock.Advance(Backoff.ForServer(1) * 1.1);
        Job trial = await stage.NextAsync();
        trial.End(stage.NextPoll(trial, TimeSpan.FromDays(1)));
        for (int rest = 0; rest < 6; rest++)
            (await stage.NextAsync()).End(new(null, null));
        await stage.IdleAsync();
        Assert.Equal((1, 0), (stage.Scheduler.Snapshot().Planned, stage.Scheduler.Snapshot().Waiting));
    }

    [Fact]
    public async Task A_changed_profile_is_tried_at_once()
    {
        await using Stage stage = await Stage.OpenAsync(mailboxes: 5, maxConnections: 1);
        await stage.StartAsync();
        for (int failure = 0; failure < 3; failure++)
            (await stage.NextAsync()).End(new(null, ServerDown));

        stage.Scheduler.ProfileChanged(stage.Mailboxes[0].Profile);

        await stage.NextAsync();
    }

    [Fact]
    public async Task A_deleted_mailbox_is_not_polled_again()
    {
        await using Stage stage = await Stage.OpenAsync(mailboxes: 1);
        await stage.StartAsync();
        Job job = await stage.NextAsync();
        job.End(stage.NextPoll(job, TimeSpan.FromMinutes(5)));
        await stage.Store.Mailboxes.DeleteAsync(job.Mailbox, Timeout);
        stage.Scheduler.MailboxChanged(job.Mailbox);
        await stage.IdleAsync();

        stage.Clock.Advance(TimeSpan.FromHours(1));
        await stage.IdleAsync();
        Assert.False(stage.HasNext);
        Assert.Equal(0, stage.Scheduler.Snapshot().Planned);
    }

    [Fact]
    public async Task Work_that_throws_is_tried_again_later_and_stops_nobody_else()
    {
        await using Stage stage = await Stage.OpenAsync(mailboxes: 2);
        await stage.StartAsync();
        (await stage.NextAsync()).Throw(new InvalidOperationException("a fault of ours"));
        Job other = await stage.NextAsync();
        other.End(new(null, null));
        await stage.IdleAsync();
        Assert.False(stage.HasNext);

        stage.Clock.Advance(Backoff.TransientPause);
        Assert.NotEqual(other.Mailbox, (await stage.NextAsync()).Mailbox);
    }

    [Theory, InlineData(Work.Receive), InlineData(Work.Test)]
    public async Task What_somebody_asked_for_and_the_disk_prevented_comes_back_as_asked_for(Work work)
    {
        await using Stage stage = await Stage.OpenAsync(mailboxes: 1);
        await stage.StartAsync();
        Job planned = await stage.NextAsync();
        Assert.False(planned.IsAsked);
        planned.End(stage.NextPoll(planned, TimeSpan.FromMinutes(5)));

        stage.Scheduler.Wake(planned.Mailbox, work);
        Job asked = await stage.NextAsync();
        Assert.True(asked.IsAsked);
        asked.Throw(new StorageException("full", new IOException("ENOSPC")));
        await stage.IdleAsync();
        Assert.False(stage.HasNext);
        stage.Clock.Advance(TimeSpan.FromSeconds(5));

        Job again = await stage.NextAsync();
        Assert.Equal((planned.Mailbox, work, true), (again.Mailbox, again.Work, again.IsAsked));
    }

    [Fact]
    public async Task What_was_only_planned_comes_back_as_planned()
    {
        await using Stage stage = await Stage.OpenAsync(mailboxes: 1);
        await stage.StartAsync();
        (await stage.NextAsync()).Throw(new StorageException("full", new IOException("ENOSPC")));
        await stage.IdleAsync();
        stage.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.False((await stage.NextAsync()).IsAsked);
    }

    [Fact]
    public async Task Late_is_what_is_due_for_more_than_a_minute_and_it_is_counted_and_measured()
    {
        await using Stage stage = await Stage.OpenAsync(mailboxes: 3, maxConnections: 1);
        using ScheduleMeter meter = new(stage.Scheduler);
        await stage.StartAsync();
        Job running = await stage.NextAsync();
        stage.Clock.Advance(TimeSpan.FromSeconds(60));
        await stage.SettledAsync(snapshot => snapshot.LongestWait == TimeSpan.FromSeconds(60));
        Assert.Equal(0, stage.Scheduler.Snapshot().Late);

        stage.Clock.Advance(TimeSpan.FromSeconds(5));
        await stage.SettledAsync(snapshot => snapshot.Late == 2);
        Assert.Equal(TimeSpan.FromSeconds(65), stage.Scheduler.Snapshot().LongestWait);
        Dictionary<string, double> measured = Measured(stage.Scheduler);
        Assert.Equal((1, 2, 2, 65), (measured["emailsync.schedule.running"], measured["emailsync.schedule.waiting"], measured["emailsync.schedule.late"], measured["emailsync.schedule.longest_wait"]));
        running.End(stage.NextPoll(running, TimeSpan.FromHours(1)));
    }

    private static Dictionary<string, double> Measured(IMailboxScheduler scheduler)
    {
        Dictionary<string, double> measured = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == scheduler)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => measured[instrument.Name] = value);
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => measured[instrument.Name] = value);
        listener.Start();
        listener.RecordObservableInstruments();
        return measured;
    }

    [Fact]
    public async Task Stopping_waits_for_the_sessions_to_end()
    {
        await using Stage stage = await Stage.OpenAsync(mailboxes: 1);
        await stage.StartAsync();
        Job job = await stage.NextAsync();

        Task stopping = stage.Scheduler.StopAsync(Timeout);
        await job.Stopped;
        Assert.False(stopping.IsCompleted);
        job.End(default);

        await stopping;
        Assert.Equal(0, stage.Scheduler.Snapshot().Running);
    }

    private sealed class Job(MailboxId mailbox, Work work, bool isAsked, CancellationToken cancellationToken)
    {
        private readonly TaskCompletionSource<WorkOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public MailboxId Mailbox => mailbox;

        public Work Work => work;

        public bool IsAsked => isAsked;

        public Task<WorkOutcome> Outcome => _outcome.Task;

        public Task Stopped { get; } = WhenAsync(cancellationToken);

        public void End(WorkOutcome outcome) => _outcome.SetResult(outcome);

        public void Throw(Exception exception) => _outcome.SetException(exception);

        private static Task WhenAsync(CancellationToken cancellationToken)
        {
            TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
            cancellationToken.Register(stopped.SetResult);
            return stopped.Task;
        }
    }

    private sealed class Stage : IAsyncDisposable
    {
        private readonly string _folder;
        private readonly Channel<Job> _jobs = Channel.CreateUnbounded<Job>();

        private Stage(string folder, IStore store, FakeTimeProvider clock, IReadOnlyList<Mailbox> mailboxes, int maxConnections)
        {
            (_folder, Store, Clock, Mailboxes) = (folder, store, clock, mailboxes);
            SchedulerOptions options = new() { MaxConnections = maxConnections };
            Scheduler = new(store, RunAsync, (_, _, _, _) => Task.CompletedTask, options, clock, NullLogger<MailboxScheduler>.Instance);
        }

        public IStore Store { get; }

        public FakeTimeProvider Clock { get; }

        public IReadOnlyList<Mailbox> Mailboxes { get; }

        public MailboxScheduler Scheduler { get; }

        public bool HasNext => _jobs.Reader.TryPeek(out _);

        public static async Task<Stage> OpenAsync(int mailboxes, int maxConnections = 100)
        {
            FakeTimeProvider clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
            string folder = Directory.CreateTempSubdirectory("emailsync-stage-").FullName;
            SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = folder }, clock, cancellationToken: Timeout);
            EmailServerProfile profile = await store.Profiles.CreateAsync(
                new() { Name = "p", Incoming = new() { Location = new(HostName.Parse("pop.example.com"), 995, TlsMode.Implicit) } }, Timeout);
            List<Mailbox> created = [];
            for (int number = 1; number <= mailboxes; number++)
            {
                created.Add(await store.Mailboxes.CreateAsync(new()
                {
                    Name = $"{number}",
                    EmailAddress = $"{number}@example.com",
                    Profile = profile.Id,
                    State = new() { EnabledForIncoming = true, NextPollAt = clock.GetUtcNow() },
                }, Timeout));
            }

            return new(folder, store, clock, created, maxConnections);
        }

        public Task StartAsync() => Scheduler.StartAsync(Timeout);

        public async Task<Job> NextAsync() => await _jobs.Reader.ReadAsync(Timeout);

        public WorkOutcome NextPoll(Job job, TimeSpan pause) =>
            new(new(job.Mailbox, Mailboxes[0].Profile, Clock.GetUtcNow() + pause, null), null);

        /// <summary>When this returns, the scheduler has dealt with everything that happened before the call.</summary>
        public async Task IdleAsync()
        {
            await HeardAsync();
            while (Scheduler.Snapshot().Running > 0)
                await Task.Yield();
        }

        /// <summary>Waits until the scheduler shows something.</summary>
        public async Task SettledAsync(Func<ScheduleSnapshot, bool> condition)
        {
            while (!condition(Scheduler.Snapshot()))
            {
                Timeout.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }

        /// <summary>The same, while something may go on running.</summary>
        public async Task HeardAsync()
        {
            // The scheduler takes its news in order, so once this test has run, all before it is done.
            MailboxId probe = (await Store.Mailboxes.CreateAsync(
                new() { Name = "probe", EmailAddress = $"{Guid.NewGuid():N}@example.com", Profile = Mailboxes[0].Profile }, Timeout)).Id;
            Scheduler.Wake(probe, Work.Test);
            await foreach (Job job in _jobs.Reader.ReadAllAsync(Timeout))
            {
                if (job.Mailbox == probe)
                {
                    job.End(default);
                    break;
                }

                Assert.Fail($"{job.Work} of {job.Mailbox} was not expected");
            }
        }

        public async ValueTask DisposeAsync()
        {
            while (_jobs.Reader.TryRead(out Job? job))
                job.End(default);
            await Scheduler.StopAsync(new CancellationToken(canceled: true));
            Scheduler.Dispose();
            await Store.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }

        private Task<WorkOutcome> RunAsync(MailboxId mailbox, Work work, bool isAsked, CancellationToken cancellationToken)
        {
            Job job = new(mailbox, work, isAsked, cancellationToken);
            _jobs.Writer.TryWrite(job);
            return job.Outcome;
        }
    }
}
