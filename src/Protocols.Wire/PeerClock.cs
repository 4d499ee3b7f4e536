namespace EmailSync.Protocols.Wire;

/// <summary>
/// Counts the time the peer makes us wait in one direction, and reports once it is more than the deadline allows.
/// The timer is armed only by waits that really happen, and fires no more often than a limit can be near.
/// </summary>
internal sealed class PeerClock(TimeProvider clock, Action<TimeoutException> expired) : IDisposable
{
    private readonly Lock _gate = new();
    private ITimer? _timer;
    private long _timerDue = long.MaxValue;
    private Deadline? _deadline;
    private bool _waiting;
    private long _waitingSince;
    private TimeSpan _waited;
    private long _octets;

    /// <summary>A new phase begins; a wait in progress counts for it from now on.</summary>
    public void Start(Deadline deadline)
    {
        lock (_gate)
        {
            _deadline = deadline;
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
        if (_deadline is not null)
            Arm(Remaining(_deadline, TimeSpan.Zero).Time);
    }

    private void Arm(TimeSpan remaining)
    {
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
            if (!_waiting || _deadline is null)
                return;
            (TimeSpan time, Limit limit) = Remaining(_deadline, clock.GetElapsedTime(_waitingSince));
            if (time > TimeSpan.Zero)
                // Timers count in milliseconds and may be early by one.
                Arm(time < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : time);
            else
                verdict = Verdict(_deadline, limit);
        }
        if (verdict is not null)
            expired(verdict);
    }

    private (TimeSpan Time, Limit Limit) Remaining(Deadline deadline, TimeSpan thisWait)
    {
        TimeSpan waited = _waited + thisWait;
        (TimeSpan Time, Limit Limit) least = (deadline.Whole - waited, Limit.Whole);
        if (deadline.Inactivity - thisWait < least.Time)
            least = (deadline.Inactivity - thisWait, Limit.Inactivity);
        if (deadline.MinimumRate > 0)
        {
            TimeSpan enoughFor = TimeSpan.FromSeconds((double)_octets / deadline.MinimumRate);
            TimeSpan untilTooSlow = (enoughFor > deadline.RateGrace ? enoughFor : deadline.RateGrace) - waited;
            if (untilTooSlow < least.Time)
                least = (untilTooSlow, Limit.Rate);
        }
        return least;
    }

    private TimeoutException Verdict(Deadline deadline, Limit limit) => new(limit switch
    {
        Limit.Inactivity when deadline.Inactivity < deadline.Whole => $"{deadline.Awaited}: nothing moved for {deadline.Inactivity.TotalSeconds:0.###} s",
        Limit.Rate => $"{deadline.Awaited}: slower than {deadline.MinimumRate} octets a second ({_octets} octets so far)",
        _ => $"{deadline.Awaited}: not complete within {deadline.Whole.TotalSeconds:0.###} s",
    });

    private enum Limit { Whole, Inactivity, Rate }
}
