// One place decides how TLS is spoken: this one.
#pragma warning disable RS0030

using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Egress;

/// <summary>The client's side of a TLS handshake, as RFC 9325 and RFC 9525 ask for it.</summary>
internal static class TlsClient
{
    private static readonly TlsCipherSuite[] StrictSuites =
    [
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ];

    /// <summary>Encrypts a stream and makes the peer prove that it is the route's host. Owns the stream from the start.</summary>
    public static async ValueTask<Stream> AuthenticateAsync(
        Stream cleartext, Route route, TimeProvider clock, IDialWatcher? watcher, CancellationToken cancellationToken)
    {
        PeerIdentity identity = new(route.Location, route.Options.TrustedCertificates, route.Policy.IsStrict, clock);
        SslStream stream = new(cleartext, leaveInnerStreamOpen: false);
        try
        {
            await stream.AuthenticateAsClientAsync(OptionsFor(route, identity), cancellationToken);
            watcher?.Secured(new(NameOf(stream.SslProtocol), stream.NegotiatedCipherSuite.ToString(), identity.Facts!));
            return stream;
        }
        catch (Exception exception)
        {
            await stream.DisposeAsync();
            // The judgement is ours; that it ended the handshake is only how it came up here.
            if (identity.Refusal is { } refusal)
                throw refusal;
            if (exception is AuthenticationException or IOException)
                throw new TlsException(Explain(route.Location, exception), exception);
            throw;
        }
    }

    private static SslClientAuthenticationOptions OptionsFor(Route route, PeerIdentity identity) => new()
    {
        TargetHost = route.Location.Host.Name, // an A-label without a trailing dot, as RFC 6066 section 3 wants it in SNI
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, // RFC 8996 ended the older ones
        AllowRenegotiation = false,
        AllowTlsResume = true, // halves the cost of a poll; the peer is judged again each time, by this route's rules
        CertificateChainPolicy = identity.ChainPolicy,
        CipherSuitesPolicy = route.Policy.IsStrict && OperatingSystem.IsLinux() ? new(StrictSuites) : null,
        // A second opinion after the system's, which knows no reasons and lets common names, SHA-1 and short keys pass. It only ever refuses
        // more: what the system refuses for want of a root is taken only where it leads to a root that the route trusts.
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            identity.Accepts(
                certificate as X509Certificate2, chain, isNameWrong: errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)),
    };

    private static string NameOf(SslProtocols protocol) => protocol switch
    {
        SslProtocols.Tls12 => "TLS 1.2",
        SslProtocols.Tls13 => "TLS 1.3",
        _ => protocol.ToString(),
    };

    private static string Explain(ServerLocation location, Exception exception)
    {
        string reason = exception.GetBaseException().Message;
        return $"The TLS handshake with {location} failed: {reason.TrimEnd('.')}. "
            + "The server may not speak TLS 1.2 or later, or not from the first octet on this port.";
    }
}
