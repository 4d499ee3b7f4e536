namespace EmailSync.Simulation;

/// <summary>Many durations, counted by the millisecond.</summary>
internal sealed class Lateness
{
    private readonly SortedDictionary<long, long> _counts = [];
    private long _total;

    public void Add(long ticks)
    {
        long milliseconds = (ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;
        _counts[milliseconds] = _counts.GetValueOrDefault(milliseconds) + 1;
        _total++;
    }

    /// <summary>The duration that this part of all does not exceed.</summary>
    public TimeSpan Quantile(double part)
    {
        long left = (long)Math.Ceiling(part * _total);
        foreach ((long milliseconds, long count) in _counts)
        {
            left -= count;
            if (left <= 0)
                return TimeSpan.FromMilliseconds(milliseconds);
        }

        return TimeSpan.Zero;
    }
}
