using System.Net;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Tls;

namespace EmailSync.Appliance.Egress;

/// <summary>The appliance's only door to the network.</summary>
public interface IDialer
{
    /// <summary>Connects along a route; where the route says implicit TLS, the stream is encrypted and its peer authenticated before the first octet.</summary>
    /// <param name="route">Where to; the policy has admitted it.</param>
    /// <param name="watcher">Told of each step; null where nobody watches.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NameResolutionException">The name has no address.</exception>
    /// <exception cref="EgressDeniedException">Every address is one that the policy denies; no packet was sent to it.</exception>
    /// <exception cref="ConnectException">No address took the connection.</exception>
    /// <exception cref="TlsException">The handshake failed.</exception>
    /// <exception cref="CertificateException">The peer did not prove its identity.</exception>
    /// <exception cref="TimeoutException">The route's time ran out.</exception>
    ValueTask<Stream> DialAsync(Route route, IDialWatcher? watcher, CancellationToken cancellationToken);

    /// <summary>What STLS and STARTTLS need; null where the route does not begin in cleartext to become encrypted.</summary>
    TlsUpgrade? UpgradeFor(Route route, IDialWatcher? watcher);
}

/// <summary>Told of a connection's steps while it is made.</summary>
public interface IDialWatcher
{
    /// <summary>The name was resolved.</summary>
    void Resolved(IReadOnlyList<IPAddress> addresses);

    /// <summary>A connection stands.</summary>
    void Connected(IPEndPoint endPoint);

    /// <summary>TLS stands, and the peer proved its identity.</summary>
    void Secured(TlsFacts facts);
}
