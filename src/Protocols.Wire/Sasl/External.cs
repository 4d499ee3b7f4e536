namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>EXTERNAL (RFC 4422 appendix A): the server knows us by something else, such as the client certificate of TLS.</summary>
public sealed class External : SaslMechanism
{
    private readonly string _authorizationIdentity;
    private bool _isComplete;

    /// <summary>Prepares one exchange. Who we are was proved below, by the certificate of the TLS client.</summary>
    /// <param name="authorizationIdentity">On whose behalf to act; empty: whoever the certificate says.</param>
    /// <exception cref="ArgumentException">The identity holds a NUL (RFC 4422 section 3.4.1).</exception>
    public External(string authorizationIdentity = "")
    {
        ArgumentNullException.ThrowIfNull(authorizationIdentity);
        if (authorizationIdentity.Contains('\0'))
            throw new ArgumentException("An authorization identity holds no NUL (RFC 4422 section 3.4.1)", nameof(authorizationIdentity));
        _authorizationIdentity = authorizationIdentity;
    }

    /// <inheritdoc/>
    public override string Name => "EXTERNAL";

    /// <inheritdoc/>
    public override bool IsClientFirst => true;

    /// <inheritdoc/>
    public override bool IsComplete => _isComplete;

    /// <inheritdoc/>
    public override bool IgnoresNextChallenge => !_isComplete;

    /// <summary>There is no secret in it; what it is worth is the worth of the TLS session around it, which it therefore needs.</summary>
    public override MechanismStrength Strength => MechanismStrength.Revealing;

    /// <inheritdoc/>
    public override ValueTask<byte[]> RespondAsync(ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken = default)
    {
        if (_isComplete)
            throw new ProtocolViolationException("The server sent a challenge after the only message of EXTERNAL");
        _isComplete = true;
        return new(StrictUtf8.Encoding.GetBytes(_authorizationIdentity));
    }
}
