namespace EmailSync.Appliance.Scheduling;

/// <summary>
/// Whose turn it is: servers in a ring, and at each server its lanes in a ring. Who cannot start anything leaves the ring and comes back
/// when something that held it up has changed, so that finding the next costs the same however many stand still.
/// </summary>
/// <param name="limit">Pieces of work that may run at once.</param>
/// <param name="hostLimit">Of those, on one host.</param>
internal sealed class Turns(int limit, int hostLimit)
{
    // Of those that have had their share, so many are asked again each time that a place is free.
    private const int AskedAgain = 8;

    private readonly Queue<ServerState> _servers = new();
    private readonly Queue<ServerState> _beyondShare = new();

    /// <summary>A lane may have something to start.</summary>
    public void Offer(LaneState lane)
    {
        if (lane.Waiting.Count == 0)
            return;
        if (!lane.HasTurn)
        {
            lane.HasTurn = true;
            lane.Server.Turns.Enqueue(lane);
        }

        Offer(lane.Server);
    }

    /// <summary>A server may have something to start.</summary>
    public void Offer(ServerState server)
    {
        if (server.HasTurn || server.Turns.Count == 0)
            return;
        server.HasTurn = true;
        _servers.Enqueue(server);
    }

    /// <summary>The lane that may start something now, or null where there is none. The caller starts one piece of it, or finds none.</summary>
    public LaneState? Next(DateTimeOffset now, int running, int serverCount)
    {
        if (running >= limit)
            return null;
        for (int again = Math.Min(AskedAgain, _beyondShare.Count); again > 0; again--)
            _servers.Enqueue(_beyondShare.Dequeue());

        while (_servers.TryDequeue(out ServerState? server))
        {
            server.HasTurn = false;
            if (!server.Breaker.Admits(now, server.Running)
                || server.Running >= server.Allowance.Sessions
                || server.Host.Running >= hostLimit)
                continue;
            // A slow server would fill all places there are, one after the other: it gets its part, and beyond it no more than it leaves free.
            if (server.Running >= Math.Max(Math.Max(1, limit / serverCount), limit - running))
            {
                server.HasTurn = true;
                _beyondShare.Enqueue(server);
                continue;
            }

            LaneState? lane = NextLane(server, now);
            Offer(server);
            if (lane is not null)
                return lane;
        }

        return null;
    }

    private LaneState? NextLane(ServerState server, DateTimeOffset now)
    {
        while (server.Turns.TryDequeue(out LaneState? lane))
        {
            // It leads elsewhere by now, where it was offered anew.
            if (lane.Server != server)
                continue;
            lane.HasTurn = false;
            if (lane.Waiting.Count > 0 && lane.Counted < lane.Limits.Connections && (lane.SecondHost is not { } second || second.Running < hostLimit)
                && lane.Breaker.Admits(now, lane.Running))
                return lane;
        }

        return null;
    }
}
