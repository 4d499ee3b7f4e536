namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>PLAIN (RFC 4616): name and password in one message.</summary>
public sealed class Plain : SaslMechanism
{
    private readonly string _message;
    private bool _isComplete;

    /// <summary>Prepares one exchange.</summary>
    /// <param name="name">Whose password it is (authentication identity).</param>
    /// <param name="password">The password.</param>
    /// <param name="authorizationIdentity">On whose behalf to act; empty: the same.</param>
    /// <exception cref="ArgumentException">A value is empty where it must not be, or holds a NUL.</exception>
    public Plain(string name, Secret password, string authorizationIdentity = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(authorizationIdentity);
        if (name.Contains('\0') || authorizationIdentity.Contains('\0') || password.Reveal().Contains('\0'))
            throw new ArgumentException("Neither a name nor a password may hold a NUL, which separates them (RFC 4616 section 2)");
        _message = $"{authorizationIdentity}\0{name}\0{password.Reveal()}";
    }

    /// <inheritdoc/>
    public override string Name => "PLAIN";

    /// <inheritdoc/>
    public override bool IsClientFirst => true;

    /// <inheritdoc/>
    public override bool IsComplete => _isComplete;

    /// <inheritdoc/>
    public override bool IgnoresNextChallenge => !_isComplete;

    /// <inheritdoc/>
    public override ValueTask<byte[]> RespondAsync(ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken = default)
    {
        if (_isComplete)
            throw new ProtocolViolationException("The server sent a challenge after the only message of PLAIN");
        _isComplete = true;
        return new(StrictUtf8.Encoding.GetBytes(_message));
    }
}
