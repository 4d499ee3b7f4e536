using System.Collections.Concurrent;

namespace EmailSync.Simulation;

/// <summary>
/// A clock, and the one thread on which everything runs that waits for it: it does whatever can be done now, and only when nothing is left
/// moves on to the next moment at which something happens. What takes an hour by this clock takes as long as its work, and comes out
/// the same each time.
/// </summary>
public sealed class VirtualTime(DateTimeOffset start) : TimeProvider
{
    private readonly Pump _pump = new();
    private readonly PriorityQueue<VirtualTimer, (long Ticks, long Order)> _timers = new();
    private long _ticks = start.UtcTicks;
    private long _order;

    /// <inheritdoc />
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow() => new(_ticks, TimeSpan.Zero);

    /// <inheritdoc />
    public override long GetTimestamp() => _ticks;

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        VirtualTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Runs something to its end.</summary>
    /// <exception cref="InvalidOperationException">It waits for something that will never happen.</exception>
    public void Run(Func<Task> work)
    {
        SynchronizationContext? outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_pump);
        try
        {
            Task running = work();
            while (!running.IsCompleted)
            {
                if (!_pump.RunOne() && !MoveOn())
                    throw new InvalidOperationException("Everything waits, and nothing is planned.");
            }

            running.GetAwaiter().GetResult();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    private bool MoveOn()
    {
        while (_timers.TryDequeue(out VirtualTimer? timer, out (long Ticks, long Order) due))
        {
            if (!timer.IsSetFor(due.Order))
                continue;
            _ticks = Math.Max(_ticks, due.Ticks);
            timer.Fire();
            return true;
        }

        return false;
    }

    private sealed class VirtualTimer(VirtualTime clock, TimerCallback callback, object? state) : ITimer
    {
        private long _setFor = -1;

        public bool IsSetFor(long order) => order == _setFor;

        public void Fire()
        {
            _setFor = -1;
            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (period != Timeout.InfiniteTimeSpan && period != TimeSpan.Zero)
                throw new NotSupportedException("Timers fire once here.");
            _setFor = -1;
            if (dueTime == Timeout.InfiniteTimeSpan)
                return true;
            _setFor = ++clock._order;
            clock._timers.Enqueue(this, (clock._ticks + dueTime.Ticks, _setFor));
            return true;
        }

        public void Dispose() => _setFor = -1;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Pump : SynchronizationContext
    {
        private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> _posted = new();

        public override void Post(SendOrPostCallback d, object? state) => _posted.Enqueue((d, state));

        public bool RunOne()
        {
            if (!_posted.TryDequeue(out (SendOrPostCallback Callback, object? State) next))
                return false;
            next.Callback(next.State);
            return true;
        }
    }
}
