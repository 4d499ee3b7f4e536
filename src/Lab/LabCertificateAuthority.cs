using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.Lab;

/// <summary>What is right or wrong with a certificate of the lab.</summary>
public enum LabCertificate
{
    /// <summary>Names localhost, 127.0.0.1 and the names asked for; valid for a year from yesterday.</summary>
    Valid,

    /// <summary>Ended yesterday.</summary>
    Expired,

    /// <summary>Begins tomorrow.</summary>
    NotYetValid,

    /// <summary>Names another host.</summary>
    WrongName,

    /// <summary>Signed by itself and not by the authority.</summary>
    SelfSigned,

    /// <summary>Names its host in the subject's common name only, which no client may accept (RFC 9525 section 6.3).</summary>
    CommonNameOnly,
}

/// <summary>A throw-away certificate authority that lives in memory.</summary>
public sealed class LabCertificateAuthority : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2 _root;
    private readonly TimeProvider _clock;
    private readonly Uri? _revocationList;

    /// <summary>Makes a new authority with an ECDSA P-256 key.</summary>
    /// <param name="clock">The clock of all validity.</param>
    /// <param name="revocationList">
    /// Where <see cref="IssueRevocationList"/> can be had over HTTP, as every certificate then says; null where revocation cannot be checked.
    /// </param>
    public LabCertificateAuthority(TimeProvider? clock = null, Uri? revocationList = null)
    {
        _clock = clock ?? TimeProvider.System;
        _revocationList = revocationList;
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=EmailSync Lab Root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        DateTimeOffset now = _clock.GetUtcNow();
        _root = request.CreateSelfSigned(now.AddYears(-2), now.AddYears(10));
        RootPem = _root.ExportCertificatePem();
        Root = X509CertificateLoader.LoadCertificate(_root.RawData);
    }

    /// <summary>The root certificate, without its key.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>The root certificate in PEM, for a trust store.</summary>
    public string RootPem { get; }

    /// <summary>Issues a certificate with its private key.</summary>
    /// <param name="kind">What is to be right or wrong with it.</param>
    /// <param name="names">Host names to put beside localhost and 127.0.0.1.</param>
    public X509Certificate2 Issue(LabCertificate kind = LabCertificate.Valid, params IReadOnlyList<string> names)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], false));
        if (kind != LabCertificate.CommonNameOnly)
            request.CertificateExtensions.Add(AlternativeNames(kind, names));
        if (_revocationList is not null)
            request.CertificateExtensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([_revocationList.AbsoluteUri]));

        DateTimeOffset now = _clock.GetUtcNow();
        (DateTimeOffset from, DateTimeOffset until) = kind switch
        {
            LabCertificate.Expired => (now.AddYears(-1), now.AddDays(-1)),
            LabCertificate.NotYetValid => (now.AddDays(1), now.AddYears(1)),
            _ => (now.AddDays(-1), now.AddYears(1)),
        };
        if (kind == LabCertificate.SelfSigned)
        {
            using X509Certificate2 alone = request.CreateSelfSigned(from, until);
            return Usable(alone);
        }
        using X509Certificate2 issued = request.Create(_root, from, until, RandomNumberGenerator.GetBytes(16));
        using X509Certificate2 whole = issued.CopyWithPrivateKey(key);
        return Usable(whole);
    }

    /// <summary>The list of what was revoked, which is nothing, in DER: valid for a day from now.</summary>
    public byte[] IssueRevocationList()
    {
        DateTimeOffset now = _clock.GetUtcNow();
        return new CertificateRevocationListBuilder().Build(_root, 1, now.AddDays(1), HashAlgorithmName.SHA256, thisUpdate: now.AddDays(-1));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _root.Dispose();
        Root.Dispose();
    }

    private static X509Extension AlternativeNames(LabCertificate kind, IReadOnlyList<string> names)
    {
        SubjectAlternativeNameBuilder builder = new();
        if (kind == LabCertificate.WrongName)
        {
            builder.AddDnsName("somebody-else.example");
            return builder.Build();
        }
        builder.AddDnsName("localhost");
        builder.AddIpAddress(IPAddress.Loopback);
        foreach (string name in names)
            builder.AddDnsName(name);
        return builder.Build();
    }

    // Schannel cannot use an ephemeral key, so the certificate takes the way through PKCS #12.
    private static X509Certificate2 Usable(X509Certificate2 certificate) =>
        X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
}
