namespace EmailSync.Load.Clients;

/// <summary>What a client process is to do.</summary>
internal sealed record ClientPlan
{
    public required string Workload { get; init; }
    public required string Client { get; init; }
    public int Port { get; init; }
    public bool Tls { get; init; }
    public int Mailboxes { get; init; }
    public int Messages { get; init; }
    public int Size { get; init; }
    public int Connections { get; init; }

    /// <summary>Passes are repeated until so many seconds are over; a clock for a tenth of a second says little.</summary>
    public double Seconds { get; init; }

    /// <summary>So long it runs unmeasured first, until it is compiled.</summary>
    public double WarmUpSeconds { get; init; }

    /// <summary>The root of the server's certificate in PEM, for clients that verify it.</summary>
    public string Certificate { get; init; } = "";

    /// <summary>The appliance to run: its <c>emailsync.dll</c>.</summary>
    public string Appliance { get; init; } = "";

    /// <summary>Commands are answered late, so that waiting is most of the time.</summary>
    public int RoundTrip { get; init; }
}
