namespace EmailSync.Protocols.Wire;

/// <summary>
/// Undoes the transparency rule (RFC 1939 section 3, RFC 5321 4.5.2): a line that begins with a dot has one more, and a
/// line that is only a dot ends the content. Pure, and without copying: it says which octets of the input are content.
/// </summary>
/// <remarks>
/// Only CRLF ends a line. A lone LF or CR is content like any other octet: were <c>LF . LF</c> an end, the text of a
/// message could fake the replies behind it.
/// </remarks>
internal static class DotStuffing
{
    /// <summary>What came of one look at the octets received.</summary>
    /// <param name="Skip">Leading octets that are no content: a stuffed dot, or the terminator.</param>
    /// <param name="Content">The octets of content that follow.</param>
    /// <param name="IsEnd">The terminator was found.</param>
    public readonly record struct Piece(int Skip, int Content, bool IsEnd)
    {
        /// <summary>Neither content nor end: more octets are needed to tell.</summary>
        public bool IsUndecided => Skip + Content == 0;
    }

    /// <summary>
    /// Looks for the next piece at the front of <paramref name="received"/>. Octets that might belong to a terminator still
    /// under way are left for the next look.
    /// </summary>
    /// <param name="received">All octets received and not consumed.</param>
    /// <param name="atLineStart">True at the beginning of the content and after each CRLF; kept by the caller between looks.</param>
    public static Piece Take(ReadOnlySpan<byte> received, ref bool atLineStart)
    {
        int skip = 0;
        if (atLineStart && received is [(byte)'.', ..])
        {
            if (received is [_, (byte)'\r', (byte)'\n', ..])
                return new(3, 0, true);
            if (received is [_] or [_, (byte)'\r'])
                return default;
            skip = 1;
        }

        ReadOnlySpan<byte> rest = received[skip..];
        int lineEnd = rest.IndexOf("\r\n."u8);
        int content = lineEnd >= 0 ? lineEnd + 2 : rest is [.., (byte)'\r'] ? rest.Length - 1 : rest.Length;
        if (content > 0)
            atLineStart = rest[..content] is [.., (byte)'\r', (byte)'\n'];
        return new(skip, content, false);
    }
}
