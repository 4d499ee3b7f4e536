using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Egress;

/// <summary>
/// Judges one peer's certificate (RFC 5280, RFC 9525, RFC 9325). Where several things are wrong the gravest is named: untrusted before all,
/// because an untrusted certificate's other words prove nothing; then revoked, expired, wrong name, weak, revocation unknown.
/// </summary>
internal sealed class PeerIdentity
{
    private static readonly TimeSpan RetrievalTimeout = TimeSpan.FromSeconds(5);

    private readonly ServerLocation _location;
    private readonly TimeProvider _clock;

    /// <summary>Prepares to judge.</summary>
    /// <param name="location">Whom the peer must prove to be.</param>
    /// <param name="trustedCertificates">Roots in PEM beside the system's.</param>
    /// <param name="mustKnowRevocation">A certificate whose revocation cannot be checked is refused; otherwise it is not asked for.</param>
    /// <param name="clock">For validity.</param>
    public PeerIdentity(ServerLocation location, string? trustedCertificates, bool mustKnowRevocation, TimeProvider clock)
    {
        (_location, _clock) = (location, clock);
        ChainPolicy = new X509ChainPolicy
        {
            VerificationTimeIgnored = false,
            VerificationTime = clock.GetUtcNow().UtcDateTime,
            RevocationFlag = X509RevocationFlag.ExcludeRoot,
            RevocationMode = mustKnowRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck,
            UrlRetrievalTimeout = RetrievalTimeout,
            DisableCertificateDownloads = true, // an address in a stranger's certificate is not fetched (RFC 5280 section 8)
            ApplicationPolicy = { new Oid("1.3.6.1.5.5.7.3.1") }, // id-kp-serverAuth
        };
        if (trustedCertificates is not null)
        {
            ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            ChainPolicy.CustomTrustStore.ImportFromPem(trustedCertificates);
        }
    }

    /// <summary>How the chain is built, before it is judged.</summary>
    public X509ChainPolicy ChainPolicy { get; }

    /// <summary>What the certificate says, once one was seen.</summary>
    public CertificateFacts? Facts { get; private set; }

    /// <summary>Why the peer was refused; null where it was not, or not yet.</summary>
    public CertificateException? Refusal { get; private set; }

    /// <summary>Judges. Never true where the system found the name wrong.</summary>
    public bool Accepts(X509Certificate2? certificate, X509Chain? chain, bool isNameWrong)
    {
        if (certificate is null || chain is null)
        {
            Refusal = new(CertificateFault.Untrusted, $"{_location} presented no certificate.", null);
            return false;
        }

        (CertificateFault Fault, string What)? finding = Judge(certificate, chain, isNameWrong);
        if (finding?.Fault == CertificateFault.Untrusted && ChainPolicy.TrustMode == X509ChainTrustMode.CustomRootTrust)
        {
            // The route's own roots stand beside the system's, not in their place.
            using X509Chain systemChain = new() { ChainPolicy = chain.ChainPolicy.Clone() };
            systemChain.ChainPolicy.TrustMode = X509ChainTrustMode.System;
            systemChain.ChainPolicy.CustomTrustStore.Clear();
            systemChain.Build(certificate);
            finding = Judge(certificate, systemChain, isNameWrong);
            Facts = Describe(certificate, systemChain);
        }
        Facts ??= Describe(certificate, chain);
        if (finding is { } fault)
            Refusal = new(fault.Fault, $"The certificate of {_location} {fault.What}.", Facts);
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
        if (isNameWrong || !certificate.MatchesHostname(_location.Host.Name, allowWildcards: true, allowCommonName: false))
            return (CertificateFault.Name, $"is for {CertificateText.NamesOf(certificate)}, not for {_location.Host.Name}");
        if (CertificateStrength.WhyWeak(chain) is { } weakness)
            return (CertificateFault.Weak, weakness);
        return (all & Unknown) != 0 ? (CertificateFault.Revoked, $"could not be checked for revocation: {CertificateText.Reasons(chain, Unknown)}") : null;
    }

    private string WhenValid(X509Chain chain)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        X509Certificate2 invalid = chain.ChainElements
            .First(element => element.ChainElementStatus.Any(status => status.Status == X509ChainStatusFlags.NotTimeValid)).Certificate;
        string which = invalid.Equals(chain.ChainElements[0].Certificate) ? "" : $", through its issuer {CertificateText.Shown(invalid.Subject)},";
        return now < invalid.NotBefore
            ? $"{which} is not valid before {invalid.NotBefore.ToUniversalTime():u}; this machine's clock says {now:u}"
            : $"{which} expired at {invalid.NotAfter.ToUniversalTime():u}; this machine's clock says {now:u}";
    }

    private static CertificateFacts Describe(X509Certificate2 certificate, X509Chain chain) => new(
        CertificateText.Shown(certificate.Subject), [.. CertificateText.AlternativeNames(certificate)], CertificateText.Shown(certificate.Issuer),
        certificate.NotBefore, certificate.NotAfter, certificate.GetCertHashString(HashAlgorithmName.SHA256), chain.ChainElements.Count);
}
