using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EmailSync.Appliance.Store;

/// <summary>
/// A unique-id as the store knows it: the first 16 octets of the SHA-256 of the server's octets, so that ids of any length and with any
/// octets cost the same and never become a name of anything.
/// </summary>
public readonly record struct UniqueIdHash(ulong High, ulong Low)
{
    /// <summary>The hash of a unique-id as the server sent it.</summary>
    public static UniqueIdHash Of(ReadOnlySpan<byte> uniqueId)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(uniqueId, digest);
        return new(BinaryPrimitives.ReadUInt64BigEndian(digest), BinaryPrimitives.ReadUInt64BigEndian(digest[8..]));
    }
}

/// <summary>The order in which a store keeps them: a database has no unsigned numbers.</summary>
internal readonly struct StoredOrder : IComparer<UniqueIdHash>
{
    public int Compare(UniqueIdHash x, UniqueIdHash y) =>
        x.High != y.High ? ((long)x.High).CompareTo((long)y.High) : ((long)x.Low).CompareTo((long)y.Low);
}
