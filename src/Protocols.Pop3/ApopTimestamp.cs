using System.Buffers;
using System.Text;

namespace EmailSync.Protocols.Pop3;

/// <summary>
/// The timestamp in a greeting, without which there is no APOP (RFC 1939 section 7). Taken only if it is strictly a msg-id in printable
/// ASCII: the attack on APOP needs octets that no msg-id has (CVE-2007-1558).
/// </summary>
internal static class ApopTimestamp
{
    private const int MaxLength = 200;

    private static readonly SearchValues<byte> DotAtom =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~."u8);

    /// <summary>The first timestamp anywhere in the greeting (RFC 2449 section 3), with its angle brackets; null if there is none.</summary>
    public static string? Find(ReadOnlySpan<byte> greeting)
    {
        while (true)
        {
            int end = greeting.IndexOf((byte)'>');
            if (end < 0)
                return null;
            int start = greeting[..end].LastIndexOf((byte)'<');
            if (start >= 0 && IsMessageId(greeting[(start + 1)..end]))
                return Encoding.ASCII.GetString(greeting[start..(end + 1)]);
            greeting = greeting[(end + 1)..];
        }
    }

    private static bool IsMessageId(ReadOnlySpan<byte> text)
    {
        int at = text.IndexOf((byte)'@');
        return text.Length <= MaxLength && at >= 0 && IsDotAtom(text[..at]) && IsDotAtom(text[(at + 1)..]);
    }

    private static bool IsDotAtom(ReadOnlySpan<byte> text) =>
        text.Length > 0 && text[0] != '.' && text[^1] != '.' && text.IndexOf(".."u8) < 0 && !text.ContainsAnyExcept(DotAtom);
}
