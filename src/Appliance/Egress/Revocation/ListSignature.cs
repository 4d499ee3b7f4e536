using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.Appliance.Egress.Revocation;

/// <summary>Who has signed a list: with RSA (RFC 4055) or ECDSA (RFC 5758), over SHA-256 or longer.</summary>
internal static class ListSignature
{
    private const string RsaPss = "1.2.840.113549.1.1.10";

    private static readonly Asn1Tag PssHash = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag PssMask = new(TagClass.ContextSpecific, 1, isConstructed: true);
    private static readonly Asn1Tag PssSalt = new(TagClass.ContextSpecific, 2, isConstructed: true);

    /// <summary>Whether the holder of the issuer's key has signed.</summary>
    /// <param name="issuer">Whose key.</param>
    /// <param name="algorithm">The AlgorithmIdentifier, encoded.</param>
    /// <param name="content">What was signed.</param>
    /// <param name="signature">The signature.</param>
    /// <exception cref="AsnContentException">The algorithm's encoding is malformed.</exception>
    /// <exception cref="InvalidDataException">The algorithm is none of these.</exception>
    public static bool IsBy(X509Certificate2 issuer, ReadOnlyMemory<byte> algorithm, ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature)
    {
        AsnReader identifier = new AsnReader(algorithm, AsnEncodingRules.DER).ReadSequence();
        string name = identifier.ReadObjectIdentifier();
        (HashAlgorithmName hash, RSASignaturePadding? padding) = name switch
        {
            "1.2.840.113549.1.1.11" => (HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            "1.2.840.113549.1.1.12" => (HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
            "1.2.840.113549.1.1.13" => (HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
            RsaPss => (ReadPssHash(identifier), RSASignaturePadding.Pss),
            "1.2.840.10045.4.3.2" => (HashAlgorithmName.SHA256, null),
            "1.2.840.10045.4.3.3" => (HashAlgorithmName.SHA384, null),
            "1.2.840.10045.4.3.4" => (HashAlgorithmName.SHA512, (RSASignaturePadding?)null),
            _ => throw new InvalidDataException($"is signed with {name}, which is not among the algorithms admitted"),
        };

        if (padding is null)
        {
            using ECDsa? elliptic = issuer.GetECDsaPublicKey();
            return elliptic?.VerifyData(content, signature, hash, DSASignatureFormat.Rfc3279DerSequence) == true;
        }

        using RSA? rsa = issuer.GetRSAPublicKey();
        return rsa?.VerifyData(content, signature, hash, padding) == true;
    }

    // One hash for the content and for the mask, and a salt of its length: what everybody uses, and all that the platform verifies.
    private static HashAlgorithmName ReadPssHash(AsnReader identifier)
    {
        AsnReader parameters = identifier.ReadSequence();
        HashAlgorithmName hash = ReadHash(parameters.ReadSequence(PssHash));
        AsnReader mask = parameters.ReadSequence(PssMask).ReadSequence();
        bool isMgf1 = mask.ReadObjectIdentifier() == "1.2.840.113549.1.1.8";
        bool isSameHash = ReadHash(mask) == hash;
        bool isWholeSalt = parameters.ReadSequence(PssSalt).TryReadInt32(out int salt) && salt == OctetsOf(hash);
        return isMgf1 && isSameHash && isWholeSalt
            ? hash
            : throw new InvalidDataException("is signed with RSASSA-PSS and unusual parameters");
    }

    private static HashAlgorithmName ReadHash(AsnReader reader) => reader.ReadSequence().ReadObjectIdentifier() switch
    {
        "2.16.840.1.101.3.4.2.1" => HashAlgorithmName.SHA256,
        "2.16.840.1.101.3.4.2.2" => HashAlgorithmName.SHA384,
        "2.16.840.1.101.3.4.2.3" => HashAlgorithmName.SHA512,
        { } other => throw new InvalidDataException($"is signed over the hash {other}, which is not among those admitted"),
    };

    private static int OctetsOf(HashAlgorithmName hash) => hash == HashAlgorithmName.SHA256 ? 32 : hash == HashAlgorithmName.SHA384 ? 48 : 64;
}
