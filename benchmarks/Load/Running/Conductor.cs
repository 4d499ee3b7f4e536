using System.Text.Json;
using EmailSync.Load.Clients;
using EmailSync.Load.Messages;
using EmailSync.Load.Reporting;
using EmailSync.Load.Server;

namespace EmailSync.Load.Running;

/// <summary>Runs clients in turn against one server, and checks what arrived.</summary>
internal sealed class Conductor(Workload workload, RunPlan plan)
{
    private readonly MessageSet _messages = new(plan.Size);

    /// <exception cref="LoadException">The run cannot be made, or something arrived wrong.</exception>
    public async Task<RunReport> RunAsync()
    {
        plan.Validate();
        if (plan.Server == ServerKind.Dovecot && (workload.Name != ClientCatalog.Fetch || plan.RoundTrip > 0 || plan.Clients.Contains("raw")))
            throw new LoadException("--server dovecot is for pop3-fetch without --rtt, and for clients that do not know beforehand how many octets come.");
        MachineLimits.Require(plan.Connections);
        LoadClient[] clients = [.. plan.Clients.Select(name => ClientCatalog.Find(workload.Name, name)).Where(IsInstalled)];
        List<Sample>[] samples = [.. clients.Select(_ => new List<Sample>())];
        await using Child server = new("serve", JsonSerializer.Serialize(ServerPlan(), LoadJson.Default.ServerPlan));
        ServerHello hello = Read(await server.ReadLineAsync(CancellationToken.None), LoadJson.Default.ServerHello);
        for (int round = 0; round < plan.Rounds; round++)
        {
            for (int client = 0; client < clients.Length; client++)
                samples[client].Add(await RunAsync(clients[client], server, hello));
        }
        return RunReport.Of(workload, plan, [.. clients.Select((client, index) => (client.Name, (IReadOnlyList<Sample>)samples[index]))]);
    }

    private async Task<Sample> RunAsync(LoadClient client, Child server, ServerHello hello)
    {
        ClientPlan clientPlan = ClientPlan(client, hello);
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(plan.TimeoutSeconds));
        await using Child child = new("client", JsonSerializer.Serialize(clientPlan, LoadJson.Default.ClientPlan));
        try
        {
            await child.ReadLineAsync(patience.Token);
            await ReportAsync(server);
            await child.WriteLineAsync("go");
            Measurement measured = Read(await child.ReadLineAsync(patience.Token), LoadJson.Default.Measurement);
            ServerReport report = await ReportAsync(server);
            Check(client, measured, report);
            return new(measured, report);
        }
        catch (OperationCanceledException)
        {
            throw new LoadException($"{client.Name} did not end within {plan.TimeoutSeconds} s. Ask for less of it, or for a longer --timeout.");
        }
    }

    private void Check(LoadClient client, Measurement measured, ServerReport report)
    {
        Tally expected;
        Tally arrived;
        switch (workload.Name)
        {
            case ClientCatalog.Send:
                expected = Sent() * measured.Passes;
                arrived = new(report.Messages, report.Octets, report.Digest);
                break;
            case ClientCatalog.Fetch or ClientCatalog.ApplianceReceive when client.Hashes is { } part:
                expected = _messages.Expected(plan.Mailboxes, plan.Messages, part) * measured.Passes;
                arrived = measured.Tally;
                break;
            case ClientCatalog.Fetch:
                expected = new((long)plan.Mailboxes * plan.Messages * measured.Passes, 0, 0);
                arrived = measured.Tally with { Octets = 0, Digest = 0 };
                break;
            case ClientCatalog.Schedule:
                return;
            case ClientCatalog.AppliancePoll or ClientCatalog.ApplianceIdle when client.Measure is not null:
                // What ends after the clock has stopped is no part of it, and every poll that was counted was one that the server saw.
                expected = workload.Name == ClientCatalog.ApplianceIdle ? _messages.Expected(plan.Mailboxes, plan.Messages, Part.Content) : default;
                arrived = measured.Tally;
                if (report.Sessions < measured.Units)
                    throw new LoadException($"{client.Name}: {measured.Units} polls were counted, and the server saw {report.Sessions}.");
                break;
            case ClientCatalog.Poll or ClientCatalog.AppliancePoll:
                // A program fetches what there is, so that it can be asked to find nothing only.
                expected = new(client.Program is null ? (long)plan.Mailboxes * plan.Messages * measured.Passes : 0, 0, 0);
                arrived = measured.Tally;
                break;
            default:
                expected = new(plan.Connections, 0, 0);
                arrived = measured.Tally;
                break;
        }
        if (expected != arrived)
            throw new LoadException($"{client.Name}: what arrived is {arrived}, and should be {expected}.");
        long sessions = workload.Name is ClientCatalog.Poll or ClientCatalog.Fetch ? (long)plan.Mailboxes * measured.Passes : report.Sessions;
        if (plan.Server != ServerKind.Dovecot && report.Sessions != sessions)
            throw new LoadException($"{client.Name}: the server saw {report.Sessions} sessions end by QUIT, and there should be {sessions}.");
    }

    /// <summary>What one pass of sending makes arrive.</summary>
    private Tally Sent() => Enumerable.Range(1, plan.Messages)
        .Aggregate(default(Tally), (sum, number) => sum + MessageSet.Of(_messages.Content(_messages.VariantOf(0, number)), Part.Body));

    private static bool IsInstalled(LoadClient client)
    {
        if (client.Program is not { } program
            || Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, program))))
            return true;
        Console.Error.WriteLine($"{program} is not installed, and left out (apt-get install mpop fetchmail getmail6).");
        return false;
    }

    private ServerPlan ServerPlan() => new()
    {
        Protocol = workload.Protocol,
        Kind = plan.Server,
        Tls = plan.Tls,
        ResumesTls = plan.ResumesTls,
        RoundTrip = plan.RoundTrip,
        Mailboxes = plan.Mailboxes,
        Gathers = workload.Name == ClientCatalog.ApplianceIdle ? plan.Connections : 0,
        Messages = plan.Messages,
        Size = plan.Size,
    };

    private ClientPlan ClientPlan(LoadClient client, ServerHello hello) => new()
    {
        Workload = workload.Name,
        Client = client.Name,
        Port = hello.Port,
        Tls = plan.Tls,
        Mailboxes = plan.Mailboxes,
        Messages = plan.Messages,
        Size = plan.Size,
        Connections = plan.Connections,
        Seconds = plan.Seconds,
        WarmUpSeconds = plan.WarmUpSeconds,
        Appliance = plan.Appliance,
        Certificate = hello.Certificate,
        RoundTrip = plan.RoundTrip,
    };

    private static async Task<ServerReport> ReportAsync(Child server)
    {
        await server.WriteLineAsync("report");
        return Read(await server.ReadLineAsync(CancellationToken.None), LoadJson.Default.ServerReport);
    }

    private static T Read<T>(string line, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(line, type) ?? throw new LoadException($"A process of the run said: {line}");
}
