using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EmailSync.Appliance.OneShot;

/// <summary>
/// By what a message is known again: a hash over the account and its unique-id there, or over its content where the server has no
/// unique-ids. 32 hexadecimal digits, so that nothing a server says becomes part of a file name.
/// </summary>
internal readonly record struct MessageKey(UInt128 Value)
{
    /// <summary>Digits of the text form.</summary>
    public const int Digits = 32;

    /// <summary>The key of a unique-id.</summary>
    public static MessageKey OfUniqueId(string account, string uniqueId) => Of($"uidl\0{account}\0{uniqueId}");

    /// <summary>The key of a message's octets.</summary>
    public static MessageKey OfContent(string account, string sha256) => Of($"sha256\0{account}\0{sha256}");

    /// <summary>Reads the text form.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out MessageKey key)
    {
        bool isKey = UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 value) && text.Length == Digits;
        key = new(value);
        return isKey;
    }

    /// <inheritdoc />
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);

    private static MessageKey Of(string text) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
}
