using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EmailSync.Load.Clients;
using EmailSync.Load.Reporting;
using EmailSync.Load.Running;
using EmailSync.Load.Server;

namespace EmailSync.Load;

/// <summary>What can be asked for: a command for each workload, all with the same options.</summary>
internal static class CommandLine
{
    public static RootCommand Create()
    {
        RootCommand root = new("Whole workloads over loopback, client by client in turn, each in a process of its own.");
        foreach (Workload workload in Workload.All)
            root.Subcommands.Add(Create(workload));
        root.Subcommands.Add(CreateBook());
        return root;
    }

    private static Command Create(Workload workload)
    {
        RunPlan usual = workload.Usual;
        Option<int> mailboxes = Number("--mailboxes", "Mailboxes.", usual.Mailboxes);
        Option<int> messages = Number("--messages", "Messages in each mailbox, or to send.", usual.Messages);
        Option<int> size = Number("--size", "Octets of a message.", usual.Size);
        Option<int> connections = Number("--connections", "Connections at once.", usual.Connections);
        Option<bool> tls = new("--tls") { Description = "Implicit TLS." };
        Option<bool> noResume = new("--no-resume") { Description = "The server gives no TLS tickets." };
        Option<int> rtt = Number("--rtt", "Milliseconds by which every answer is late.", 0);
        Option<ServerKind> server = new("--server")
        {
            Description = "prompt; or delaying: leaves its acknowledgements to the system, and answers each command in a segment of its own; or dovecot: a Dovecot with maildirs in memory.",
        };
        Option<string[]> client = new("--client")
        {
            Description = $"Who does it, in this order: {string.Join(", ", ClientCatalog.NamesFor(workload.Name))}.",
            DefaultValueFactory = _ => [.. usual.Clients],
            AllowMultipleArgumentsPerToken = true,
        };
        Option<int> rounds = Number("--rounds", "How often each client runs.", usual.Rounds);
        Option<double> seconds = new("--seconds") { Description = "Each repeats its work at least so long.", DefaultValueFactory = _ => usual.Seconds };
        Option<double> warmUp = new("--warm-up") { Description = "Seconds of work before the clock starts.", DefaultValueFactory = _ => usual.WarmUpSeconds };
        Option<int> timeout = Number("--timeout", "Seconds after which a client is given up.", usual.TimeoutSeconds);
        Option<FileInfo> appliance = new("--appliance")
        {
            Description = "The emailsync.dll to measure, such as a published one.",
            DefaultValueFactory = _ => new(usual.Appliance),
        };
        Option<DirectoryInfo?> output = new("--out") { Description = "A folder for the results, as JSON and as a Markdown table." };
        Option<string?> name = new("--name") { Description = "What the files in it are called; the workload's name unless given." };

        Command command = new(workload.Name, workload.Summary)
        {
            mailboxes, messages, size, connections, tls, noResume, rtt, server, client, rounds, seconds, warmUp, timeout, appliance, output, name,
        };
        command.SetAction(async (parse, _) =>
        {
            RunPlan plan = new()
            {
                Mailboxes = parse.GetValue(mailboxes),
                Messages = parse.GetValue(messages),
                Size = parse.GetValue(size),
                Connections = parse.GetValue(connections),
                Tls = parse.GetValue(tls),
                ResumesTls = !parse.GetValue(noResume),
                RoundTrip = parse.GetValue(rtt),
                Server = parse.GetValue(server),
                Clients = [.. parse.GetValue(client)!.SelectMany(names => names.Split(','))],
                Rounds = parse.GetValue(rounds),
                Seconds = parse.GetValue(seconds),
                WarmUpSeconds = parse.GetValue(warmUp),
                TimeoutSeconds = parse.GetValue(timeout),
                Appliance = parse.GetValue(appliance)!.FullName,
            };
            await RunAsync(workload, plan, parse.GetValue(output), parse.GetValue(name) ?? workload.Name);
        });
        return command;
    }

    private static Command CreateBook()
    {
        Argument<DirectoryInfo> results = new("results") { Description = "The folder that --out named." };
        Argument<FileInfo> page = new("page") { Description = "The page to write; its pictures go into a folder beside it." };
        Option<FileInfo?> notes = new("--notes") { Description = "Text to take in behind the targets." };
        Option<string> by = new("--by") { Description = "The command that made the runs, which the page names.", DefaultValueFactory = _ => "./bench" };
        Command command = new("book", "Write all runs of a folder as one page.") { results, page, notes, by };
        command.SetAction((parse, _) => Book.WriteAsync(parse.GetValue(results)!, parse.GetValue(page)!, parse.GetValue(notes), parse.GetValue(by)!));
        return command;
    }

    private static async Task RunAsync(Workload workload, RunPlan plan, DirectoryInfo? output, string name)
    {
        RunReport report = await new Conductor(workload, plan).RunAsync();
        string table = MarkdownTable.Of(report);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{workload.Name}: {report.Machine}"));
        Console.WriteLine(table);
        if (output is null)
            return;
        output.Create();
        await File.WriteAllTextAsync(Path.Combine(output.FullName, name + ".json"), JsonSerializer.Serialize(report, LoadJson.Default.RunReport));
        await File.WriteAllTextAsync(Path.Combine(output.FullName, name + ".md"), table);
    }

    private static Option<int> Number(string name, string description, int usual) =>
        new(name) { Description = description, DefaultValueFactory = _ => usual };
}
