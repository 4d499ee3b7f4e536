using System.Buffers.Text;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Reads a listing of unique-ids, and believes none that tells nothing: that is missing, that comes twice (RFC 1939 section 7 allows it), or
/// that is the message number and so passes to another message when one is deleted.
/// </summary>
internal sealed class UniqueIdReader(KnownUniqueIds known)
{
    private const int Ambiguous = -1;

    private readonly Dictionary<UniqueIdHash, int> _places = [];
    private readonly List<(int Number, byte[] UniqueId)> _new = [];
    // Every message, as long as each unique-id has been its message's number.
    private List<int>? _numbered = [];

    /// <summary>How many messages were listed.</summary>
    public int Listed { get; private set; }

    /// <summary>Messages with a unique-id that is not known, in the order of the listing.</summary>
    public IReadOnlyList<(int Number, byte[] UniqueId)> New => _new;

    /// <summary>For each known unique-id, its message number; 0 where it was not listed.</summary>
    public int[] KnownNumbers { get; } = new int[known.Hashes.Count];

    /// <summary>Messages whose unique-id tells nothing.</summary>
    public List<int> Unidentified { get; } = [];

    /// <summary>Takes one line.</summary>
    public void Read(int number, ReadOnlySpan<byte> uniqueId)
    {
        Listed++;
        if (IsNumber(uniqueId, number))
            _numbered?.Add(number);
        else
            _numbered = null;

        if (!IsUsable(uniqueId))
        {
            Unidentified.Add(number);
            return;
        }

        UniqueIdHash hash = UniqueIdHash.Of(uniqueId);
        if (known.IndexOf(hash) is >= 0 and int index)
            KnownNumbers[index] = Only(number, KnownNumbers[index]);
        else if (_places.TryAdd(hash, _new.Count))
            _new.Add((number, uniqueId.ToArray()));
        else
            _new[_places[hash]] = (Only(number, _new[_places[hash]].Number), []);
    }

    /// <summary>The listing is over.</summary>
    public void End()
    {
        if (_numbered is { Count: > 0 } all)
        {
            _new.Clear();
            Array.Clear(KnownNumbers);
            Unidentified.Clear();
            Unidentified.AddRange(all);
            return;
        }

        _new.RemoveAll(message => message.Number == Ambiguous);
        KnownNumbers.AsSpan().Replace(Ambiguous, 0);
    }

    // The message that alone has a unique-id; where another had it before, nobody knows any more which is meant.
    private int Only(int number, int before)
    {
        if (before == 0)
            return number;
        if (before != Ambiguous)
            Unidentified.Add(before);
        Unidentified.Add(number);
        return Ambiguous;
    }

    private static bool IsNumber(ReadOnlySpan<byte> uniqueId, int number) =>
        Utf8Parser.TryParse(uniqueId, out int value, out int consumed) && consumed == uniqueId.Length && value == number;

    private static bool IsUsable(ReadOnlySpan<byte> uniqueId) =>
        !uniqueId.IsEmpty && !uniqueId.ContainsAnyInRange((byte)0, (byte)0x1F) && !uniqueId.Contains((byte)0x7F);
}
