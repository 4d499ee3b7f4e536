using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.Protocols.Wire.Tls;

/// <summary>The hash by which a key is known beforehand (RFC 7469 section 2.4).</summary>
internal static class PublicKeyPin
{
    public static string Of(X509Certificate2 certificate) =>
        Convert.ToBase64String(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));

    public static bool IsWellFormed(string pin) => Base64.IsValid(pin, out int length) && length == SHA256.HashSizeInBytes;
}
