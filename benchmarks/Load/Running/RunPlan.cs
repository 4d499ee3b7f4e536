using EmailSync.Load.Messages;
using EmailSync.Load.Server;

namespace EmailSync.Load.Running;

/// <summary>One run: a workload's size, and who does it.</summary>
internal sealed record RunPlan
{
    public int Mailboxes { get; init; }
    public int Messages { get; init; }
    public int Size { get; init; }
    public int Connections { get; init; }
    public bool Tls { get; init; }
    public bool ResumesTls { get; init; } = true;

    /// <summary>Milliseconds.</summary>
    public int RoundTrip { get; init; }

    public ServerKind Server { get; init; }
    public IReadOnlyList<string> Clients { get; init; } = [];

    /// <summary>How often each client runs, in turn with the others.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Each client repeats its work for at least so long.</summary>
    public double Seconds { get; init; } = 1;

    /// <summary>So long each client warms up.</summary>
    public double WarmUpSeconds { get; init; } = 1.5;

    /// <summary>A client that takes longer is ended, and the run with it.</summary>
    public int TimeoutSeconds { get; init; } = 120;

    /// <summary>The appliance to run: its <c>emailsync.dll</c>.</summary>
    public string Appliance { get; init; } = Path.Combine(AppContext.BaseDirectory, "emailsync.dll");

    /// <exception cref="LoadException">A value is out of bounds; the message says which.</exception>
    public void Validate()
    {
        Require("mailboxes", Mailboxes, 1, 1_000_000);
        Require("messages", Messages, 0, 1_000_000);
        Require("size", Size, MessageSet.LeastOctets, 64 * 1024 * 1024);
        Require("connections", Connections, 1, 20_000);
        Require("rtt", RoundTrip, 0, 1_000);
        Require("rounds", Rounds, 1, 100);
        Require("timeout", TimeoutSeconds, 1, 3_600);
        if (Seconds is not (>= 0 and <= 60) || WarmUpSeconds is not (>= 0 and <= 60))
            throw new LoadException("--seconds and --warm-up are from 0 to 60.");
        if (!File.Exists(Appliance))
            throw new LoadException($"There is no appliance at '{Appliance}'.");
        if (Clients.Count == 0)
            throw new LoadException("There is no client to run: name one with --client.");
    }

    private static void Require(string option, int value, int least, int most)
    {
        if (value < least || value > most)
            throw new LoadException($"--{option} is {value}; it must be from {least} to {most}.");
    }
}
