namespace EmailSync.Protocols.Pop3;

/// <summary>What became of one message of a pipelined retrieval.</summary>
/// <param name="MessageNumber">The message.</param>
/// <param name="Octets">How long its content was, in octets; 0 where it was refused.</param>
/// <param name="IsTooLong">The content passed the caller's limit. What the sink got is a part of it, to be thrown away.</param>
/// <param name="Refusal">The server's <c>-ERR</c>, which concerns this message and no other; null if it sent the message.</param>
public readonly record struct Retrieval(int MessageNumber, long Octets, bool IsTooLong, Pop3Response? Refusal)
{
    /// <summary>The sink got the whole message.</summary>
    public bool IsWhole => Refusal is null && !IsTooLong;
}

/// <summary>
/// Takes the messages of a pipelined retrieval, one after the other. Every call is awaited before more is read, so a slow sink slows the
/// server. An exception from a sink ends the retrieval and the connection. A message that was begun and not ended did not arrive.
/// </summary>
public interface IRetrievalSink
{
    /// <summary>The server is about to send this message.</summary>
    /// <param name="messageNumber">The message, from the numbers that were asked for and in their order.</param>
    /// <param name="cancellationToken">The caller's of the retrieval.</param>
    ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken);

    /// <summary>The next octets of the message, un-stuffed; no more than the limit of the retrieval in all.</summary>
    /// <param name="octets">A slice of the receive buffer, of up to 64 KiB; valid until the returned task completes.</param>
    /// <param name="cancellationToken">The connection's: cancelled when it is given up, for whatever reason.</param>
    ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken);

    /// <summary>The message is over. Called without <see cref="BeginAsync"/> for one that the server refused.</summary>
    /// <param name="retrieval">What became of it; only if it <see cref="Retrieval.IsWhole"/> has all of it come.</param>
    /// <param name="cancellationToken">The caller's of the retrieval.</param>
    ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken);
}
