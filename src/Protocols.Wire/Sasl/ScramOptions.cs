namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>What a SCRAM exchange may be, beyond name and password.</summary>
public sealed record ScramOptions
{
    /// <summary>On whose behalf to act (<c>a=</c>); empty: the user whose password it is.</summary>
    public string AuthorizationIdentity { get; init; } = "";

    /// <summary>What is said, and done, about the TLS session around the exchange.</summary>
    public ScramBinding Binding { get; init; } = ScramBinding.None;

    /// <summary>
    /// The fewest iterations accepted; 4096 is what RFC 5802 and RFC 7677 ask of servers. With fewer, who poses as the server learns a
    /// proof that is cheap to guess from.
    /// </summary>
    public int MinIterations { get; init; } = 4096;

    /// <summary>The most iterations calculated, about half a second's work at a million: a hostile server asks for two thousand million.</summary>
    public int MaxIterations { get; init; } = 1_000_000;

    /// <summary>The client's nonce; null: a new random one, as it must be outside a test.</summary>
    internal string? Nonce { get; init; }

    internal ScramOptions Validated()
    {
        ArgumentNullException.ThrowIfNull(AuthorizationIdentity);
        ArgumentNullException.ThrowIfNull(Binding);
        ArgumentOutOfRangeException.ThrowIfLessThan(MinIterations, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxIterations, MinIterations);
        return this;
    }
}
