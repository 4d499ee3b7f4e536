using System.Diagnostics;
using System.Globalization;

namespace EmailSync.Protocols.Benchmarks;

/// <summary>Clients side by side: medians of alternating runs, so that all of them meet the same moments of the machine.</summary>
internal static class Comparison
{
    private const int Runs = 5;

    public static void ShowHead() =>
        Console.WriteLine("row                 client         msgs/s     MB/s   CPU s/1000   B allocated/msg");

    public static async Task RunAsync(string row, int messages, int octets, params (string Name, Func<Task<Figures>> Run)[] clients)
    {
        List<Figures>[] runs = [.. clients.Select(_ => new List<Figures>())];
        for (int run = 0; run <= Runs; run++)
        {
            for (int client = 0; client < clients.Length; client++)
            {
                Figures figures = await clients[client].Run();
                // The first is the warm-up.
                if (run > 0)
                    runs[client].Add(figures);
            }
        }
        for (int client = 0; client < clients.Length; client++)
            Show(row, clients[client].Name, messages, octets, Figures.Median(runs[client]));
    }

    /// <summary>Time, processor time and allocations of this process, in which only the client works.</summary>
    public static async Task<Figures> MeasureAsync(Func<Task> work)
    {
        GC.Collect();
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        await work();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        return new(elapsed.TotalSeconds, (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }

    public static void Expect(int expected, int actual)
    {
        if (expected != actual)
            throw new InvalidOperationException($"{actual} came instead of {expected}");
    }

    private static void Show(string row, string client, int messages, int octets, Figures figures) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{row,-19} {client,-12} {messages / figures.Seconds,8:N0} {(double)messages * octets / figures.Seconds / 1e6,8:N0} {figures.CpuSeconds * 1000 / messages,12:N4} {(double)figures.Allocated / messages,17:N0}"));
}

/// <summary>What one run took.</summary>
internal readonly record struct Figures(double Seconds, double CpuSeconds, long Allocated)
{
    public static Figures Median(List<Figures> runs) => new(
        runs.Select(run => run.Seconds).Order().ElementAt(runs.Count / 2),
        runs.Select(run => run.CpuSeconds).Order().ElementAt(runs.Count / 2),
        runs.Select(run => run.Allocated).Order().ElementAt(runs.Count / 2));
}
