using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.Protocols.Wire.Tls;

/// <summary>Whether a certificate's revocation is asked for, over HTTP, from where the certificate says (RFC 5280, RFC 6960).</summary>
public enum RevocationCheck
{
    /// <summary>It is not asked for. What the certificate's owner took back is believed until it expires.</summary>
    None,

    /// <summary>A certificate known to be revoked is refused; one of which nothing can be learnt within five seconds is taken.</summary>
    WherePossible,

    /// <summary>A certificate whose revocation cannot be checked is refused too.</summary>
    Required,
}

/// <summary>How TLS is spoken, and what the peer must prove. As it stands it is as strict as RFC 9325 and RFC 9525 ask.</summary>
public sealed record TlsOptions
{
    /// <summary>The suites of TLS 1.2 and 1.3 with forward secrecy and AES-GCM, and no other: what governments ask for.</summary>
    public static IReadOnlyList<TlsCipherSuite> StrictSuites { get; } =
    [
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ];

    /// <summary>Certificates that are trusted as roots. A self-signed certificate is trusted by naming it here.</summary>
    public X509Certificate2Collection TrustedRoots { get; init; } = [];

    /// <summary>The system's roots are trusted too. Without them <see cref="TrustedRoots"/> are the only ones.</summary>
    public bool TrustsSystemRoots { get; init; } = true;

    /// <summary>
    /// Keys of which one must be in the peer's chain, beside all else that it must prove: SHA-256 of a SubjectPublicKeyInfo in base64
    /// (RFC 7469 section 2.4). Empty: none is asked for. Name a second key, that the peer will have next, or its change of keys locks you out.
    /// </summary>
    public IReadOnlyCollection<string> Pins { get; init; } = [];

    /// <summary>Whether the system asks for revocation.</summary>
    public RevocationCheck Revocation { get; init; } = RevocationCheck.None;

    /// <summary>
    /// Judges revocation where that is not left to the system, which fetches from any address that a certificate names and hears of no
    /// cancellation. It is asked after the handshake and before the stream is handed out, about a chain that is good in every other way: from the
    /// peer's certificate to the root, for as long as the answer takes. The answer is null where nothing is revoked, and otherwise why the peer is
    /// refused, in words that follow "The certificate of mail.example.com".
    /// </summary>
    public Func<IReadOnlyList<X509Certificate2>, CancellationToken, ValueTask<string?>>? JudgeRevocation { get; init; }

    /// <summary>The certificate that is shown to a server that asks for one (SASL EXTERNAL); null: none is.</summary>
    public SslStreamCertificateContext? ClientCertificate { get; init; }

    /// <summary>
    /// The only suites that are spoken; null: those of the system. Where the system does not let a process choose (Windows), a handshake that
    /// came to another is given up.
    /// </summary>
    public IReadOnlyCollection<TlsCipherSuite>? CipherSuites { get; init; }

    /// <summary>
    /// A session may be resumed, which halves the cost of a handshake, except with a host that is known to end such handshakes
    /// (<see cref="Resumption"/>). The peer is judged again each time, by the options of that time.
    /// </summary>
    public bool AllowsResumption { get; init; } = true;

    /// <summary>Which hosts have ended handshakes that did. Whoever makes a client for each connection shares one among all.</summary>
    public ResumptionMemory Resumption { get; init; } = new();

    /// <summary>Told of a handshake that has succeeded, before the stream is used.</summary>
    public Action<TlsFacts>? Secured { get; init; }

    /// <summary>By which certificates are valid or not.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
