namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>ANONYMOUS (RFC 4505): in without credentials, leaving a trace of who one is, if one likes.</summary>
public sealed class Anonymous : SaslMechanism
{
    private const int MaxTraceLength = 255;

    private readonly string _trace;
    private bool _isComplete;

    /// <summary>Prepares one exchange.</summary>
    /// <param name="trace">An email address, or some token without an at sign; at most 255 characters (RFC 4505 section 2). Empty: nothing.</param>
    /// <exception cref="ArgumentException">The trace is longer, or holds a control character.</exception>
    public Anonymous(string trace = "")
    {
        ArgumentNullException.ThrowIfNull(trace);
        if (trace.EnumerateRunes().Count() > MaxTraceLength || trace.Any(char.IsControl))
            throw new ArgumentException($"A trace has at most {MaxTraceLength} characters and no control among them (RFC 4505 section 2)", nameof(trace));
        _trace = trace;
    }

    /// <inheritdoc/>
    public override string Name => "ANONYMOUS";

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
            throw new ProtocolViolationException("The server sent a challenge after the only message of ANONYMOUS");
        _isComplete = true;
        return new(StrictUtf8.Encoding.GetBytes(_trace));
    }
}
