namespace EmailSync.Load.Server;

/// <summary>What a load server speaks.</summary>
internal enum Protocol
{
    Pop3,
    Smtp,
}

/// <summary>How a server treats a client that waits for it.</summary>
internal enum ServerKind
{
    /// <summary>Acknowledges what it reads at once, and answers what it read together in one segment.</summary>
    Prompt,

    /// <summary>Leaves acknowledging to the system, which delays it, and answers each command in a segment of its own.</summary>
    Delaying,

    /// <summary>A Dovecot instead, with maildirs in memory.</summary>
    Dovecot,
}

/// <summary>What a server process is to do.</summary>
internal sealed record ServerPlan
{
    public Protocol Protocol { get; init; }
    public ServerKind Kind { get; init; }
    public bool Tls { get; init; }

    /// <summary>Tickets are given, so that a client may come back without a whole handshake.</summary>
    public bool ResumesTls { get; init; } = true;

    /// <summary>Each answer is late by this, in milliseconds.</summary>
    public int RoundTrip { get; init; }

    /// <summary>Once so many sessions have ended, those that come wait in UIDL until so many wait; 0: none waits.</summary>
    public int Gathers { get; init; }

    /// <summary>Maildrops.</summary>
    public int Mailboxes { get; init; }

    /// <summary>Messages in each maildrop.</summary>
    public int Messages { get; init; }

    /// <summary>Octets of each.</summary>
    public int Size { get; init; }
}

/// <summary>What a server says once it listens.</summary>
/// <param name="Port">On 127.0.0.1.</param>
/// <param name="Certificate">The root of its certificate, in PEM; the certificate is for <c>localhost</c>.</param>
internal sealed record ServerHello(int Port, string Certificate);

/// <summary>What a server did since it was last asked.</summary>
/// <param name="Sessions">Sessions that were ended by QUIT.</param>
/// <param name="Messages">Messages served or taken.</param>
/// <param name="Octets">Octets of the messages' bodies, where they were taken.</param>
/// <param name="Digest">The sum of their hashes, where they were taken.</param>
/// <param name="CpuSeconds">Processor time of the server.</param>
/// <param name="LastAt">When the last message or session came to its end, by the monotonic clock that all processes share, in seconds.</param>
internal sealed record ServerReport(long Sessions, long Messages, long Octets, ulong Digest, double CpuSeconds, double LastAt);
