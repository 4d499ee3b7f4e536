using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;

namespace EmailSync.Appliance.Scheduling;

/// <summary>A piece of work that is due for a mailbox.</summary>
/// <param name="Mailbox">Whose.</param>
/// <param name="Profile">The profile it is reached by: its lane.</param>
/// <param name="Work">What.</param>
public readonly record struct Due(MailboxId Mailbox, ProfileId Profile, Work Work);

/// <summary>What a piece of work that ended tells about the server.</summary>
public enum Verdict
{
    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>It is there.</summary>
    Answered,

    /// <summary>It is there, and has too many sessions.</summary>
    Throttled,

    /// <summary>It cannot be reached, for whoever tries.</summary>
    ServerFailed,

    /// <summary>It cannot be used in the way that this profile asks for.</summary>
    ProfileFailed,
}

/// <summary>
/// Decides what starts now and when to look again. Pure: time comes in as an argument, and nothing here waits or runs. Servers take turns,
/// and at each server its lanes do, so that a dead, slow or crowded one delays nobody but its own; a server that fails is
/// held back, and tried with one session at a time.
/// </summary>
/// <param name="limit">Pieces of work that may run at once.</param>
/// <param name="hostLimit">Of those, on one host.</param>
/// <param name="random">Spreads the pauses.</param>
public sealed class Agenda(int limit, int hostLimit, Random random)
{
    private static readonly Work[] AllWork = Enum.GetValues<Work>();

    private readonly Entries _entries = new();
    private readonly Dictionary<int, Run> _running = [];
    private readonly Dictionary<Lane, LaneState> _lanes = [];
    private readonly List<LaneState> _laneList = [];
    private readonly Dictionary<(string Host, int Port), ServerState> _servers = [];
    private readonly Dictionary<string, HostState> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly PriorityQueue<(ServerState Server, LaneState? Lane), DateTimeOffset> _trials = new();
    private readonly Turns _turns = new(limit, hostLimit);
    // Of lanes of which nobody has said where they lead.
    private readonly ServerState _nowhere = new(new());
    private Timeline? _timelineOfEntries;
    // Servers that share the places: not what lanes of tests, and those that lead nowhere, are kept under.
    private int _sharers;

    private sealed record Run(Due Due, LaneState Lane, ServerState Server, HostState? SecondHost, int Epoch)
    {
        public (Due Due, DateTimeOffset On)? Again { get; set; }

        public (Due Due, DateTimeOffset On)? Woken { get; set; }
    }

    /// <summary>How many pieces of work run now.</summary>
    public int Running => _running.Count;

    /// <summary>How many pieces of work are due and wait for a free place.</summary>
    public int Waiting { get; private set; }

    /// <summary>How many pieces of work are planned, due or running.</summary>
    public int Planned => _entries.Count;

    /// <summary>The earliest moment at which something planned becomes due; null where nothing is.</summary>
    public DateTimeOffset? NextDue => Timeline.Count == 0 ? null : new(_entries[Timeline.Earliest].Ticks, TimeSpan.Zero);

    /// <summary>The earliest moment at which something that is held back is tried again; null where nothing is.</summary>
    public DateTimeOffset? NextTrial => _trials.TryPeek(out _, out DateTimeOffset moment) ? moment : null;

    private Timeline Timeline => _timelineOfEntries ??= new(_entries);

    /// <summary>Says what a lane may take, and where it leads.</summary>
    public void Configure(Lane key, LaneLimits limits)
    {
        LaneState lane = LaneOf(key);
        lane.Limits = limits;
        lane.SecondHost?.Guests.Remove(lane);
        lane.SecondHost = limits.SecondHost is { } second && !string.Equals(second, limits.Host, StringComparison.OrdinalIgnoreCase) ? HostOf(second) : null;
        lane.SecondHost?.Guests.Add(lane);
        ServerState server = ServerOf(limits.Host, limits.Port);
        if (lane.Server != server)
        {
            lane.Server = server;
            lane.HasTurn = false;
        }

        _turns.Offer(lane);
    }

    /// <summary>Somebody changed something about a lane: what held it back may be gone.</summary>
    public void Reopen(Lane key)
    {
        LaneState lane = LaneOf(key);
        lane.Breaker.Close();
        lane.Server.Breaker.Close();
        _turns.Offer(lane);
    }

    /// <summary>Plans a piece of work, or moves it. One that runs now runs again afterwards, not before.</summary>
    public void Plan(Due due, DateTimeOffset on)
    {
        int entry = _entries.Find(due.Mailbox, due.Work);
        if (entry == Entries.None)
        {
            entry = _entries.Add(due.Mailbox, due.Work);
        }
        else if (_entries[entry].Stage == Stage.Running)
        {
            _running[entry].Again = (due, on);
            return;
        }
        else
        {
            TakeOut(entry);
        }

        ref Entry planned = ref _entries[entry];
        planned.Lane = LaneOf(new(due.Profile, due.Work)).Number;
        planned.Ticks = on.UtcTicks;
        planned.Stage = Stage.Planned;
        Timeline.Add(entry);
    }

