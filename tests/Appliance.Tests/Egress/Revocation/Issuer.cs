using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.Appliance.Tests.Egress.Revocation;

/// <summary>An authority that issues certificates which name distribution points, and lists that the platform's builder would not write.</summary>
internal sealed class Issuer : IDisposable
{
    private readonly X509SignatureGenerator _signer;
    private readonly HashAlgorithmName _hash;
    private readonly AsymmetricAlgorithm _key;

    private Issuer(X509Certificate2 certificate, AsymmetricAlgorithm key, X509SignatureGenerator signer, HashAlgorithmName hash) =>
        (Certificate, _key, _signer, _hash) = (certificate, key, signer, hash);

    public X509Certificate2 Certificate { get; }

    /// <summary>A root with a key on P-256.</summary>
    public static Issuer Root(string name = "Test Root", X509KeyUsageFlags usage = X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign) =>
        Create(name, usage, ECDsa.Create(ECCurve.NamedCurves.nistP256), null, HashAlgorithmName.SHA256, null, []);

    /// <summary>A root with a key of RSA.</summary>
    public static Issuer RsaRoot(RSASignaturePadding padding, HashAlgorithmName hash) =>
        Create("Test Root", X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, RSA.Create(2048), padding, hash, null, []);

    /// <summary>A root that signs over another hash, or on another curve.</summary>
    public static Issuer EllipticRoot(ECCurve curve, HashAlgorithmName hash) =>
        Create("Test Root", X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, ECDsa.Create(curve), null, hash, null, []);

    /// <summary>An authority under this one, whose list is at these addresses.</summary>
    public Issuer Under(string name, params string[] points) =>
        Create(name, X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, ECDsa.Create(ECCurve.NamedCurves.nistP256), null, HashAlgorithmName.SHA256, this, points);

    /// <summary>A server's certificate, whose list is at these addresses.</summary>
    public X509Certificate2 Issue(params string[] points)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=mail.example.com", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        AddPoints(request, points);
        return Sign(request);
    }

    /// <summary>A list of these, as the platform writes it.</summary>
    public byte[] List(DateTimeOffset issued, params X509Certificate2[] revoked) =>
        List(new ListContent { Issued = issued, NextUpdate = issued.AddDays(7), SerialNumbers = [.. revoked.Select(certificate => certificate.SerialNumberBytes.ToArray())] });

    /// <summary>A list that says what it is told.</summary>
    public byte[] List(ListContent content)
    {
        byte[] algorithm = _signer.GetSignatureAlgorithmIdentifier(_hash);
        byte[] signed = content.Encode(algorithm, content.IssuerName ?? Certificate.SubjectName);
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(signed);
            writer.WriteEncodedValue(content.OuterAlgorithm ?? algorithm);
            writer.WriteBitString(_signer.SignData(signed, _hash));
        }

        return writer.Encode();
    }

    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }

    private static Issuer Create(
        string name, X509KeyUsageFlags usage, AsymmetricAlgorithm key, RSASignaturePadding? padding, HashAlgorithmName hash, Issuer? parent, string[] points)
    {
        CertificateRequest request = key is RSA rsa
            ? new($"CN={name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new($"CN={name}", (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, true));
        AddPoints(request, points);
        X509SignatureGenerator signer = key is RSA known ? X509SignatureGenerator.CreateForRSA(known, padding!) : X509SignatureGenerator.CreateForECDsa((ECDsa)key);
        return new(parent?.Sign(request) ?? Sign(request, request.SubjectName, signer), key, signer, hash);
    }

    private X509Certificate2 Sign(CertificateRequest request) => Sign(request, Certificate.SubjectName, _signer);

    private static X509Certificate2 Sign(CertificateRequest request, X500DistinguishedName issuer, X509SignatureGenerator signer) =>
        request.Create(issuer, signer, DateTimeOffset.UtcNow.AddYears(-1), DateTimeOffset.UtcNow.AddYears(1), RandomNumberGenerator.GetBytes(16));

    private static void AddPoints(CertificateRequest request, string[] points)
    {
        if (points.Length > 0)
            request.CertificateExtensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension(points));
    }
}
