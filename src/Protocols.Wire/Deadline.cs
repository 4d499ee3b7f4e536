namespace EmailSync.Protocols.Wire;

/// <summary>
/// How long the peer may keep us waiting in one phase. Only time spent waiting for the peer counts: a slow
/// disk on our side uses up nobody's patience.
/// </summary>
/// <param name="Awaited">What is waited for, as it appears in the error: "reply to RCPT".</param>
/// <param name="Whole">The longest wait for all of it.</param>
public readonly record struct Deadline(string Awaited, TimeSpan Whole)
{
    /// <summary>The longest wait in which no octet comes or goes; the same as <see cref="Whole"/> unless set.</summary>
    public TimeSpan Inactivity { get; init; } = Whole;

    /// <summary>The least average rate, in octets a second of waiting, once <see cref="RateGrace"/> is over; 0 asks for none.</summary>
    public int MinimumRate { get; init; }

    /// <summary>How much waiting is granted before <see cref="MinimumRate"/> is asked for.</summary>
    public TimeSpan RateGrace { get; init; } = TimeSpan.FromSeconds(60);
}
