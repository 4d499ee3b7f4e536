using System.Threading.Channels;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EmailSync.Appliance.Scheduling;

/// <summary>
/// The loop around the agenda: it plans what the store says is due, starts what may start, and learns from what ended. Everything that
/// happens to the agenda happens in this one loop, so nothing is locked.
/// </summary>
public sealed partial class MailboxScheduler(
    IStore store, WorkRunner run, RoomMaker makeRoom, SchedulerOptions options, TimeProvider clock, ILogger<MailboxScheduler> logger)
    : BackgroundService, IMailboxScheduler
{
    // While a long schedule is read, what of it is due starts already.
    private const int LoadedAtATime = 5000;

    private static readonly TimeSpan StorageRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LateCount = TimeSpan.FromSeconds(5);

    private readonly Channel<Event> _events = Channel.CreateUnbounded<Event>(new() { SingleReader = true });
    private readonly Agenda _agenda = new(options.MaxConnections, options.MaxConnectionsPerHost, options.Random);
    private readonly Dictionary<ProfileId, EmailServerProfile> _profiles = [];
    private readonly List<Event> _deferred = [];
    // Work that somebody wants, due or not.
    private readonly HashSet<(MailboxId Mailbox, Work Work)> _asked = [];
    private ScheduleSnapshot _snapshot = new(0, 0, 0, 0, 0, 0, default);
    private DateTimeOffset _lateCountedAt;
    private int _late;
    private TimeSpan _longestWait;
    private long _completed;
    private long _failed;

    private abstract record Event;

    private sealed record Woken(MailboxId Mailbox, Work Work) : Event;

    private sealed record MailboxNews(MailboxId Mailbox) : Event;

    private sealed record ProfileNews(ProfileId Profile) : Event;

    private sealed record Ended(Due Due, WorkOutcome Outcome, DateTimeOffset? AskAgainAt) : Event;

    private sealed record Tick : Event;

    /// <inheritdoc />
    public void Wake(MailboxId mailbox, Work work) => _events.Writer.TryWrite(new Woken(mailbox, work));

    /// <inheritdoc />
    public void MailboxChanged(MailboxId mailbox) => _events.Writer.TryWrite(new MailboxNews(mailbox));

    /// <inheritdoc />
    public void ProfileChanged(ProfileId profile) => _events.Writer.TryWrite(new ProfileNews(profile));

    /// <inheritdoc />
    public ScheduleSnapshot Snapshot() => Volatile.Read(ref _snapshot);

    /// <inheritdoc />
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken);

    /// <summary>The loop, until the token says stop; then until everything that runs has ended.</summary>
    public async Task RunAsync(CancellationToken stoppingToken)
    {
        try
        {
            await LoadAsync(stoppingToken);
            using ITimer timer = clock.CreateTimer(_ => _events.Writer.TryWrite(new Tick()), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            while (true)
            {
                Start(stoppingToken);
                timer.Change(UntilNext(), Timeout.InfiniteTimeSpan);
                Publish();
                await _events.Reader.WaitToReadAsync(stoppingToken);
                while (_events.Reader.TryRead(out Event? happened))
                    await ApplyOrDeferAsync(happened, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await DrainAsync();
        }
    }

    // Sessions see the same token: each ends at a point where nothing is lost, and says so before we are gone.
    private async Task DrainAsync()
    {
        while (_agenda.Running > 0)
        {
            if (await _events.Reader.ReadAsync(CancellationToken.None) is Ended ended)
                Learn(ended);
        }

        Publish();
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (EmailServerProfile profile in await store.Profiles.ListAsync(cancellationToken))
            Know(profile);
        int loaded = 0;
        await foreach (MailboxSchedule schedule in store.Mailboxes.SchedulesAsync(cancellationToken))
        {
            Plan(schedule);
            if (++loaded % LoadedAtATime == 0)
                Start(cancellationToken);
        }

        LogLoaded(_profiles.Count, _agenda.Planned);
    }

    private void Start(CancellationToken stoppingToken)
    {
        // Whatever was fetched now could not be stored. Sessions that are open find that out by themselves, and delete nothing.
        while (store.Health.Trouble is null && _agenda.Draw(clock.GetUtcNow()) is { } due)
        {
            _ = RunAsync(due, _agenda.RoomBeside(due), _asked.Remove((due.Mailbox, due.Work)), stoppingToken);
        }
    }

    private async Task RunAsync(Due due, Room room, bool isAsked, CancellationToken stoppingToken)
    {
        // The loop goes on while this runs; without the yield, work that never waits would hold it up.
        await Task.Yield();
        WorkOutcome outcome = default;
        DateTimeOffset? askAgainAt = null;
        try
        {
            await makeRoom(due.Mailbox, due.Profile, due.Work, room);
            outcome = await run(due.Mailbox, due.Work, isAsked, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Not a failure: it will be due again at the next start.
        }
        catch (StorageException failure)
        {
            // What came of it could not be written down; StorageWatch tells of that, once for all mailboxes.
            outcome = Later(due, StorageRetry, ErrorClass.Storage, failure);
            // Who asked for it still waits for it, whether or not it is due then.
            askAgainAt = isAsked ? clock.GetUtcNow() + StorageRetry : null;
        }
        catch (Exception unforeseen)
        {
            // Work turns failures into outcomes; what arrives here is a fault of ours. It must neither stop the loop nor be retried at full speed.
            LogUnforeseen(due.Mailbox, due.Work, unforeseen);
            outcome = Later(due, Backoff.TransientPause, ErrorClass.Unknown, unforeseen);
        }

        _events.Writer.TryWrite(new Ended(due, outcome, askAgainAt));
    }

    private WorkOutcome Later(Due due, TimeSpan pause, ErrorClass why, Exception failure)
    {
        DateTimeOffset later = clock.GetUtcNow() + pause;
        return new(
            new(due.Mailbox, due.Profile, due.Work == Work.Receive ? later : null, due.Work == Work.Send ? later : null),
            new(why, FailureScope.Mailbox, true, false, failure.Message));
    }

    // News that the disk kept us from reading is still news: it is looked at again when the disk may be back.
    private async ValueTask ApplyOrDeferAsync(Event happened, CancellationToken cancellationToken)
    {
        if (happened is Tick)
        {
            foreach (Event deferred in _deferred)
                _events.Writer.TryWrite(deferred);
            _deferred.Clear();
            return;
        }

        try
        {
            await ApplyAsync(happened, cancellationToken);
        }
        catch (StorageException failure)
        {
            LogDeferred(happened, failure);
            _deferred.Add(happened);
        }
    }

    private async ValueTask ApplyAsync(Event happened, CancellationToken cancellationToken)
    {
        switch (happened)
        {
            case Woken woken when await store.Mailboxes.FindAsync(woken.Mailbox, cancellationToken) is { } mailbox:
                await KnowAsync(mailbox.Profile, cancellationToken);
                _asked.Add((mailbox.Id, woken.Work));
                _agenda.Wake(new(mailbox.Id, mailbox.Profile, woken.Work), clock.GetUtcNow());
                break;

            case MailboxNews news:
                await RefreshAsync(news.Mailbox, cancellationToken);
                break;

            case ProfileNews news:
                await RefreshAsync(news.Profile, cancellationToken);
                break;

            case Ended ended:
                Learn(ended);
                break;
        }
    }

    private void Learn(Ended ended)
    {
        _completed++;
        if (ended.Outcome.Failure is not null)
            _failed++;
        if (ended.Outcome.Next is { } next)
            Plan(next, ended.Due.Work);
        if (ended.AskAgainAt is { } on)
        {
            _asked.Add((ended.Due.Mailbox, ended.Due.Work));
            _agenda.Plan(ended.Due, on);
        }

        if (_agenda.Complete(ended.Due, clock.GetUtcNow(), Verdicts.Of(ended.Due.Work, ended.Outcome)) is { } pause)
            LogSuspended(ended.Due.Profile, ended.Due.Work, pause, ended.Outcome.Failure!.Class);
    }

    private void Plan(MailboxSchedule schedule, Work? after = null)
    {
        if (after != Work.Send && schedule.NextPollAt is { } poll)
            _agenda.Plan(new(schedule.Mailbox, schedule.Profile, Work.Receive), poll);
        if (after != Work.Receive && schedule.NextSendAt is { } send)
            _agenda.Plan(new(schedule.Mailbox, schedule.Profile, Work.Send), send);
    }

    private async ValueTask RefreshAsync(MailboxId mailbox, CancellationToken cancellationToken)
    {
        MailboxSchedule? schedule = await store.Mailboxes.ScheduleAsync(mailbox, cancellationToken);
        if (schedule?.NextPollAt is null)
            _agenda.Cancel(mailbox, Work.Receive);
        if (schedule?.NextSendAt is null)
            _agenda.Cancel(mailbox, Work.Send);
        if (schedule is { } known)
        {
            await KnowAsync(known.Profile, cancellationToken);
            Plan(known);
        }
    }

    private async ValueTask RefreshAsync(ProfileId profile, CancellationToken cancellationToken)
    {
        _profiles.Remove(profile);
        await KnowAsync(profile, cancellationToken);
        // Whatever the server's trouble was, the administrator has just changed something about it.
        foreach (Work work in Enum.GetValues<Work>())
        {
            _agenda.Reopen(new(profile, work));
        }

        const int Page = 500;
        MailboxId? after = null;
        while (true)
        {
            IReadOnlyList<Mailbox> page = await store.Mailboxes.ListAsync(new() { Profile = profile }, after, Page, cancellationToken);
            foreach (Mailbox mailbox in page)
                await RefreshAsync(mailbox.Id, cancellationToken);
            if (page.Count < Page)
                return;
            after = page[^1].Id;
        }
    }

    private async ValueTask KnowAsync(ProfileId profile, CancellationToken cancellationToken)
    {
        if (!_profiles.ContainsKey(profile) && await store.Profiles.FindAsync(profile, cancellationToken) is { } found)
            Know(found);
    }

    private void Know(EmailServerProfile profile)
    {
        _profiles[profile.Id] = profile;
        foreach (Work work in Enum.GetValues<Work>())
            _agenda.Configure(new(profile.Id, work), LimitsOf(profile, work));
    }

    private LaneLimits LimitsOf(EmailServerProfile profile, Work work)
    {
        MailService service = work == Work.Send ? MailService.Submission : MailService.Pop3;
        // The original counts connections per mailbox where the credentials are the mailbox's, which has one in each direction here; a test
        // has one at a time, first with the one credentials and then with the other.
        bool isOfProfile = HasProfileCredentials(profile, service) || (work == Work.Test && HasProfileCredentials(profile, MailService.Submission));
        string? incoming = profile.Incoming.Location?.Host.Name;
        string? outgoing = profile.Outgoing.Location?.Host.Name;
        // A test is somebody waiting for an answer: it is not held back with what polls and sends.
        return new(
            isOfProfile ? profile.MaxConcurrentConnections : options.MaxConnectionsPerHost,
            (work == Work.Send ? outgoing : work == Work.Test ? incoming ?? outgoing : incoming) ?? "",
            work == Work.Test ? 0 : profile.Side(service).Location?.Port ?? 0)
        {
            IsOfProfile = isOfProfile,
            IsOneForEachMailbox = profile.MaxConcurrentConnections == 1,
            SecondHost = work == Work.Test ? outgoing : null,
        };
    }

    private static bool HasProfileCredentials(EmailServerProfile profile, MailService service) =>
        profile.CredentialSide(service).CredentialRetrieval == CredentialRetrieval.Profile;

    private TimeSpan UntilNext()
    {
        if (store.Health.Trouble is not null)
            return StorageRetry;
        DateTimeOffset now = clock.GetUtcNow();
        DateTimeOffset? due = _agenda.NextDue;
        DateTimeOffset? trial = _agenda.NextTrial;
        DateTimeOffset? next = due is null || trial < due ? trial ?? due : due;
        // A timer takes no longer than this; waking a few times a month for nothing costs nothing.
        TimeSpan longest = _deferred.Count > 0 || _agenda.Waiting > 0 ? StorageRetry : TimeSpan.FromDays(1);
        return next is not { } on ? longest : on <= now ? TimeSpan.Zero : on - now < longest ? on - now : longest;
    }

    private void Publish()
    {
        CountLate();
        Volatile.Write(ref _snapshot, new(_agenda.Planned, _agenda.Waiting, _agenda.Running, _completed, _failed, _late, _longestWait));
    }

    // Now and then: it takes a step for each of them, and for each lane.
    private void CountLate()
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (now - _lateCountedAt < LateCount)
            return;
        (_lateCountedAt, _late) = (now, _agenda.CountLate(now - options.LateAfter));
        _longestWait = now - (_agenda.WaitingSince ?? now);
    }

    [LoggerMessage(EventId = 100, Level = LogLevel.Information, Message = "Scheduler loaded {Profiles} profiles and {Planned} pieces of planned work")]
    private partial void LogLoaded(int profiles, int planned);

    [LoggerMessage(EventId = 101, Level = LogLevel.Error, Message = "Unforeseen failure in {Work} of {Mailbox}")]
    private partial void LogUnforeseen(MailboxId mailbox, Work work, Exception unforeseen);

    [LoggerMessage(EventId = 102, Level = LogLevel.Warning, Message = "{Work} of profile {Profile} is suspended for {Pause}: {Class}")]
    private partial void LogSuspended(ProfileId profile, Work work, TimeSpan pause, ErrorClass @class);

    [LoggerMessage(EventId = 103, Level = LogLevel.Error, Message = "The store failed; {Happened} is looked at again in a moment")]
    private partial void LogDeferred(object happened, StorageException failure);
}
