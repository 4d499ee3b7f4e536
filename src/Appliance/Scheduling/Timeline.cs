namespace EmailSync.Appliance.Scheduling;

/// <summary>
/// Entries in the order of their moments: a binary heap of entry numbers that knows where each stands, so that one can be moved or
/// taken out, and a million cost four octets each.
/// </summary>
internal sealed class Timeline(Entries entries)
{
    private readonly List<int> _heap = [];

    /// <summary>How many entries stand here.</summary>
    public int Count => _heap.Count;

    /// <summary>The earliest entry; only where there is one.</summary>
    public int Earliest => _heap[0];

    /// <summary>Adds an entry, whose moment is set.</summary>
    public void Add(int entry)
    {
        _heap.Add(entry);
        Rise(_heap.Count - 1);
    }

    /// <summary>Takes an entry out.</summary>
    public void Remove(int entry)
    {
        int place = entries[entry].Place;
        int last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        if (last == entry)
            return;
        Put(last, place);
        Sink(place);
        Rise(entries[last].Place);
    }

    private void Rise(int place)
    {
        int entry = _heap[place];
        long moment = entries[entry].Ticks;
        while (place > 0 && entries[_heap[(place - 1) / 2]].Ticks > moment)
        {
            Put(_heap[(place - 1) / 2], place);
            place = (place - 1) / 2;
        }

        Put(entry, place);
    }

    private void Sink(int place)
    {
        int entry = _heap[place];
        long moment = entries[entry].Ticks;
        while (2 * place + 1 < _heap.Count)
        {
            int child = 2 * place + 1;
            if (child + 1 < _heap.Count && entries[_heap[child + 1]].Ticks < entries[_heap[child]].Ticks)
                child++;
            if (entries[_heap[child]].Ticks >= moment)
                break;
            Put(_heap[child], place);
            place = child;
        }

        Put(entry, place);
    }

    private void Put(int entry, int place)
    {
        _heap[place] = entry;
        entries[entry].Place = place;
    }
}
