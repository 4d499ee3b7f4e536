using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Scheduling;

/// <summary>A piece of work that is due for a mailbox.</summary>
/// <param name="Mailbox">Whose.</param>
/// <param name="Profile">The profile it is reached by: its lane.</param>
/// <param name="Work">What.</param>
public readonly record struct Due(MailboxId Mailbox, ProfileId Profile, Work Work);

/// <summary>One kind of work of one profile: what queues together, and what a dead server holds up together.</summary>
/// <param name="Profile">The profile.</param>
/// <param name="Work">The kind.</param>
public readonly record struct Lane(ProfileId Profile, Work Work);

/// <summary>What a lane may take.</summary>
/// <param name="Connections">How many pieces of its work may run at once.</param>
/// <param name="Host">The host whose own limit its connections count against.</param>
public readonly record struct LaneLimits(int Connections, string Host);

/// <summary>
/// Decides what starts now and when to look again. Pure: time comes in as an argument, and nothing here waits or runs.
/// Due work stands in a queue for each lane, and the lanes take turns, so that a dead or slow host delays nobody but its own.
/// </summary>
public sealed class Agenda(int limit, int hostLimit)
{
    private readonly PriorityQueue<(MailboxId Mailbox, Work Work), long> _timeline = new();
    private readonly Dictionary<(MailboxId Mailbox, Work Work), Entry> _entries = [];
    private readonly Dictionary<Lane, LaneState> _lanes = [];
    private readonly Queue<LaneState> _turns = new();
    private readonly Dictionary<string, int> _runningOnHost = new(StringComparer.Ordinal);

    /// <summary>How many pieces of work run now.</summary>
    public int Running { get; private set; }

    /// <summary>How many pieces of work are due and wait for a free place.</summary>
    public int Waiting { get; private set; }

    /// <summary>How many pieces of work are planned, due or not.</summary>
    public int Planned => _entries.Count;

    /// <summary>The earliest moment at which something planned becomes due; null where nothing is.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            while (_timeline.TryPeek(out (MailboxId, Work) key, out long ticks))
            {
                if (_entries.TryGetValue(key, out Entry? entry) && entry.Stage == Stage.Planned && entry.On.UtcTicks == ticks)
                    return entry.On;
                _timeline.Dequeue();
            }

