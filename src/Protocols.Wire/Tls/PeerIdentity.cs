using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.Protocols.Wire.Tls;

/// <summary>
/// Judges one peer's certificate (RFC 5280, RFC 9525, RFC 9325). Where several things are wrong the gravest is named: untrusted before all,
/// because an untrusted certificate's other words prove nothing; then revoked, expired, wrong name, weak, revocation unknown, not pinned.
/// </summary>
internal sealed class PeerIdentity : IDisposable
{
    private static readonly TimeSpan RetrievalTimeout = TimeSpan.FromSeconds(5);

    private readonly string _host;
    private readonly TlsOptions _options;
    private X509Certificate2[] _chain = [];

    /// <summary>Prepares to judge.</summary>
    /// <param name="host">Whom the peer must prove to be, as <see cref="PeerName"/> reads it.</param>
    /// <param name="options">By which rules.</param>
    public PeerIdentity(string host, TlsOptions options)
    {
        (_host, _options) = (host, options);
        ChainPolicy = new X509ChainPolicy
        {
            VerificationTimeIgnored = false,
            VerificationTime = options.Clock.GetUtcNow().UtcDateTime,
            RevocationFlag = X509RevocationFlag.ExcludeRoot,
            RevocationMode = options.Revocation == RevocationCheck.None ? X509RevocationMode.NoCheck : X509RevocationMode.Online,
            UrlRetrievalTimeout = RetrievalTimeout,
            DisableCertificateDownloads = true, // an address in a stranger's certificate is not fetched (RFC 5280 section 8)
            ApplicationPolicy = { new Oid("1.3.6.1.5.5.7.3.1") }, // id-kp-serverAuth
        };
        if (options.TrustedRoots.Count > 0)
        {
            ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            ChainPolicy.CustomTrustStore.AddRange(options.TrustedRoots);
        }
    }

    /// <summary>How the chain is built, before it is judged.</summary>
    public X509ChainPolicy ChainPolicy { get; }

    /// <summary>What the certificate says, once one was seen that was refused, or that <see cref="TlsOptions.Secured"/> is told of.</summary>
    public CertificateFacts? Facts { get; private set; }

    /// <summary>Why the peer was refused; null where it was not, or not yet.</summary>
    public CertificateException? Refusal { get; private set; }

