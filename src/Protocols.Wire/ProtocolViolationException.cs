namespace EmailSync.Protocols.Wire;

/// <summary>The peer broke the protocol. Its position in the stream is no longer known, so the connection is finished.</summary>
public sealed class ProtocolViolationException : IOException
{
    /// <summary>What the peer did.</summary>
    public ProtocolViolationException(string message) : base(message)
    {
    }

    /// <summary>What the peer did, and the line in which it did it.</summary>
    public ProtocolViolationException(string message, ReadOnlySpan<byte> line) : base($"{message}: \"{Wire.ServerText.Show(line)}\"") =>
        ServerText = Wire.ServerText.Show(line);

    /// <summary>The offending line, made safe to show; null where there is none.</summary>
    public string? ServerText { get; }
}
