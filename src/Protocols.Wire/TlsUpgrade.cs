namespace EmailSync.Protocols.Wire;

/// <summary>
/// Exchanges a cleartext stream for an encrypted one whose peer is authenticated (RFC 2595 section 4, RFC 3207 section 4). Whoever gives it
/// decides how TLS is spoken and what identity the peer must prove; it throws rather than return a stream that may not be trusted.
/// The result is a <see cref="System.Net.Security.AuthenticatedStream"/> that says of itself that it is encrypted.
/// </summary>
/// <param name="cleartext">The stream as it was; the returned stream owns it.</param>
/// <param name="cancellationToken">Gives up the handshake.</param>
public delegate ValueTask<Stream> TlsUpgrade(Stream cleartext, CancellationToken cancellationToken);