    /// <summary>Plans a piece of work for now. One that runs now runs again afterwards, whatever else is planned for it meanwhile: it may
    /// have looked before that happened for which it is woken.</summary>
    public void Wake(Due due, DateTimeOffset now)
    {
        if (_entries.Find(due.Mailbox, due.Work) is not Entries.None and int entry && _entries[entry].Stage == Stage.Running)
            _running[entry].Woken = (due, now);
        else
            Plan(due, now);
    }

    /// <summary>Forgets a piece of work. One that runs now is not planned again.</summary>
    public void Cancel(MailboxId mailbox, Work work)
    {
        int entry = _entries.Find(mailbox, work);
        if (entry == Entries.None)
            return;
        if (_running.TryGetValue(entry, out Run? run))
        {
            run.Again = run.Woken = null;
            return;
        }

        TakeOut(entry);
        _entries.Remove(entry);
    }

    /// <summary>The next piece of work to start, or null where nothing is due or no place is free.</summary>
    public Due? Draw(DateTimeOffset now)
    {
        MoveDue(now);
        while (_trials.TryPeek(out (ServerState Server, LaneState? Lane) held, out DateTimeOffset moment) && moment <= now)
        {
            _trials.Dequeue();
            _turns.Offer(held.Server);
            if (held.Lane is { } lane)
                _turns.Offer(lane);
        }

        while (_turns.Next(now, Running, Math.Max(1, _sharers)) is { } next)
        {
            int entry = FirstFree(next);
            if (entry == Entries.None)
                continue;
            Start(entry, next);
            return _running[entry].Due;
        }

        return null;
    }

    /// <summary>A piece of work that was drawn has ended. What was planned for it meanwhile is planned now.</summary>
    /// <returns>For how long its server, or its lane, is held back from now on; null where it is not, or was already.</returns>
    public TimeSpan? Complete(Due due, DateTimeOffset now, Verdict verdict)
    {
        int entry = _entries.Find(due.Mailbox, due.Work);
        _running.Remove(entry, out Run? run);
        _entries.Remove(entry);
        (LaneState lane, ServerState server) = (run!.Lane, run.Server);
        lane.Running--;
        server.Running--;
        server.Host.Running--;
        run.SecondHost?.Running -= 1;
        TimeSpan? pause = Learn(run, now, verdict);
        if ((run.Woken ?? run.Again) is { } again)
            Plan(again.Due, again.On);

        foreach (LaneState sibling in lane.OfProfile)
            _turns.Offer(sibling);
        OfferAt(server.Host);
        if (run.SecondHost is { } second)
            OfferAt(second);
        foreach (Work work in AllWork)
        {
            // What this mailbox had to wait with while this ran.
            if (_entries.Find(due.Mailbox, work) is not Entries.None and int held)
                _turns.Offer(_laneList[_entries[held].Lane]);
        }

        return pause;
    }

    /// <summary>How many connections that nobody uses may stay open beside what runs, of which a piece of work that was drawn is part.</summary>
    public Room RoomBeside(Due due)
    {
        Run run = _running[_entries.Find(due.Mailbox, due.Work)];
        LaneState lane = run.Lane;
        Dictionary<string, int> ofHosts = new(StringComparer.OrdinalIgnoreCase) { [lane.Limits.Host] = hostLimit - run.Server.Host.Running };
        if (run.SecondHost is { } second && lane.Limits.SecondHost is { } name)
            ofHosts[name] = hostLimit - second.Running;
        return new(limit - Running, lane.Limits.IsOfProfile ? lane.Limits.Connections - lane.Counted : null, lane.Limits.IsOneForEachMailbox, ofHosts);
    }

    /// <summary>How many pieces of work became due before a moment and still wait. Costs a step for each of them.</summary>
    public int CountLate(DateTimeOffset before)
    {
        int late = 0;
        foreach (LaneState lane in _laneList)
        {
            for (int entry = lane.Waiting.First; entry != Entries.None && _entries[entry].Ticks < before.UtcTicks; entry = _entries[entry].Next)
                late++;
        }

        return late;
    }

    /// <summary>When that became due which has waited longest; null where nothing waits. Costs a step for each lane.</summary>
    public DateTimeOffset? WaitingSince =>
        // In each lane the first is the one that was due first.
        _laneList.Where(lane => lane.Waiting.Count > 0).Min(lane => (long?)_entries[lane.Waiting.First].Ticks) is { } ticks ? new(ticks, TimeSpan.Zero) : null;

