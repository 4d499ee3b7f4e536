using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>A status line: the indicator and its text (RFC 1939 section 3).</summary>
/// <param name="IsPositive"><c>+OK</c>; otherwise <c>-ERR</c>.</param>
/// <param name="Text">What the server said behind the indicator, response code included, made safe to show.</param>
/// <param name="Code">The response code, where the server announced RESP-CODES (RFC 2449 section 6.4) and sent one.</param>
public readonly record struct Pop3Response(bool IsPositive, string Text, ResponseCode? Code)
{
    /// <summary>Parses a status line strictly: the indicator in upper case, then a space or the end.</summary>
    /// <param name="line">The line without CRLF.</param>
    /// <param name="hasResponseCodes">The server announced RESP-CODES; otherwise a bracket is text like any other.</param>
    /// <exception cref="ProtocolViolationException">Neither indicator.</exception>
    internal static Pop3Response Parse(ReadOnlySpan<byte> line, bool hasResponseCodes)
    {
        bool isPositive = IsPositiveLine(line);
        ReadOnlySpan<byte> text = TextOf(line);
        return new(isPositive, ServerText.Show(text), hasResponseCodes ? ResponseCode.Parse(text) : null);
    }

    /// <summary>Itself, if positive.</summary>
    /// <exception cref="Pop3NegativeResponseException">It is negative.</exception>
    internal Pop3Response EnsurePositive(string command) => IsPositive ? this : throw new Pop3NegativeResponseException(command, this);

    /// <summary>What follows the indicator and its space.</summary>
    internal static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> line)
    {
        int space = line.IndexOf((byte)' ');
        return space < 0 ? [] : line[(space + 1)..];
    }

    internal static bool IsPositiveLine(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("+OK"u8) && (line.Length == 3 || line[3] == ' '))
            return true;
        if (line.StartsWith("-ERR"u8) && (line.Length == 4 || line[4] == ' '))
            return false;
        throw new ProtocolViolationException("Neither +OK nor -ERR where a response begins", line);
    }
}
