namespace EmailSync.Protocols.Wire;

/// <summary>
/// Watches a conversation. Secrets arrive as <c>***</c>, content only as a count. Called on the connection's own
/// thread of work, from the reading and the writing side at once where the two run together: be quick, and thread-safe.
/// </summary>
public interface ITranscript
{
    /// <summary>A line was composed for the peer; without CRLF, secrets already replaced.</summary>
    void Sent(ReadOnlySpan<byte> line);

    /// <summary>A line came in; without CRLF, as the peer sent it, so possibly with control octets in it.</summary>
    void Received(ReadOnlySpan<byte> line);

    /// <summary>Content went through: how many octets, never which.</summary>
    void Content(long octets, bool sent);
}
