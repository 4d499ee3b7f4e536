using System.Buffers.Binary;

namespace EmailSync.Appliance.Store;

/// <summary>
/// A unique-id of our own making, for a message to which the server gave none that tells it: the size that the server announces and the
/// SHA-256 of the header. It begins with NUL, which no server's unique-id may (RFC 1939 section 7).
/// </summary>
public static class Fingerprint
{
    /// <summary>Makes one.</summary>
    public static byte[] Of(long announcedOctets, ReadOnlySpan<byte> headerSha256)
    {
        byte[] fingerprint = new byte[1 + sizeof(long) + headerSha256.Length];
        BinaryPrimitives.WriteInt64BigEndian(fingerprint.AsSpan(1), announcedOctets);
        headerSha256.CopyTo(fingerprint.AsSpan(1 + sizeof(long)));
        return fingerprint;
    }

    /// <summary>
    /// A name for a message that nothing but its content tells from others, as long as it is not fetched: the how manieth of its size it is.
    /// It is no unique-id, and no message is known by it.
    /// </summary>
    public static byte[] Makeshift(long announcedOctets, int place)
    {
        byte[] name = new byte[1 + sizeof(long) + sizeof(int)];
        BinaryPrimitives.WriteInt64BigEndian(name.AsSpan(1), announcedOctets);
        BinaryPrimitives.WriteInt32BigEndian(name.AsSpan(1 + sizeof(long)), place);
        return name;
    }

    /// <summary>Whether a unique-id is one.</summary>
    public static bool IsOne(ReadOnlySpan<byte> uniqueId) => uniqueId is [0, ..];
}