    /// <summary>Judges. Never true where the system found the name wrong.</summary>
    public bool Accepts(object sender, X509Certificate? presented, X509Chain? chain, SslPolicyErrors errors)
    {
        if (presented is not X509Certificate2 certificate || chain is null)
        {
            Refusal = new(CertificateFault.Untrusted, $"{_host} presented no certificate.", null);
            return false;
        }

        bool isNameWrong = errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch);
        (CertificateFault Fault, string What)? finding = Judge(certificate, chain, isNameWrong);
        if (finding?.Fault == CertificateFault.Untrusted && _options.TrustsSystemRoots && ChainPolicy.TrustMode == X509ChainTrustMode.CustomRootTrust)
        {
            // The roots that are named stand beside the system's, not in their place.
            using X509Chain systemChain = new() { ChainPolicy = chain.ChainPolicy.Clone() };
            systemChain.ChainPolicy.TrustMode = X509ChainTrustMode.System;
            systemChain.ChainPolicy.CustomTrustStore.Clear();
            systemChain.Build(certificate);
            return Conclude(Judge(certificate, systemChain, isNameWrong), certificate, systemChain);
        }
        return Conclude(finding, certificate, chain);
    }

    /// <summary>Has <see cref="TlsOptions.JudgeRevocation"/> judge a chain that was accepted.</summary>
    public async ValueTask JudgeRevocationAsync(CancellationToken cancellationToken)
    {
        if (_options.JudgeRevocation is not { } judge || await judge(_chain, cancellationToken).ConfigureAwait(false) is not { } what)
            return;
        Facts ??= Describe(_chain[0], _chain.Length);
        Refusal = new(CertificateFault.Revoked, $"The certificate of {_host} {what}.", Facts);
        throw Refusal;
    }

    /// <inheritdoc />
    public void Dispose() => Array.ForEach(_chain, certificate => certificate.Dispose());

    private bool Conclude((CertificateFault Fault, string What)? finding, X509Certificate2 certificate, X509Chain chain)
    {
        // Only for whoever is told: it is a hash of the certificate, another of its key, and all its names.
        if (finding is not null || _options.Secured is not null)
            Facts = Describe(certificate, chain.ChainElements.Count);
        if (finding is { } fault)
            Refusal = new(fault.Fault, $"The certificate of {_host} {fault.What}.", Facts);
        else if (_options.JudgeRevocation is not null)
            _chain = [.. chain.ChainElements.Select(element => new X509Certificate2(element.Certificate))]; // the chain's own end with the handshake
        return finding is null;
    }

    private (CertificateFault, string)? Judge(X509Certificate2 certificate, X509Chain chain, bool isNameWrong)
    {
        const X509ChainStatusFlags Unknown = X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation;
        const X509ChainStatusFlags Known = X509ChainStatusFlags.Revoked | X509ChainStatusFlags.NotTimeValid | Unknown;

        X509ChainStatusFlags all = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status);
        if ((all & ~Known) != 0)
            return (CertificateFault.Untrusted, $"is not trusted: {CertificateText.Reasons(chain, all & ~Known)}");
        if (all.HasFlag(X509ChainStatusFlags.Revoked))
            return (CertificateFault.Revoked, $"was revoked: {CertificateText.Reasons(chain, X509ChainStatusFlags.Revoked)}");
        if (all.HasFlag(X509ChainStatusFlags.NotTimeValid))
            return (CertificateFault.Expired, WhenValid(chain));
        // The system's opinion of the name would take a common name, which RFC 9525 section 2 does not know.
        if (isNameWrong || !certificate.MatchesHostname(_host, allowWildcards: true, allowCommonName: false))
            return (CertificateFault.Name, $"is for {CertificateText.NamesOf(certificate)}, not for {_host}");
        if (CertificateStrength.WhyWeak(chain) is { } weakness)
            return (CertificateFault.Weak, weakness);
        if ((all & Unknown) != 0 && _options.Revocation == RevocationCheck.Required)
            return (CertificateFault.Revoked, $"could not be checked for revocation: {CertificateText.Reasons(chain, Unknown)}");
        return IsPinned(chain) ? null : (CertificateFault.Pin, $"has none of the {_options.Pins.Count} keys that are pinned in its chain; its own is {PublicKeyPin.Of(certificate)}");
    }

    private string WhenValid(X509Chain chain)
    {
        DateTimeOffset now = _options.Clock.GetUtcNow();
        X509Certificate2 invalid = chain.ChainElements
            .First(element => element.ChainElementStatus.Any(status => status.Status == X509ChainStatusFlags.NotTimeValid)).Certificate;
        string which = invalid.Equals(chain.ChainElements[0].Certificate) ? "" : $"(through its issuer {CertificateText.Shown(invalid.Subject)}) ";
        return now < invalid.NotBefore
            ? $"{which}is not valid before {invalid.NotBefore.ToUniversalTime():u}; this machine's clock says {now:u}"
            : $"{which}expired at {invalid.NotAfter.ToUniversalTime():u}; this machine's clock says {now:u}";
    }

    private bool IsPinned(X509Chain chain) =>
        _options.Pins.Count == 0 || chain.ChainElements.Any(element => _options.Pins.Contains(PublicKeyPin.Of(element.Certificate)));

    private static CertificateFacts Describe(X509Certificate2 certificate, int chainLength) => new()
    {
        Subject = CertificateText.Shown(certificate.Subject),
        Names = [.. CertificateText.AlternativeNames(certificate)],
        Issuer = CertificateText.Shown(certificate.Issuer),
        NotBefore = certificate.NotBefore,
        NotAfter = certificate.NotAfter,
        Sha256 = certificate.GetCertHashString(HashAlgorithmName.SHA256),
        Pin = PublicKeyPin.Of(certificate),
        ChainLength = chainLength,
    };
}
