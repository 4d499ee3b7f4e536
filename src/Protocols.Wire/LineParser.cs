namespace EmailSync.Protocols.Wire;

/// <summary>
/// Turns one line, without its CRLF, into a value, or throws <see cref="ProtocolViolationException"/>.
/// The span lies in the receive buffer: keep nothing of it.
/// </summary>
public delegate T LineParser<out T>(ReadOnlySpan<byte> line);

/// <summary>Sees one line of a listing, without its CRLF and un-stuffed. Keep nothing of the span.</summary>
public delegate void LineVisitor(ReadOnlySpan<byte> line);

/// <summary>Says how many leading octets of a received line a transcript may show; the rest appears as <c>***</c>.</summary>
public delegate int LineRedaction(ReadOnlySpan<byte> line);

/// <summary>
/// Takes a slice of received content. The slice lies in the receive buffer and is valid until the returned task
/// completes; the next octets are read only then, so a slow writer slows the peer.
/// </summary>
/// <param name="octets">One octet at least, and no more than the receive buffer holds (64 KiB).</param>
/// <param name="cancellationToken">Cancelled when the connection is given up, for whatever reason.</param>
public delegate ValueTask ContentWriter(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken);
