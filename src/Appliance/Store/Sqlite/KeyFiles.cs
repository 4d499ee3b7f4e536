using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.DependencyInjection;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The files that protect the key ring.</summary>
internal static class KeyFiles
{
    private const int LeastOctets = 32;

    /// <summary>Reads a certificate with its RSA key.</summary>
    /// <exception cref="DataFolderException">There is none in the file.</exception>
    public static X509Certificate2 ReadCertificate(string file)
    {
        try
        {
            X509Certificate2 certificate = X509Certificate2.GetCertContentType(file) == X509ContentType.Pkcs12
                ? X509CertificateLoader.LoadPkcs12FromFile(file, password: null)
                : X509Certificate2.CreateFromPemFile(file);
            using RSA? key = certificate.GetRSAPrivateKey();
            return key is not null ? certificate : throw new DataFolderException($"The certificate in '{file}' has no RSA key with it; give one that has.", null);
        }
        catch (Exception failure) when (failure is CryptographicException or UnauthorizedAccessException or IOException and not DataFolderException)
        {
            throw new DataFolderException($"The key ring's certificate '{file}' cannot be read: {failure.Message}", failure);
        }
    }

    /// <summary>Reads a master key.</summary>
    /// <exception cref="DataFolderException">It cannot be read, or is too short.</exception>
    public static MasterKey ReadMasterKey(string file)
    {
        try
        {
            byte[] content = File.ReadAllBytes(file);
            return content.Length >= LeastOctets
                ? new(HKDF.DeriveKey(HashAlgorithmName.SHA256, content, 32, info: "EmailSync key ring"u8.ToArray()))
                : throw new DataFolderException($"The master key '{file}' has {content.Length} octets; give {LeastOctets} or more, such as from 'head -c 32 /dev/urandom'.", null);
        }
        catch (Exception failure) when (failure is UnauthorizedAccessException or IOException and not DataFolderException)
        {
            throw new DataFolderException($"The key ring's master key '{file}' cannot be read: {failure.Message}", failure);
        }
    }
}

/// <summary>The key that encrypts keys.</summary>
internal sealed record MasterKey(byte[] Octets)
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    /// <summary>Nonce, tag and ciphertext (AES-256-GCM).</summary>
    public byte[] Encrypt(ReadOnlySpan<byte> plain)
    {
        byte[] sealedOctets = new byte[NonceLength + TagLength + plain.Length];
        Span<byte> nonce = sealedOctets.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using AesGcm aes = new(Octets, TagLength);
        aes.Encrypt(nonce, plain, sealedOctets.AsSpan(NonceLength + TagLength), sealedOctets.AsSpan(NonceLength, TagLength));
        return sealedOctets;
    }

    /// <summary>The reverse.</summary>
    /// <exception cref="CryptographicException">It was encrypted under another key, or changed.</exception>
    public byte[] Decrypt(ReadOnlySpan<byte> sealedOctets)
    {
        if (sealedOctets.Length < NonceLength + TagLength)
            throw new CryptographicException("There is less than a nonce and a tag.");
        byte[] plain = new byte[sealedOctets.Length - NonceLength - TagLength];
        using AesGcm aes = new(Octets, TagLength);
        aes.Decrypt(sealedOctets[..NonceLength], sealedOctets[(NonceLength + TagLength)..], sealedOctets.Slice(NonceLength, TagLength), plain);
        return plain;
    }

    /// <summary>No text form.</summary>
    public override string ToString() => "***";
}

/// <summary>Encrypts new keys under the master key.</summary>
internal sealed class MasterKeyEncryptor(MasterKey key) : IXmlEncryptor
{
    public EncryptedXmlInfo Encrypt(XElement plaintextElement) => new(
        new XElement("underMasterKey", Convert.ToBase64String(key.Encrypt(Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting))))),
        typeof(MasterKeyDecryptor));
}

/// <summary>Decrypts them; its name stands in the keys' files.</summary>
internal sealed class MasterKeyDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement)
    {
        MasterKey key = services.GetService<MasterKey>()
            ?? throw new CryptographicException("The key ring is encrypted under a master key, and none is configured (KeyRingMasterKey).");
        return XElement.Parse(Encoding.UTF8.GetString(key.Decrypt(Convert.FromBase64String(encryptedElement.Value))));
    }
}
