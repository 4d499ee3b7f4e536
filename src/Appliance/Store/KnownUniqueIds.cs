using System.Runtime.InteropServices;

namespace EmailSync.Appliance.Store;

/// <summary>The unique-ids that a mailbox has had: 16 octets each, for a maildrop may have had a million.</summary>
public sealed class KnownUniqueIds
{
    private readonly List<UniqueIdHash> _hashes;

    /// <summary>Takes them over, in their order.</summary>
    internal KnownUniqueIds(List<UniqueIdHash> inOrder, int? leftOnServer = null, DateTimeOffset? inDoubtUntil = null, bool isAnyWanted = false) =>
        (_hashes, LeftOnServer, InDoubtUntil, IsAnyWanted) = (inOrder, leftOnServer, inDoubtUntil, isAnyWanted);

    /// <summary>As hashes, in their order.</summary>
    public IReadOnlyList<UniqueIdHash> Hashes => _hashes;

    /// <summary>
    /// How many messages with a known unique-id the last cycle left on the server; null where it did not come to its end, or none has run.
    /// </summary>
    public int? LeftOnServer { get; }

    /// <summary>Until when what vanished from the server's listing may come back under other unique-ids; null where nothing did.</summary>
    public DateTimeOffset? InDoubtUntil { get; }

    /// <summary>Somebody wants a message of the mailbox in whole of which only the headers are stored (<see cref="IWantedMessages"/>).</summary>
    public bool IsAnyWanted { get; }

    /// <summary>Where in <see cref="Hashes"/> this one stands; negative where the mailbox has not had it.</summary>
    public int IndexOf(UniqueIdHash hash) => CollectionsMarshal.AsSpan(_hashes).BinarySearch(hash, default(StoredOrder));

    /// <summary>Whether the mailbox has had this one.</summary>
    public bool Contains(ReadOnlySpan<byte> uniqueId) => IndexOf(UniqueIdHash.Of(uniqueId)) >= 0;
}
