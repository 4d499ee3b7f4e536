using System.Buffers;

namespace EmailSync.Protocols.Wire;

/// <summary>
/// The timestamp of APOP (RFC 1939 section 7) and the challenge of CRAM-MD5 (RFC 2195 section 2), which both have the form of a msg-id.
/// They are taken only if they keep to it in printable ASCII: the attack on APOP needs octets that no msg-id has (CVE-2007-1558).
/// </summary>
public static class MsgId
{
    private const int MaxLength = 200;

    private static readonly SearchValues<byte> DotAtom =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~."u8);

    /// <summary>It is a dot-atom on both sides of an at sign, of at most 200 octets, in angle brackets.</summary>
    public static bool IsStrict(ReadOnlySpan<byte> text)
    {
        if (text is not [(byte)'<', .., (byte)'>'] || text.Length > MaxLength + 2)
            return false;
        ReadOnlySpan<byte> id = text[1..^1];
        int at = id.IndexOf((byte)'@');
        return at >= 0 && IsDotAtom(id[..at]) && IsDotAtom(id[(at + 1)..]);
    }

    private static bool IsDotAtom(ReadOnlySpan<byte> text) =>
        text.Length > 0 && text[0] != '.' && text[^1] != '.' && text.IndexOf(".."u8) < 0 && !text.ContainsAnyExcept(DotAtom);
}
