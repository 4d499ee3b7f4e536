using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>One line of LIST (RFC 1939 section 5).</summary>
/// <param name="MessageNumber">Valid in this session only.</param>
/// <param name="Octets">The size the server announces; what RETR brings may differ.</param>
public readonly record struct ScanListing(int MessageNumber, long Octets)
{
    /// <summary>Text behind the size is the server's own affair (RFC 1939 section 5).</summary>
    internal static ScanListing Parse(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> rest = line;
        if (!Numbers.TryTakeMessageNumber(ref rest, out int number) || !Numbers.TryTakeOctets(ref rest, out long octets))
            throw new ProtocolViolationException("A line of LIST is not a message number and a size", line);
        return new(number, octets);
    }
}
