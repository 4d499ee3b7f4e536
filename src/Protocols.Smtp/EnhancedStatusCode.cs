using System.Buffers.Text;
using System.Globalization;

namespace EmailSync.Protocols.Smtp;

/// <summary>The three numbers of RFC 3463: class, subject, detail.</summary>
/// <param name="Class">2: success, 4: persistent transient failure, 5: permanent failure.</param>
/// <param name="Subject">What it is about: 1 address, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 security.</param>
/// <param name="Detail">What exactly; 0 if nothing more is said.</param>
public readonly record struct EnhancedStatusCode(int Class, int Subject, int Detail)
{
    /// <summary>The code as it is written, such as 5.1.1.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Class}.{Subject}.{Detail}");

    /// <summary>
    /// Reads the code at the start of a reply's text, if there is one. Where its class contradicts the reply code, the reply code
    /// rules (RFC 2034 section 4) and what is left of the other is not worth keeping: the result is X.0.0.
    /// </summary>
    internal static EnhancedStatusCode? OfReply(int replyCode, ReadOnlySpan<byte> text)
    {
        int @class = replyCode / 100;
        if (@class is not (2 or 4 or 5) || text.Length < 5 || text[0] is not ((byte)'2' or (byte)'4' or (byte)'5') || text[1] != '.')
            return null;
        ReadOnlySpan<byte> rest = text[2..];
        if (ReadNumber(ref rest) is not int subject || rest.IsEmpty || rest[0] != '.')
            return null;
        rest = rest[1..];
        if (ReadNumber(ref rest) is not int detail || (rest.Length > 0 && rest[0] != ' '))
            return null;
        return text[0] - '0' == @class ? new(@class, subject, detail) : new(@class, 0, 0);
    }

    // One to three digits, no leading zero (RFC 3463 section 2).
    private static int? ReadNumber(ref ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty || !char.IsAsciiDigit((char)rest[0])
            || !Utf8Parser.TryParse(rest, out int number, out int length) || length > 3 || (length > 1 && rest[0] == '0'))
            return null;
        rest = rest[length..];
        return number;
    }
}
