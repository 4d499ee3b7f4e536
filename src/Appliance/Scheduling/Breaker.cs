using EmailSync.Appliance.Processing;

namespace EmailSync.Appliance.Scheduling;

/// <summary>
/// A circuit breaker: after three failures in a row it holds everything back for a while, then lets one piece of work through at a time to
/// see whether the server is back, and pauses longer each time it is not.
/// </summary>
internal sealed class Breaker
{
    // One failed connection may be a dropped packet; three in a row, from whichever mailboxes, are the server.
    private const int FailuresUntilOpen = 3;

    private int _failures;
    private int _pauses;

    /// <summary>Nothing starts before this moment; null where nothing is held back.</summary>
    public DateTimeOffset? OpenUntil { get; private set; }

    /// <summary>It opened and no answer has come since: one at a time.</summary>
    public bool IsOnTrial => OpenUntil is not null;

    /// <summary>Whether one more may start beside those that run.</summary>
    public bool Admits(DateTimeOffset now, int running) => OpenUntil is not { } until || (until <= now && running == 0);

    /// <summary>The server answered. True where it had been held back.</summary>
    public bool Close()
    {
        bool wasOpen = IsOnTrial;
        (_failures, _pauses, OpenUntil) = (0, 0, null);
        return wasOpen;
    }

    /// <summary>The server failed. Returns for how long everything is held back from now on, or null where nothing changes.</summary>
    public TimeSpan? Fail(DateTimeOffset now, double random)
    {
        // Sessions that were under way when it opened say nothing new.
        if (OpenUntil > now || ++_failures < FailuresUntilOpen)
            return null;
        TimeSpan pause = Backoff.Spread(Backoff.ForServer(++_pauses), random);
        OpenUntil = now + pause;
        return pause;
    }
}
