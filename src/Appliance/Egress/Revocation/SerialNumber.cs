using System.Buffers.Binary;

namespace EmailSync.Appliance.Egress.Revocation;

/// <summary>A certificate's serial number, of which RFC 5280 section 4.1.2.2 allows 20 octets; without the octet that only says that it is positive.</summary>
/// <param name="High">The first eight octets.</param>
/// <param name="Middle">The next eight.</param>
/// <param name="Low">The last four.</param>
internal readonly record struct SerialNumber(ulong High, ulong Middle, uint Low) : IComparable<SerialNumber>
{
    private const int MaxOctets = 20;

    /// <summary>Reads the content of an INTEGER; false where it is too long to be a serial number.</summary>
    public static bool TryRead(ReadOnlySpan<byte> content, out SerialNumber serialNumber)
    {
        content = content.TrimStart((byte)0);
        if (content.Length > MaxOctets)
        {
            serialNumber = default;
            return false;
        }

        Span<byte> octets = stackalloc byte[MaxOctets];
        octets.Clear();
        content.CopyTo(octets[(MaxOctets - content.Length)..]);
        serialNumber = new(
            BinaryPrimitives.ReadUInt64BigEndian(octets), BinaryPrimitives.ReadUInt64BigEndian(octets[8..]), BinaryPrimitives.ReadUInt32BigEndian(octets[16..]));
        return true;
    }

    /// <inheritdoc />
    public int CompareTo(SerialNumber other)
    {
        int order = High.CompareTo(other.High);
        if (order == 0)
            order = Middle.CompareTo(other.Middle);
        return order == 0 ? Low.CompareTo(other.Low) : order;
    }
}
