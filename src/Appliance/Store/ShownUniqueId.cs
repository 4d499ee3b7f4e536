using System.Globalization;
using System.Text;

namespace EmailSync.Appliance.Store;

/// <summary>A server's unique-id for people: printable ASCII as it is, every other octet and the backslash as <c>\xHH</c>.</summary>
internal static class ShownUniqueId
{
    /// <summary>Octets that are shown. RFC 1939 allows 70; a server that sends more is recognised by the hash all the same.</summary>
    public const int MaximumLength = 256;

    public static string Of(ReadOnlySpan<byte> uniqueId)
    {
        StringBuilder shown = new(uniqueId.Length);
        foreach (byte octet in uniqueId[..Math.Min(uniqueId.Length, MaximumLength)])
        {
            if (octet is >= 0x21 and <= 0x7E and not (byte)'\\')
                shown.Append((char)octet);
            else
                shown.Append(CultureInfo.InvariantCulture, $"\\x{octet:X2}");
        }

        return shown.ToString();
    }
}
