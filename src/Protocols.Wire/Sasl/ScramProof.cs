using System.Security.Cryptography;
using System.Text;

namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>The calculation of RFC 5802 section 3.</summary>
/// <param name="Client">ClientProof: shows the server that we know the password.</param>
/// <param name="ServerSignature">What the server must show to us.</param>
internal sealed record ScramProof(byte[] Client, byte[] ServerSignature)
{
    /// <summary>Takes as long as the iterations ask; no key outlives it.</summary>
    /// <param name="hash">The hash.</param>
    /// <param name="password">The password, prepared.</param>
    /// <param name="salt">The server's salt.</param>
    /// <param name="iterations">The server's iteration count.</param>
    /// <param name="exchange">AuthMessage: everything that was said.</param>
    public static ScramProof Compute(HashAlgorithmName hash, Secret password, byte[] salt, int iterations, byte[] exchange)
    {
        byte[] secret = Encoding.UTF8.GetBytes(password.Reveal());
        byte[] empty = CryptographicOperations.HashData(hash, []);
        byte[] saltedPassword = Rfc2898DeriveBytes.Pbkdf2(secret, salt, iterations, hash, empty.Length);
        byte[] clientKey = CryptographicOperations.HmacData(hash, saltedPassword, "Client Key"u8);
        byte[] storedKey = CryptographicOperations.HashData(hash, clientKey);
        byte[] serverKey = CryptographicOperations.HmacData(hash, saltedPassword, "Server Key"u8);
        try
        {
            byte[] proof = CryptographicOperations.HmacData(hash, storedKey, exchange);
            for (int i = 0; i < proof.Length; i++)
                proof[i] ^= clientKey[i];
            return new(proof, CryptographicOperations.HmacData(hash, serverKey, exchange));
        }
        finally
        {
            foreach (byte[] key in (byte[][])[secret, saltedPassword, clientKey, storedKey, serverKey])
                CryptographicOperations.ZeroMemory(key);
        }
    }
}
