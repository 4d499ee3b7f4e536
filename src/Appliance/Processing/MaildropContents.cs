using EmailSync.Appliance.Store;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>A message that is not known yet.</summary>
/// <param name="Number">Its message number in this session.</param>
/// <param name="UniqueId">The server's octets; empty where it gave none that can tell this message from another.</param>
public readonly record struct NewMessage(int Number, byte[] UniqueId);

/// <summary>What a maildrop holds, held against what is known of it.</summary>
/// <param name="Listed">How many messages there are.</param>
/// <param name="New">Those that are not known, oldest first as the server counts.</param>
/// <param name="Identified">Every message with a usable unique-id; empty where nobody asked for it.</param>
public sealed record MaildropContents(int Listed, IReadOnlyList<NewMessage> New, IReadOnlyList<(int Number, UniqueIdHash Hash)> Identified)
{
    /// <summary>Lists a maildrop.</summary>
    /// <param name="maildrop">The maildrop.</param>
    /// <param name="known">What is known of it.</param>
    /// <param name="withIdentified">Whether <see cref="Identified"/> is wanted, which costs memory for every message.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<MaildropContents> ListAsync(
        Maildrop maildrop, KnownUniqueIds known, bool withIdentified, CancellationToken cancellationToken)
    {
        // Some servers offer UIDL and PIPELINING only once signed in (GMail).
        if (maildrop.Capabilities is { HasUniqueIds: false } or { HasPipelining: false })
            await maildrop.CapabilitiesAsync(cancellationToken);

        List<NewMessage> fresh = [];
        List<(int, UniqueIdHash)> identified = [];
        HashSet<UniqueIdHash> seen = [];
        try
        {
            int listed = await maildrop.ListUniqueIdsAsync(
                (number, uniqueId) =>
                {
                    if (!IsUsable(uniqueId))
                    {
                        fresh.Add(new(number, []));
                        return;
                    }

                    UniqueIdHash hash = UniqueIdHash.Of(uniqueId);
                    if (withIdentified)
                        identified.Add((number, hash));
                    // An id that comes twice in one listing cannot tell its messages apart (RFC 1939 section 7 allows it): the content does.
                    if (!known.Hashes.Contains(hash))
                        fresh.Add(new(number, seen.Add(hash) ? uniqueId.ToArray() : []));
                },
                cancellationToken);
            fresh.Sort(static (one, other) => one.Number.CompareTo(other.Number));
            return new(listed, fresh, identified);
        }
        catch (Pop3NegativeResponseException)
        {
            // No unique-ids here (RFC 1939 makes UIDL optional): every message is retrieved and recognised by its content.
            await foreach (ScanListing listing in maildrop.ListAsync(cancellationToken))
                fresh.Add(new(listing.MessageNumber, []));
            return new(fresh.Count, fresh, []);
        }
    }

    private static bool IsUsable(ReadOnlySpan<byte> uniqueId) =>
        !uniqueId.IsEmpty && !uniqueId.ContainsAnyInRange((byte)0, (byte)0x1F) && !uniqueId.Contains((byte)0x7F);
}
