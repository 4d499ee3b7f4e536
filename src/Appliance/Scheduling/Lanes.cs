using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Scheduling;

/// <summary>One kind of work of one profile: what queues together.</summary>
/// <param name="Profile">The profile.</param>
/// <param name="Work">The kind.</param>
public readonly record struct Lane(ProfileId Profile, Work Work);

/// <summary>What a lane may take.</summary>
/// <param name="Connections">How many pieces of its work may run at once.</param>
/// <param name="Host">The host whose own limit its connections count against.</param>
/// <param name="Port">
/// With the host: the server that all lanes to it find alive or dead together. 0: of no one server, such as a test of both; it takes no share
/// of the places away from those that are.
/// </param>
public readonly record struct LaneLimits(int Connections, string Host, int Port)
{
    /// <summary>The number is the profile's: all lanes of the profile that say so count against it together.</summary>
    public bool IsOfProfile { get; init; }

    /// <summary>A mailbox has one connection at a time: its work in this lane waits for its work in every other.</summary>
    public bool IsOneForEachMailbox { get; init; }

    /// <summary>Another host that the work connects to as well, against whose limit it counts too; null where there is none.</summary>
    public string? SecondHost { get; init; }
}

/// <summary>A host: what its servers may have open together.</summary>
internal sealed class HostState
{
    public int Running { get; set; }

    public List<ServerState> Servers { get; } = [];

    /// <summary>Lanes that lead to another host and connect to this one as well.</summary>
    public HashSet<LaneState> Guests { get; } = [];
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
internal sealed class LaneState(int number, Lane key, ServerState server, List<LaneState> ofProfile)
{
    public int Number { get; } = number;

    public Lane Key { get; } = key;

    public ServerState Server { get; set; } = server;

    /// <summary>For what concerns this profile alone: its certificates, the egress policy.</summary>
    public Breaker Breaker { get; } = new();

    public LaneLimits Limits { get; set; } = new(1, "", 0);

    /// <summary>All lanes of the profile, this one among them; whose last start is longest ago comes first.</summary>
    public List<LaneState> OfProfile => ofProfile;

    public HostState? SecondHost { get; set; }

    public int Running { get; set; }

    /// <summary>What runs of those that this lane's limit is for.</summary>
    public int Counted
    {
        get
        {
            if (!Limits.IsOfProfile)
                return Running;
            int running = 0;
            foreach (LaneState lane in ofProfile)
                running += lane.Limits.IsOfProfile ? lane.Running : 0;
            return running;
        }
    }

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
