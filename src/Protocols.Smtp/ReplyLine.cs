using System.Text;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp;

/// <summary>One line of a reply (RFC 5321 section 4.2).</summary>
internal readonly record struct ReplyLine(int Code, bool IsLast, EnhancedStatusCode? Status, string Text, int Octets)
{
    /// <summary>Reads a line of a reply whose text is for people.</summary>
    public static ReplyLine Parse(ReadOnlySpan<byte> line) => Parse(line, ServerText.Show);

    /// <summary>Reads a line whose text is for us: an extension, a challenge. One character per octet, nothing cut off.</summary>
    public static ReplyLine ParseVerbatim(ReadOnlySpan<byte> line) => Parse(line, Encoding.Latin1.GetString);

    private static ReplyLine Parse(ReadOnlySpan<byte> line, Func<ReadOnlySpan<byte>, string> read)
    {
        // Reply-code = %x32-35 %x30-35 %x30-39
        if (line.Length < 3 || line[0] is < (byte)'2' or > (byte)'5' || line[1] is < (byte)'0' or > (byte)'5'
            || line[2] is < (byte)'0' or > (byte)'9' || (line.Length > 3 && line[3] is not ((byte)' ' or (byte)'-')))
            throw new ProtocolViolationException("The server sent a line that is not a reply", line);
        int code = ((line[0] - '0') * 100) + ((line[1] - '0') * 10) + (line[2] - '0');
        // A code without text, and without the space, is a whole reply (section 4.2.1).
        ReadOnlySpan<byte> text = line.Length > 3 ? line[4..] : [];
        return new(code, line.Length == 3 || line[3] == ' ', EnhancedStatusCode.OfReply(code, text), read(text), line.Length);
    }
}
