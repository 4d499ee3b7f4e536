using System.Collections.Frozen;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.Protocols.Wire.Tls;

/// <summary>Whether a chain rests on algorithms and keys that still hold (RFC 9325 sections 4.5 and 4.6), which the platform does not ask.</summary>
internal static class CertificateStrength
{
    private const int MinRsaBits = 2048;
    private const int MinEllipticCurveBits = 256;

    private const string RsaPss = "1.2.840.113549.1.1.10";

    private static readonly FrozenSet<string> SoundSignatures = new[]
    {
        "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13", // RSA with SHA-256, -384, -512 (RFC 4055)
        "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4",       // ECDSA with the same (RFC 5758)
        "1.3.101.112", "1.3.101.113",                                             // Ed25519, Ed448 (RFC 8410)
        "2.16.840.1.101.3.4.3.10", "2.16.840.1.101.3.4.3.11", "2.16.840.1.101.3.4.3.12", // ECDSA with SHA3-256, -384, -512
        "2.16.840.1.101.3.4.3.14", "2.16.840.1.101.3.4.3.15", "2.16.840.1.101.3.4.3.16", // RSA with the same
        "2.16.840.1.101.3.4.3.17", "2.16.840.1.101.3.4.3.18", "2.16.840.1.101.3.4.3.19", // ML-DSA (RFC 9881)
    }.ToFrozenSet();

    private static readonly FrozenSet<string> SoundHashes = new[]
    {
        "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3",   // SHA-256, -384, -512
        "2.16.840.1.101.3.4.2.8", "2.16.840.1.101.3.4.2.9", "2.16.840.1.101.3.4.2.10",  // SHA3-256, -384, -512
    }.ToFrozenSet();

    /// <summary>What is weak in the chain, in words that follow "The certificate"; null where nothing is.</summary>
    public static string? WhyWeak(X509Chain chain)
    {
        for (int i = 0; i < chain.ChainElements.Count; i++)
        {
            X509Certificate2 certificate = chain.ChainElements[i].Certificate;
            string which = i == 0 ? "is" : $"has an issuer, {CertificateText.Shown(certificate.Subject)}, that is";
            if (WhyKeyWeak(certificate) is { } key)
                return $"{which} weak: {key}";
            // A root is trusted because it is in the store; nobody relies on its signature over itself.
            bool isRoot = i > 0 && i == chain.ChainElements.Count - 1;
            if (!isRoot && !IsSignatureSound(certificate))
                return $"{which} weak: it is signed with {certificate.SignatureAlgorithm.FriendlyName ?? certificate.SignatureAlgorithm.Value}";
        }
        return null;
    }

    private static string? WhyKeyWeak(X509Certificate2 certificate)
    {
        using RSA? rsa = certificate.GetRSAPublicKey();
        if (rsa is not null)
            return rsa.KeySize < MinRsaBits ? $"its RSA key has {rsa.KeySize} bits, and {MinRsaBits} is the least" : null;

        using ECDsa? ecdsa = certificate.GetECDsaPublicKey();
        if (ecdsa is not null)
            return ecdsa.KeySize < MinEllipticCurveBits ? $"its key's curve has {ecdsa.KeySize} bits, and {MinEllipticCurveBits} is the least" : null;

        return certificate.GetKeyAlgorithm() == "1.2.840.10040.4.1" ? "its key is for DSA" : null;
    }

    private static bool IsSignatureSound(X509Certificate2 certificate) => certificate.SignatureAlgorithm.Value switch
    {
        RsaPss => PssHash(certificate) is { } hash && SoundHashes.Contains(hash),
        { } algorithm => SoundSignatures.Contains(algorithm),
        null => false,
    };

    // RSASSA-PSS names its hash in the parameters (RFC 4055 section 3.1); where it names none it is SHA-1.
    private static string? PssHash(X509Certificate2 certificate)
    {
        try
        {
            AsnReader reader = new AsnReader(certificate.RawDataMemory, AsnEncodingRules.DER).ReadSequence();
            reader.ReadEncodedValue(); // tbsCertificate
            AsnReader algorithm = reader.ReadSequence();
            algorithm.ReadObjectIdentifier();
            AsnReader parameters = algorithm.ReadSequence();
            Asn1Tag hashAlgorithm = new(TagClass.ContextSpecific, 0, isConstructed: true);
            return parameters.HasData && parameters.PeekTag().HasSameClassAndValue(hashAlgorithm)
                ? parameters.ReadSequence(hashAlgorithm).ReadSequence().ReadObjectIdentifier()
                : null;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }
}
