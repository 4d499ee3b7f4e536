using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Scheduling;

/// <summary>One kind of work of one profile: what queues together.</summary>
/// <param name="Profile">The profile.</param>
/// <param name="Work">The kind.</param>
public readonly record struct Lane(ProfileId Profile, Work Work);

/// <summary>What a lane may take.</summary>
/// <param name="Connections">How many pieces of its work may run at once.</param>
/// <param name="Host">The host whose own limit its connections count against.</param>
/// <param name="Port">With the host: the server that all lanes to it find alive or dead together.</param>
public readonly record struct LaneLimits(int Connections, string Host, int Port);

/// <summary>A host: what its servers may have open together.</summary>
internal sealed class HostState
{
    public int Running { get; set; }

    public List<ServerState> Servers { get; } = [];
}

/// <summary>One server: the lanes that lead to it take turns.</summary>
internal sealed class ServerState(HostState host)
{
    public HostState Host { get; } = host;

    public Breaker Breaker { get; } = new();

    public Allowance Allowance { get; } = new();

    public Queue<LaneState> Turns { get; } = new();

    public int Running { get; set; }

    public bool HasTurn { get; set; }
}

/// <summary>A lane: its queue of due work, and what of it runs.</summary>
internal sealed class LaneState(int number, Lane key, ServerState server)
{
    public int Number { get; } = number;

    public Lane Key { get; } = key;

    public ServerState Server { get; set; } = server;

    /// <summary>For what concerns this profile alone: its certificates, the egress policy.</summary>
    public Breaker Breaker { get; } = new();

    public int Limit { get; set; } = 1;

    public int Running { get; set; }

    public bool HasTurn { get; set; }

    public WaitingLine Waiting { get; } = new();
}

/// <summary>Due work in the order in which it became due: a list through the entries themselves.</summary>
internal sealed class WaitingLine
{
    public int First { get; private set; } = Entries.None;

    public int Last { get; private set; } = Entries.None;

    public int Count { get; private set; }

    public void Add(Entries entries, int entry)
    {
        (entries[entry].Place, entries[entry].Next) = (Last, Entries.None);
        if (Last == Entries.None)
            First = entry;
        else
            entries[Last].Next = entry;
        Last = entry;
        Count++;
    }

    public void Remove(Entries entries, int entry)
    {
        (int before, int behind) = (entries[entry].Place, entries[entry].Next);
        if (before == Entries.None)
            First = behind;
        else
            entries[before].Next = behind;
        if (behind == Entries.None)
            Last = before;
        else
            entries[behind].Place = before;
        Count--;
    }
}
