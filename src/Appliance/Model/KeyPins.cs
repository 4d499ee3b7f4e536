using System.Buffers.Text;
using System.Security.Cryptography;

namespace EmailSync.Appliance.Model;

/// <summary>
/// The pins in a profile's trusted certificates: lines such as <c>sha256/AAAA…=</c>, the base64 of the SHA-256 of a public key in the chain.
/// A pin only ever refuses: the certificate must be good in itself as well.
/// </summary>
public static class KeyPins
{
    /// <summary>What a line with a pin begins with.</summary>
    public const string Prefix = "sha256/";

    /// <summary>The pins in a text, without their prefix.</summary>
    public static IReadOnlyList<string> In(string? text) =>
        text is null ? [] : [.. Lines(text).Where(line => line.StartsWith(Prefix, StringComparison.Ordinal)).Select(line => line[Prefix.Length..])];

    /// <summary>The first pin that is none; null where all are.</summary>
    public static string? FindMalformed(string? text) =>
        In(text).FirstOrDefault(pin => !Base64.IsValid(pin, out int length) || length != SHA256.HashSizeInBytes);

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.TrimEntries);
}
