using System.Diagnostics;
using System.Net.Security;
using System.Security.Authentication;

namespace EmailSync.Protocols.Wire.Tls;

/// <summary>
/// The client's side of TLS, as RFC 9325 and RFC 9525 ask for it: from the first octet (RFC 8314) by <see cref="AuthenticateAsync"/>, or behind
/// STLS and STARTTLS as a <see cref="TlsUpgrade"/>. TLS 1.2 or later without renegotiation, and a peer that proves to be the host by a subject
/// alternative name in a trusted chain of sound keys.
/// </summary>
/// <remarks>
/// <c>SslStream</c> by itself takes a common name for a host, signatures over MD5 and SHA-1, RSA keys of 1024 bits, and a trailing dot into
/// SNI. There is no way here to take a certificate that proves nothing; a server with one of its own is trusted by
/// <see cref="TlsOptions.TrustedRoots"/>. May be used for many connections, also at once.
/// </remarks>
public sealed class TlsClient
{
    private readonly TlsOptions _options;

    /// <summary>Prepares for one host.</summary>
    /// <param name="host">
    /// Whom the peer must prove to be, from configuration and never from the network: a DNS name, also one with U-labels or a trailing dot, or an
    /// IP address.
    /// </param>
    /// <param name="options">How; null: the defaults.</param>
    /// <exception cref="ArgumentException">The host is none, a pin is not SHA-256 in base64, or no root would be trusted.</exception>
    public TlsClient(string host, TlsOptions? options = null)
    {
        Host = PeerName.Read(host);
        _options = options ?? new();
        if (_options.Pins.FirstOrDefault(pin => !PublicKeyPin.IsWellFormed(pin)) is { } malformed)
            throw new ArgumentException($"The pin '{malformed}' is not the base64 of a SHA-256, such as CertificateFacts.Pin", nameof(options));
        if (!_options.TrustsSystemRoots && _options.TrustedRoots.Count == 0)
            throw new ArgumentException("Neither the system's roots nor any other would be trusted", nameof(options));
    }

    /// <summary>Whom the peer must prove to be: A-labels in lower case without a trailing dot, or an IP address.</summary>
    public string Host { get; }

    /// <summary>What <c>StartTlsAsync</c> of a session takes: the same handshake.</summary>
    public TlsUpgrade Upgrade => async (cleartext, cancellationToken) => await AuthenticateAsync(cleartext, cancellationToken).ConfigureAwait(false);

    /// <summary>Encrypts a stream and makes the peer prove that it is the host. Owns the stream from the start: it is closed where this fails.</summary>
    /// <param name="cleartext">The connection, of which nothing has been read yet, or nothing but the go-ahead for TLS.</param>
    /// <param name="cancellationToken">Gives up the handshake; it has no deadline of its own.</param>
    /// <returns>The encrypted stream, which owns <paramref name="cleartext"/>.</returns>
    /// <exception cref="CertificateException">The peer did not prove its identity.</exception>
    /// <exception cref="TlsException">The handshake failed otherwise.</exception>
    public ValueTask<SslStream> AuthenticateAsync(Stream cleartext, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cleartext);
        return TlsTelemetry.Client.ObserveAsync(
            new("handshake", _options.Clock), (Client: this, cleartext, cancellationToken),
            static (call, activity) => call.Client.ShakeHandsAsync(call.cleartext, activity, call.cancellationToken));
    }

    private async ValueTask<SslStream> ShakeHandsAsync(Stream cleartext, Activity? activity, CancellationToken cancellationToken)
    {
        activity?.SetTag("server.address", Host);
        using PeerIdentity identity = new(Host, _options);
        bool mayResume = _options.AllowsResumption && _options.Resumption.Allows(Host, _options.Clock);
        SslStream stream = new(cleartext, leaveInnerStreamOpen: false);
        try
        {
            await stream.AuthenticateAsClientAsync(OptionsFor(identity, mayResume), cancellationToken).ConfigureAwait(false);
            if (_options.CipherSuites is { } suites && !suites.Contains(stream.NegotiatedCipherSuite))
                throw new AuthenticationException($"The handshake came to {stream.NegotiatedCipherSuite}, which is not among the suites admitted");
            _options.Resumption.Succeeded(Host, mayResume, _options.Clock);
            await identity.JudgeRevocationAsync(cancellationToken).ConfigureAwait(false);
            activity?.SetTag("tls.protocol.version", stream.SslProtocol == SslProtocols.Tls13 ? "1.3" : "1.2");
            _options.Secured?.Invoke(new()
            {
                Protocol = stream.SslProtocol == SslProtocols.Tls13 ? "TLS 1.3" : "TLS 1.2",
                CipherSuite = stream.NegotiatedCipherSuite.ToString(),
                Certificate = identity.Facts!,
            });
            return stream;
        }
        catch (Exception exception)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            // The judgement is ours; that it ended the handshake is only how it came up here.
            if (identity.Refusal is { } refusal)
                throw refusal;
            if (exception is AuthenticationException or IOException)
                throw new TlsException(Explain(exception), exception) { IsResumptionSuspected = _options.Resumption.Failed(Host, mayResume) };
            throw;
        }
    }

    private SslClientAuthenticationOptions OptionsFor(PeerIdentity identity, bool mayResume) => new()
    {
        TargetHost = Host,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, // RFC 8996 ended the older ones
        AllowRenegotiation = false,
        AllowTlsResume = mayResume,
        ClientCertificateContext = _options.ClientCertificate,
        CertificateChainPolicy = identity.ChainPolicy,
        CipherSuitesPolicy = _options.CipherSuites is { } suites && !OperatingSystem.IsWindows() && !OperatingSystem.IsAndroid() ? new(suites) : null,
        // A second opinion after the system's, which knows no reasons and lets common names, SHA-1 and short keys pass. It only ever refuses
        // more: what the system refuses for want of a root is taken only where it leads to a root that the options trust.
        RemoteCertificateValidationCallback = identity.Accepts,
    };

    private string Explain(Exception exception)
    {
        string reason = exception.GetBaseException().Message;
        return $"The TLS handshake with {Host} failed: {reason.TrimEnd('.')}. "
            + "The server may not speak TLS 1.2 or later, or not from the first octet on this port.";
    }
}
