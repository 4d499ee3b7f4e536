using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>A message that is not known yet.</summary>
/// <param name="Number">Its message number in this session.</param>
/// <param name="UniqueId">The server's octets, or a <see cref="Fingerprint"/>; empty where neither can tell this message from another.</param>
/// <param name="Octets">Its size, as LIST announces it.</param>
/// <param name="IsByContent">Only its content tells whether it is here already.</param>
public readonly record struct NewMessage(int Number, byte[] UniqueId, long Octets, bool IsByContent)
{
    /// <summary>What tells it from others as long as the maildrop stays as it is; empty where its unique-id does.</summary>
    public byte[] Makeshift { get; init; } = [];

    /// <summary>By what it will be known.</summary>
    public UniqueIdHash? Hash => UniqueId.Length > 0 ? UniqueIdHash.Of(UniqueId) : null;

    /// <summary>By what it is suspected where sessions end in it.</summary>
    public UniqueIdHash Suspected => UniqueIdHash.Of(UniqueId.Length > 0 ? UniqueId : Makeshift);
}

/// <summary>What a maildrop holds, held against what is known of it.</summary>
/// <param name="Listed">How many messages there are.</param>
/// <param name="New">Those that are not known, oldest first as the server counts.</param>
/// <param name="Known">What is known of the mailbox.</param>
/// <param name="KnownNumbers">For each of <see cref="Known"/>, its message number; 0 where it is not listed.</param>
public sealed record MaildropContents(int Listed, IReadOnlyList<NewMessage> New, KnownUniqueIds Known, int[] KnownNumbers)
{
    /// <summary>
    /// Messages whose unique-ids had gone from the server's listing and are in it again: neither new nor known before the next cycle.
    /// </summary>
    public int Returned { get; init; }

    /// <summary>How many of the listed messages are known.</summary>
    public int KnownListed { get; } = KnownNumbers.Count(number => number > 0);

    /// <summary>Known messages are not listed, and not because they were deleted from here.</summary>
    public bool HaveVanished => Known.LeftOnServer is { } left ? KnownListed < left : Absent.Count > 0;

    /// <summary>
    /// Known messages vanished, now or not long ago, and nobody knows whether from the server or only under their old unique-ids; or the last
    /// cycle did not come to its end. Then nothing is new that has the octets of a stored email.
    /// </summary>
    public bool AreUniqueIdsInDoubt(DateTimeOffset now) =>
        HaveVanished || Known.InDoubtUntil > now || (Known.LeftOnServer is null && Known.Hashes.Count > 0);

    /// <summary>The known unique-ids that are not listed, in their order.</summary>
    public IReadOnlyList<UniqueIdHash> Absent { get; } = [.. Known.Hashes.Where((_, index) => KnownNumbers[index] == 0)];

    /// <summary>The message with a known unique-id; null where it is not listed.</summary>
    public int? NumberOf(UniqueIdHash known) => Known.IndexOf(known) is >= 0 and int index && KnownNumbers[index] is > 0 and int number ? number : null;

    /// <summary>Lists a maildrop.</summary>
    public static async Task<MaildropContents> ListAsync(
        Maildrop maildrop, Mailbox mailbox, KnownUniqueIds known, Quarantine quarantine, CancellationToken cancellationToken)
    {
        // Some servers offer UIDL and PIPELINING only once signed in (GMail).
        if (maildrop.Capabilities is { HasUniqueIds: false } or { HasPipelining: false })
            await maildrop.CapabilitiesAsync(cancellationToken);

        UniqueIdReader reader = new(known);
        bool hasUniqueIds = true;
        try
        {
            await maildrop.ListUniqueIdsAsync(reader.Read, cancellationToken);
            reader.End();
        }
        catch (Pop3NegativeResponseException refusal) when (refusal.Response.Code is not { } code || !(code.IsWithin(ResponseCode.SysTemp) || code.IsWithin(ResponseCode.SysPerm)))
        {
            // RFC 1939 makes UIDL optional; a trouble of the server's own is something else.
            hasUniqueIds = false;
        }

        Dictionary<int, long> sizes = [];
        if (!hasUniqueIds || reader.New.Count > 0 || reader.Unidentified.Count > 0)
        {
            await foreach (ScanListing listing in maildrop.ListAsync(cancellationToken))
                sizes[listing.MessageNumber] = listing.Octets;
        }

        if (!hasUniqueIds)
            reader.Unidentified.AddRange(sizes.Keys);
        List<NewMessage> fresh = [.. reader.New.Select(message => new NewMessage(message.Number, message.UniqueId, sizes.GetValueOrDefault(message.Number), IsByContent: false))];
        if (reader.Unidentified.Count > 0)
        {
            Dictionary<int, NewMessage> unidentified = Name(reader.Unidentified, sizes);
            // In whose header a session ended before, of that the header is not asked for again.
            HashSet<UniqueIdHash> suspects = await quarantine.SuspectedAsync(mailbox, cancellationToken);
            Dictionary<int, byte[]> fingerprints = await Fingerprints.TakeAsync(
                maildrop,
                [.. unidentified.Values.Where(message => !suspects.Contains(message.Suspected)).Select(message => message.Number)],
                sizes,
                number => quarantine.NoteFailureAsync(mailbox, unidentified[number], cancellationToken),
                cancellationToken);
            foreach ((int number, NewMessage message) in unidentified)
            {
                byte[] fingerprint = fingerprints.GetValueOrDefault(number, []);
                if (fingerprint.Length > 0 && known.IndexOf(UniqueIdHash.Of(fingerprint)) is >= 0 and int index)
                    reader.KnownNumbers[index] = number;
                else
                    fresh.Add(message with { UniqueId = fingerprint });
            }
        }

        fresh.Sort(static (one, other) => one.Number.CompareTo(other.Number));
        return new(hasUniqueIds ? reader.Listed : sizes.Count, fresh, known, reader.KnownNumbers);
    }

    // The number of a message moves with each deletion before it; its place among those of its size with deletions of its size only.
    private static Dictionary<int, NewMessage> Name(List<int> numbers, Dictionary<int, long> sizes)
    {
        Dictionary<int, NewMessage> named = new(numbers.Count);
        Dictionary<long, int> ofSize = [];
        foreach (int number in numbers.Order())
        {
            long octets = sizes.GetValueOrDefault(number);
            int place = ofSize[octets] = ofSize.GetValueOrDefault(octets) + 1;
            named.Add(number, new(number, [], octets, IsByContent: true) { Makeshift = Fingerprint.Makeshift(octets, place) });
        }

        return named;
    }
}
