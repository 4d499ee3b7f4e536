using EmailSync.Load.Messages;
using EmailSync.Load.Running;

namespace EmailSync.Load.Clients;

/// <summary>How much memory one more open session costs.</summary>
internal static class OpenSessions
{
    private const int Before = 100;

    /// <summary>What the last measurement found: octets of managed heap and of resident memory, each session.</summary>
    public static (long Heap, long Resident)? Each { get; private set; }

    /// <summary>Opens as many sessions as there are to be connections, uses each once more, and closes them.</summary>
    public static async Task<Tally> MeasureAsync(
        ClientPlan plan, Func<int, Task<object>> open, Func<object, Task> use, Func<object, Task> close)
    {
        // The first sessions bring code and pools with them, which later ones share.
        object[] first = await ForEachAsync(Before, open);
        (long heap, long resident) = Memory();
        object[] sessions = await ForEachAsync(plan.Connections, open);
        (long heapAfter, long residentAfter) = Memory();
        Each = ((heapAfter - heap) / plan.Connections, (residentAfter - resident) / plan.Connections);
        object[] all = [.. first, .. sessions];
        await Parallel.ForEachAsync(all, async (session, _) => await use(session));
        await Parallel.ForEachAsync(all, async (session, _) => await close(session));
        return new(sessions.Length, 0, 0);
    }

    private static async Task<object[]> ForEachAsync(int count, Func<int, Task<object>> open)
    {
        object[] sessions = new object[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 50 }, async (number, _) => sessions[number] = await open(number));
        return sessions;
    }

    private static (long Heap, long Resident) Memory()
    {
        long heap = GC.GetTotalMemory(forceFullCollection: true);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return (heap, ProcessUse.Resident());
    }
}
