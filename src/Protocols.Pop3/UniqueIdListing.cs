using System.Buffers;
using System.Text;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>Sees one line of UIDL. The unique-id is the octets as the server sent them; keep nothing of the span.</summary>
public delegate void UniqueIdVisitor(int messageNumber, ReadOnlySpan<byte> uniqueId);

/// <summary>One line of UIDL (RFC 1939 section 7).</summary>
/// <param name="MessageNumber">Valid in this session only.</param>
/// <param name="UniqueId">
/// The unique-id, opaque and case-sensitive. Octets beyond ASCII, which no server should send and some do, each stand as the character of
/// the same number, so nothing is lost. It is data of a stranger: never a file name, never shown as it is.
/// </param>
public readonly record struct UniqueIdListing(int MessageNumber, string UniqueId)
{
    /// <summary>The most octets of a unique-id that RFC 1939 section 7 allows: 70. Servers exceed it, and longer ones are listed all the same.</summary>
    public const int MaxConformingLength = 70;

    private static readonly SearchValues<char> Printable = SearchValues.Create([.. Enumerable.Range(0x21, 0x5E).Select(c => (char)c)]);
    private static readonly SearchValues<char> Controls = SearchValues.Create([.. Enumerable.Range(0, 0x20).Append(0x7F).Select(c => (char)c)]);

    /// <summary>The id can tell this message from another: there is one, and no control octet in it.</summary>
    public bool IsUsable => UniqueId.Length > 0 && !UniqueId.AsSpan().ContainsAny(Controls);

    /// <summary>The id is what RFC 1939 section 7 asks for: 1 to 70 characters from 0x21 to 0x7E.</summary>
    public bool IsConforming => UniqueId.Length is > 0 and <= MaxConformingLength && !UniqueId.AsSpan().ContainsAnyExcept(Printable);

    /// <summary>Splits a line; the id is all that follows the number and its blanks, empty if the server gave none.</summary>
    internal static int Split(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> uniqueId)
    {
        uniqueId = line;
        if (!Numbers.TryTakeMessageNumber(ref uniqueId, out int number))
            throw new ProtocolViolationException("A line of UIDL does not begin with a message number", line);
        return number;
    }

    internal static UniqueIdListing Parse(ReadOnlySpan<byte> line)
    {
        int number = Split(line, out ReadOnlySpan<byte> uniqueId);
        return new(number, Encoding.Latin1.GetString(uniqueId));
    }
}
