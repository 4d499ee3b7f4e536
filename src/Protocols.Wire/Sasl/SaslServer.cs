using System.Security.Authentication.ExtendedProtection;

namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>The other side of an exchange: what was configured about it, and what it says of itself.</summary>
/// <param name="Service">The service name of tickets: <c>pop</c> (RFC 5034 section 4) or <c>smtp</c> (RFC 4954 section 4).</param>
/// <param name="Host">The name as it was configured, never one that DNS gave: tickets and tokens are bound to it.</param>
/// <param name="Port">The port of the connection.</param>
public sealed record SaslServer(string Service, string Host, int Port)
{
    /// <summary>The mechanisms it offers, in upper case, from a list that came after TLS had begun.</summary>
    public IReadOnlySet<string> Mechanisms { get; init; } = new HashSet<string>();

    /// <summary>The <c>tls-server-end-point</c> of the connection (RFC 5929 section 4); null without TLS, or where its certificate has none.</summary>
    public ChannelBinding? Binding { get; init; }
}
