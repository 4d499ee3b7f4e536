namespace EmailSync.Protocols.Wire;

/// <summary>
/// Counts the time the peer makes us wait in one direction, and reports once it is more than the deadline allows.
/// The timer is armed only by waits that really happen, and fires no more often than a limit can be near.
/// </summary>
internal sealed class PeerClock(TimeProvider clock, Action<TimeoutException> expired) : IDisposable
{
    // Timers count in milliseconds, may be early by one, and take no more than 49 days; each look arms the next.
    private static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Latest = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private ITimer? _timer;
    private long _timerDue = long.MaxValue;
    private Deadline _deadline;
    private bool _isStarted;
    private bool _waiting;
    private long _waitingSince;
    private TimeSpan _waited;
    private long _octets;

    /// <summary>A new phase begins; a wait in progress counts for it from now on.</summary>
    public void Start(in Deadline deadline)
    {
        lock (_gate)
        {
            _deadline = deadline;
            _isStarted = true;
            _waited = TimeSpan.Zero;
            _octets = 0;
            if (_waiting)
                Wait();
        }
    }

    public void BeginWait()
    {
        lock (_gate)
        {
            _waiting = true;
            Wait();
        }
    }

    public void EndWait(int octets)
    {
        lock (_gate)
        {
            _waiting = false;
            _waited += clock.GetElapsedTime(_waitingSince);
            _octets += octets;
        }
    }

    public void Dispose() => _timer?.Dispose();

    private void Wait()
    {
        _waitingSince = clock.GetTimestamp();
        if (_isStarted)
            Arm(Remaining(TimeSpan.Zero).Time);
    }

    private void Arm(TimeSpan remaining)
    {
        remaining = remaining < Soonest ? Soonest : remaining > Latest ? Latest : remaining;
        long due = clock.GetTimestamp() + (long)(remaining.TotalSeconds * clock.TimestampFrequency);
        // Armed for an earlier moment already: it will look again then. So a busy connection hardly touches its timer.
        if (_timerDue <= due)
            return;
        _timerDue = due;
        _timer ??= clock.CreateTimer(static state => ((PeerClock)state!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(remaining, Timeout.InfiniteTimeSpan);
    }

    private void Look()
    {
        TimeoutException? verdict = null;
        lock (_gate)
        {
            _timerDue = long.MaxValue;
            if (!_waiting || !_isStarted)
                return;
            (TimeSpan time, Limit limit) = Remaining(clock.GetElapsedTime(_waitingSince));
            if (time > TimeSpan.Zero)
                Arm(time);
            else
                verdict = Verdict(limit);
        }
        if (verdict is not null)
            expired(verdict);
    }

    private (TimeSpan Time, Limit Limit) Remaining(TimeSpan thisWait)
    {
        TimeSpan waited = _waited + thisWait;
        (TimeSpan Time, Limit Limit) least = (_deadline.Whole - waited, Limit.Whole);
        if (_deadline.Inactivity - thisWait < least.Time)
            least = (_deadline.Inactivity - thisWait, Limit.Inactivity);
        if (_deadline.MinimumRate > 0)
        {
            TimeSpan enoughFor = TimeSpan.FromSeconds((double)_octets / _deadline.MinimumRate);
            TimeSpan untilTooSlow = (enoughFor > _deadline.RateGrace ? enoughFor : _deadline.RateGrace) - waited;
            if (untilTooSlow < least.Time)
                least = (untilTooSlow, Limit.Rate);
        }
        return least;
    }

    private TimeoutException Verdict(Limit limit) => new(limit switch
    {
        Limit.Inactivity when _deadline.Inactivity < _deadline.Whole => $"{_deadline.Awaited}: nothing moved for {_deadline.Inactivity.TotalSeconds:0.###} s",
        Limit.Rate => $"{_deadline.Awaited}: slower than {_deadline.MinimumRate} octets a second ({_octets} octets so far)",
        _ => $"{_deadline.Awaited}: not complete within {_deadline.Whole.TotalSeconds:0.###} s",
    });

    private enum Limit { Whole, Inactivity, Rate }
}
