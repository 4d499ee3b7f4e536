using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>The answer to STAT (RFC 1939 section 5).</summary>
/// <param name="Messages">How many messages there are, those marked as deleted in this session not counted.</param>
/// <param name="Octets">How large they are together, where the server says something that can be true; it is a hint and no more.</param>
public readonly record struct DropListing(int Messages, long? Octets)
{
    /// <summary>
    /// The count is parsed strictly, the octets are not worth a failed session: a 32-bit server reports a large maildrop as
    /// negative.
    /// </summary>
    internal static DropListing Parse(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> rest = Pop3Response.TextOf(line);
        if (!Numbers.TryTakeMessageCount(ref rest, out int messages))
            throw new ProtocolViolationException("The response to STAT does not begin with a number of messages", line);
        return new(messages, Numbers.TryTakeOctets(ref rest, out long octets) ? octets : null);
    }
}