    private void OfferAt(HostState host)
    {
        foreach (ServerState server in host.Servers)
            _turns.Offer(server);
        foreach (LaneState guest in host.Guests)
            _turns.Offer(guest);
    }

    private TimeSpan? Learn(Run run, DateTimeOffset now, Verdict verdict)
    {
        (LaneState lane, ServerState server) = (run.Lane, run.Server);
        switch (verdict)
        {
            case Verdict.Answered:
                server.Allowance.Grow();
                lane.Breaker.Close();
                server.Breaker.Close();
                return null;

            case Verdict.Throttled when server.Allowance.Sessions > 1:
                server.Allowance.Halve(run.Epoch);
                return null;

            case Verdict.Throttled or Verdict.ServerFailed:
                TimeSpan? pause = server.Breaker.Fail(now, random.NextDouble());
                if (pause is not null)
                {
                    server.Allowance.StartOver();
                    _trials.Enqueue((server, null), server.Breaker.OpenUntil!.Value);
                }

                return pause;

            case Verdict.ProfileFailed:
                TimeSpan? held = lane.Breaker.Fail(now, random.NextDouble());
                if (held is not null)
                    _trials.Enqueue((server, lane), lane.Breaker.OpenUntil!.Value);
                return held;

            default:
                return null;
        }
    }

    private void MoveDue(DateTimeOffset now)
    {
        while (Timeline.Count > 0 && _entries[Timeline.Earliest].Ticks <= now.UtcTicks)
        {
            int entry = Timeline.Earliest;
            Timeline.Remove(entry);
            LaneState lane = _laneList[_entries[entry].Lane];
            _entries[entry].Stage = Stage.Waiting;
            lane.Waiting.Add(_entries, entry);
            Waiting++;
            _turns.Offer(lane);
        }
    }

    private void Start(int entry, LaneState lane)
    {
        ref Entry started = ref _entries[entry];
        TakeOut(entry);
        started.Stage = Stage.Running;
        Due due = new(new(started.Mailbox), lane.Key.Profile, started.Work);
        _running.Add(entry, new(due, lane, lane.Server, lane.SecondHost, lane.Server.Allowance.Epoch));
        lane.Running++;
        lane.Server.Running++;
        lane.Server.Host.Running++;
        lane.SecondHost?.Running += 1;
        // Where the profile's connections are all in use, the next that is free goes to the others first.
        lane.OfProfile.Remove(lane);
        lane.OfProfile.Add(lane);
        _turns.Offer(lane);
    }

    // From wherever it stands; it is not running.
    private void TakeOut(int entry)
    {
        if (_entries[entry].Stage == Stage.Waiting)
        {
            _laneList[_entries[entry].Lane].Waiting.Remove(_entries, entry);
            Waiting--;
        }
        else
        {
            Timeline.Remove(entry);
        }
    }

    private int FirstFree(LaneState lane)
    {
        int entry = lane.Waiting.First;
        while (entry != Entries.None && IsHeldByAnother(new(_entries[entry].Mailbox), _entries[entry].Work, lane.Limits.IsOneForEachMailbox))
            entry = _entries[entry].Next;
        return entry;
    }

    // A test opens the maildrop and the outbox, which a poll or a sending of the same mailbox would find locked.
    private bool IsHeldByAnother(MailboxId mailbox, Work work, bool isOneAtATime)
    {
        foreach (Work other in AllWork)
        {
            if (other != work && (isOneAtATime || work == Work.Test || other == Work.Test) && IsRunning(mailbox, other))
                return true;
        }

        return false;
    }

    private bool IsRunning(MailboxId mailbox, Work work) => _entries.Find(mailbox, work) is not Entries.None and int entry && _entries[entry].Stage == Stage.Running;

    private LaneState LaneOf(Lane key)
    {
        if (!_lanes.TryGetValue(key, out LaneState? lane))
        {
            List<LaneState> ofProfile = AllWork.Select(work => _lanes.GetValueOrDefault(new(key.Profile, work))).FirstOrDefault(known => known is not null)?.OfProfile ?? [];
            lane = new(_laneList.Count, key, _nowhere, ofProfile);
            ofProfile.Add(lane);
            _lanes.Add(key, lane);
            _laneList.Add(lane);
        }

        return lane;
    }

    private ServerState ServerOf(string name, int port)
    {
        if (_servers.TryGetValue((name, port), out ServerState? server))
            return server;
        HostState host = HostOf(name);
        _servers[(name, port)] = server = new(host);
        _sharers += port == 0 ? 0 : 1;
        host.Servers.Add(server);
        return server;
    }

    private HostState HostOf(string name)
    {
        if (!_hosts.TryGetValue(name, out HostState? host))
            _hosts[name] = host = new();
        return host;
    }
}
