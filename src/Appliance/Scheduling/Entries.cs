using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Scheduling;

/// <summary>Where a piece of work stands.</summary>
internal enum Stage : byte
{
    /// <summary>On the timeline.</summary>
    Planned,

    /// <summary>Due, in its lane's queue.</summary>
    Waiting,

    /// <summary>Drawn.</summary>
    Running,
}

/// <summary>One piece of planned work, in 32 octets.</summary>
internal struct Entry
{
    public long Mailbox;
    public long Ticks;

    /// <summary>On the timeline: where. In a queue: the entry before.</summary>
    public int Place;

    /// <summary>In a queue: the entry behind.</summary>
    public int Next;

    public int Lane;
    public Stage Stage;
    private byte _work;

    public Work Work
    {
        readonly get => (Work)_work;
        set => _work = (byte)value;
    }
}

/// <summary>
/// All pieces of planned work. They live in blocks, found by number, and by mailbox and kind through an index: a hundred thousand
/// objects and their references would cost three times as much.
/// </summary>
internal sealed class Entries
{
    /// <summary>No entry.</summary>
    public const int None = -1;

    private const int BlockBits = 12;
    private const int BlockMask = (1 << BlockBits) - 1;

    private readonly List<Entry[]> _blocks = [];
    private readonly Dictionary<long, int> _index = [];
    private readonly Stack<int> _free = new();
    private int _used;

    public int Count => _index.Count;

    public ref Entry this[int entry] => ref _blocks[entry >> BlockBits][entry & BlockMask];

    public int Find(MailboxId mailbox, Work work) => _index.TryGetValue(Key(mailbox, work), out int entry) ? entry : None;

    public int Add(MailboxId mailbox, Work work)
    {
        if (!_free.TryPop(out int entry))
        {
            entry = _used++;
            if (entry >> BlockBits == _blocks.Count)
                _blocks.Add(new Entry[1 << BlockBits]);
        }

        _index.Add(Key(mailbox, work), entry);
        this[entry] = new() { Mailbox = mailbox.Value, Work = work };
        return entry;
    }

    public void Remove(int entry)
    {
        _index.Remove(Key(new(this[entry].Mailbox), this[entry].Work));
        _free.Push(entry);
    }

    // Four kinds at most; ids are below 2^61 for a while yet.
    private static long Key(MailboxId mailbox, Work work) => (mailbox.Value << 2) | (long)work;
}
