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
            ServerPlan served = JsonSerializer.Deserialize(plan, LoadJson.Default.ServerPlan)!;
            await (served.Kind == ServerKind.Dovecot ? DovecotServer.RunAsync(served) : LoadServer.RunAsync(served));
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