            return null;
        }
    }

    /// <summary>Plans a piece of work, or moves it. One that runs now runs again afterwards, not before.</summary>
    public void Plan(Due due, DateTimeOffset on)
    {
        (MailboxId, Work) key = (due.Mailbox, due.Work);
        if (!_entries.TryGetValue(key, out Entry? entry))
            _entries[key] = entry = new(due);

        if (entry.Stage == Stage.Running)
        {
            entry.Again = entry.Again is { } again && again < on ? again : on;
            entry.Due = due;
            return;
        }

        if (entry.Stage == Stage.Waiting)
            Waiting--;
        entry.Due = due;
        entry.On = on;
        entry.Stage = Stage.Planned;
        _timeline.Enqueue(key, on.UtcTicks);
    }

    /// <summary>Forgets a piece of work. One that runs now is not planned again.</summary>
    public void Cancel(MailboxId mailbox, Work work)
    {
        if (!_entries.TryGetValue((mailbox, work), out Entry? entry))
            return;
        if (entry.Stage == Stage.Running)
        {
            entry.Again = null;
            return;
        }

        if (entry.Stage == Stage.Waiting)
            Waiting--;
        entry.Stage = Stage.Gone;
        _entries.Remove((mailbox, work));
    }

    /// <summary>The next piece of work to start, or null where nothing is due or no place is free.</summary>
    public Due? Draw(DateTimeOffset now, Func<Lane, LaneLimits> limitsOf)
    {
        MoveDue(now);
        if (Running >= limit)
            return null;

        for (int turns = _turns.Count; turns > 0; turns--)
        {
            LaneState lane = _turns.Dequeue();
            Due? due = TakeFrom(lane, now, limitsOf(lane.Key));
            if (lane.Waiting.Count > 0)
                _turns.Enqueue(lane);
            else
                lane.HasTurn = false;
            if (due is not null)
                return due;
        }

        return null;
    }

    /// <summary>A piece of work that was drawn has ended. What was planned for it meanwhile is planned now.</summary>
    public void Complete(Due due)
    {
        Entry entry = _entries[(due.Mailbox, due.Work)];
        Running--;
        entry.Lane!.Running--;
        _runningOnHost[entry.Host!]--;
        entry.Stage = Stage.Gone;
        _entries.Remove((due.Mailbox, due.Work));
        if (entry.Again is { } again)
            Plan(entry.Due, again);
    }

    /// <summary>Holds a lane's work back until a moment, and then lets one piece through to see whether its server is back.</summary>
    public void Suspend(Lane key, DateTimeOffset until)
    {
        LaneState lane = StateOf(key);
        lane.SuspendedUntil = until;
        lane.IsOnTrial = true;
    }

    /// <summary>The server of a suspended lane answers again.</summary>
    public void Resume(Lane key)
    {
        LaneState lane = StateOf(key);
        lane.SuspendedUntil = null;
        lane.IsOnTrial = false;
    }

    /// <summary>The earliest moment at which a suspended lane with waiting work is tried again; null where there is none.</summary>
    public DateTimeOffset? NextTrial(DateTimeOffset now) => _turns
        .Where(lane => lane.SuspendedUntil > now)
        .Min(lane => lane.SuspendedUntil);

    private void MoveDue(DateTimeOffset now)
    {
        while (NextDue is { } due && due <= now)
        {
            Entry entry = _entries[_timeline.Dequeue()];
            LaneState lane = StateOf(new(entry.Due.Profile, entry.Due.Work));
            entry.Stage = Stage.Waiting;
            lane.Waiting.Enqueue(entry);
            Waiting++;
            if (!lane.HasTurn)
            {
                lane.HasTurn = true;
                _turns.Enqueue(lane);
            }
        }
    }

    private Due? TakeFrom(LaneState lane, DateTimeOffset now, LaneLimits limits)
    {
        int onHost = _runningOnHost.GetValueOrDefault(limits.Host);
        int laneLimit = lane.IsOnTrial ? 1 : limits.Connections;
        if (lane.SuspendedUntil > now || lane.Running >= laneLimit || onHost >= hostLimit)
            return null;

        for (int left = lane.Waiting.Count; left > 0; left--)
        {
            Entry entry = lane.Waiting.Dequeue();
            // Planned anew or canceled since it came to wait here: its place in this queue is void.
            if (entry.Stage != Stage.Waiting)
                continue;
            if (IsHeldByAnother(entry.Due))
            {
                lane.Waiting.Enqueue(entry);
                continue;
            }

            entry.Stage = Stage.Running;
            entry.Lane = lane;
            entry.Host = limits.Host;
            lane.Running++;
            _runningOnHost[limits.Host] = onHost + 1;
            Running++;
            Waiting--;
            return entry.Due;
        }

        return null;
    }

    // A test opens the maildrop and the outbox, which a poll or a sending of the same mailbox would find locked.
    private bool IsHeldByAnother(Due due) => due.Work == Work.Test
        ? IsRunning(due.Mailbox, Work.Receive) || IsRunning(due.Mailbox, Work.Send)
        : IsRunning(due.Mailbox, Work.Test);

    private bool IsRunning(MailboxId mailbox, Work work) =>
        _entries.TryGetValue((mailbox, work), out Entry? entry) && entry.Stage == Stage.Running;

    private LaneState StateOf(Lane key)
    {
        if (!_lanes.TryGetValue(key, out LaneState? lane))
            _lanes[key] = lane = new(key);
        return lane;
    }

    private enum Stage
    {
        Planned,
        Waiting,
        Running,
        Gone,
    }

    private sealed class Entry(Due due)
    {
        public Due Due { get; set; } = due;
        public DateTimeOffset On { get; set; }
        public Stage Stage { get; set; }
        public DateTimeOffset? Again { get; set; }
        public LaneState? Lane { get; set; }
        public string? Host { get; set; }
    }

    private sealed class LaneState(Lane key)
    {
        public Lane Key { get; } = key;
        public Queue<Entry> Waiting { get; } = new();
        public int Running { get; set; }
        public bool HasTurn { get; set; }
        public DateTimeOffset? SuspendedUntil { get; set; }
        public bool IsOnTrial { get; set; }
    }
}
