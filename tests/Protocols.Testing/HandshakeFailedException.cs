using System.Security.Authentication;

namespace EmailSync.Protocols.Testing;

/// <summary>What a TLS layer says where it finds something else than a handshake, or the end.</summary>
public sealed class HandshakeFailedException() : AuthenticationException("What the server sent was no TLS record");
