using System.Text.Json;
using EmailSync.Load.Messages;
using EmailSync.Load.Running;

namespace EmailSync.Load.Clients;

/// <summary>A client in a process of its own: warms up, does its workload, and says what that took.</summary>
internal static class ClientProcess
{
    private const int MostPasses = 1000;

    public static async Task RunAsync(ClientPlan plan)
    {
        LoadClient client = ClientCatalog.Find(plan.Workload, plan.Client);
        if (client is { Program: null, Pass: { } warmUp })
            await WarmUpAsync(warmUp, plan);
        // What is counted before is no part of the workload, and the server is told apart from it by the line.
        Console.WriteLine("ready");
        await Console.In.ReadLineAsync();
        Measurement measured = await (client.Measure is { } measure ? measure(plan) : MeasureAsync(client, client.Pass!, plan));
        Console.WriteLine(JsonSerializer.Serialize(measured, LoadJson.Default.Measurement));
    }

    private static async Task<Measurement> MeasureAsync(LoadClient client, Pass pass, ClientPlan plan)
    {
        GC.Collect();
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        ProcessUse before = UseOf(client);
        double start = ProcessUse.Now;
        Tally tally = default;
        int passes = 0;
        do
        {
            tally += await pass(plan);
            passes++;
        }
        while (ProcessUse.Now - start < plan.Seconds && passes < MostPasses && plan.Workload != ClientCatalog.Idle);
        double seconds = ProcessUse.Now - start;
        ProcessUse after = UseOf(client);
        return new()
        {
            Passes = passes,
            Seconds = seconds,
            CpuSeconds = after.CpuSeconds - before.CpuSeconds,
            Allocated = client.Program is null ? GC.GetTotalAllocatedBytes(precise: true) - allocated : null,
            PeakOctets = after.PeakOctets,
            Tally = tally,
            HeapEach = OpenSessions.Each?.Heap,
            ResidentEach = OpenSessions.Each?.Resident,
        };
    }

    private static async Task WarmUpAsync(Pass pass, ClientPlan plan)
    {
        if (plan.Workload == ClientCatalog.Idle)
            return;
        double end = ProcessUse.Now + plan.WarmUpSeconds;
        while (ProcessUse.Now < end)
            await pass(plan with { Mailboxes = Math.Min(plan.Mailboxes, 200), Messages = Math.Min(plan.Messages, 2000) });
    }

    private static ProcessUse UseOf(LoadClient client) => client.Program is null ? ProcessUse.Own() : ProcessUse.OfEndedChildren();
}
