using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.Protocols.Testing;

/// <summary>Certificates that the lab's authority does not issue: weak ones, chains, revoked ones.</summary>
public static class Certificates
{
    public const string Host = "mail.example.com";

    /// <summary>A root with an RSA key of 2048 bits.</summary>
    public static X509Certificate2 Root(string name = "Test Root")
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = Authority($"CN={name}", key);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
    }

    /// <summary>An authority under another.</summary>
    public static X509Certificate2 Intermediate(X509Certificate2 issuer, RSA? key = null, X509SignatureGenerator? signer = null)
    {
        using RSA own = key ?? RSA.Create(2048);
        CertificateRequest request = Authority("CN=Test Intermediate", own);
        return Sign(request, issuer, signer).CopyWithPrivateKey(own);
    }

    /// <summary>A server's certificate for <see cref="Host"/>.</summary>
    public static X509Certificate2 Leaf(
        X509Certificate2 issuer, RSA? key = null, X509SignatureGenerator? signer = null, Uri? revocationList = null, int validDays = 10,
        HashAlgorithmName? hash = null, string? name = null)
    {
        using RSA own = key ?? RSA.Create(2048);
        CertificateRequest request = new($"CN={Host}", own, hash ?? HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(AlternativeName(name ?? Host));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        if (revocationList is not null)
            request.CertificateExtensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([revocationList.AbsoluteUri]));
        using X509Certificate2 signed = Sign(request, issuer, signer, validDays);
        using X509Certificate2 whole = signed.CopyWithPrivateKey(own);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>Signs as RSASSA-PSS with SHA-1, which certificates name by leaving the parameters out.</summary>
    public static X509SignatureGenerator PssWithSha1(X509Certificate2 issuer) => new PssSha1(issuer.GetRSAPrivateKey()!);

    /// <summary>Signs as RSA with SHA-1.</summary>
    public static X509SignatureGenerator RsaWithSha1(X509Certificate2 issuer) => new RsaSha1(issuer.GetRSAPrivateKey()!);

    private static CertificateRequest Authority(string name, RSA key)
    {
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request;
    }

    // Written out, because the platform's builder takes no name that is none.
    private static X509Extension AlternativeName(string name)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
            writer.WriteCharacterString(UniversalTagNumber.IA5String, name, new Asn1Tag(TagClass.ContextSpecific, 2));
        return new("2.5.29.17", writer.Encode(), critical: false);
    }

    private static X509Certificate2 Sign(CertificateRequest request, X509Certificate2 issuer, X509SignatureGenerator? signer, int validDays = 10) =>
        request.Create(
            issuer.SubjectName,
            signer ?? X509SignatureGenerator.CreateForRSA(issuer.GetRSAPrivateKey()!, RSASignaturePadding.Pkcs1),
            DateTimeOffset.UtcNow.AddDays(-20), DateTimeOffset.UtcNow.AddDays(validDays), RandomNumberGenerator.GetBytes(16));

    private sealed class RsaSha1(RSA key) : X509SignatureGenerator
    {
        private readonly X509SignatureGenerator _pkcs1 = CreateForRSA(key, RSASignaturePadding.Pkcs1);

        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) =>
            _pkcs1.GetSignatureAlgorithmIdentifier(HashAlgorithmName.SHA256) is { } sha256 ? [.. sha256[..^3], 0x05, 0x05, 0x00] : [];

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) =>
            key.SignData(data, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1);

        protected override PublicKey BuildPublicKey() => _pkcs1.PublicKey;
    }

    private sealed class PssSha1(RSA key) : X509SignatureGenerator
    {
        private readonly X509SignatureGenerator _pss = CreateForRSA(key, RSASignaturePadding.Pss);

        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm)
        {
            AsnWriter writer = new(AsnEncodingRules.DER);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier("1.2.840.113549.1.1.10");
                using (writer.PushSequence())
                {
                }
            }
            return writer.Encode();
        }

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) =>
            key.SignData(data, HashAlgorithmName.SHA1, RSASignaturePadding.Pss);

        protected override PublicKey BuildPublicKey() => _pss.PublicKey;
    }
}
