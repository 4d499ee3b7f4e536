using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>Counts the writes that each commit of one meter carried.</summary>
public sealed class CommitCounter : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<int> _commits = [];

    public CommitCounter(Func<Meter, bool> isTheOne)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "emailsync.store.batch.size" && isTheOne(instrument.Meter))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((_, writes, _, _) => _commits.Enqueue(writes));
        _listener.Start();
    }

    /// <summary>How many writes each commit carried, in the order of the commits.</summary>
    public IReadOnlyList<int> Commits => [.. _commits];

    public void Dispose() => _listener.Dispose();
}
