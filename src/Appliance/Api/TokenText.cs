using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Api;

/// <summary>
/// A token as its holder has it: <c>est_12_</c> and 64 hexadecimal digits. The number says which hash to compare with, so that the secret part
/// is never looked up.
/// </summary>
public static class TokenText
{
    private const string Prefix = "est_";
    private const int SecretOctets = 32;

    /// <summary>A new secret part: 256 random bits, in hexadecimal digits.</summary>
    public static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretOctets));

    /// <summary>What is stored of a secret part. Nothing slower is needed: what is hashed cannot be guessed.</summary>
    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>The whole token.</summary>
    public static string Write(TokenId id, string secret) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{id.Value}_{secret}");

    /// <summary>Takes a token apart.</summary>
    public static bool TryRead(string text, out TokenId id, out string secret)
    {
        (id, secret) = (default, "");
        int end = text.LastIndexOf('_');
        if (!text.StartsWith(Prefix, StringComparison.Ordinal) || end < Prefix.Length
            || !long.TryParse(text.AsSpan(Prefix.Length, end - Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            return false;
        (id, secret) = (new(number), text[(end + 1)..]);
        return true;
    }
}
