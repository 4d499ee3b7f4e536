using System.Text.Json;
using EmailSync.Load;
using EmailSync.Load.Clients;
using EmailSync.Load.Running;
using EmailSync.Load.Server;

// serve, client: the processes of a run, started by it. Anything else is a workload.
try
{
    switch (args)
    {
        case ["serve", string plan]:
            await LoadServer.RunAsync(JsonSerializer.Deserialize(plan, LoadJson.Default.ServerPlan)!);
            return 0;
        case ["client", string plan]:
            await ClientProcess.RunAsync(JsonSerializer.Deserialize(plan, LoadJson.Default.ClientPlan)!);
            return 0;
        default:
            return await CommandLine.Create().Parse(args).InvokeAsync(new() { EnableDefaultExceptionHandler = false });
    }
}
catch (LoadException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
