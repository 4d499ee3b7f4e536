using System.Globalization;
using System.Text;
using System.Text.Json;
using EmailSync.Load.Clients;
using EmailSync.Load.Running;

namespace EmailSync.Load.Reporting;

/// <summary>All runs of a folder as one page, with a picture of each.</summary>
internal static class Book
{
    private const string Reading =
        """
        Client and server share the machine, over loopback; clients run in turn (A B A B …), each in a process of its own, and the figures are
        medians. Times drift from run to run, so what counts is the **ratio**, taken pair by pair, and the client's CPU seconds. What arrived
        is checked by counts and hashes, and a run with a wrong one fails. `raw` is a bare .NET socket loop that knows beforehand how many
        octets come and does nothing with them: it shows what server and system allow, and the last column how much of the machine the
        server took. Programs (mpop, fetchmail, getmail) are measured whole, with their start, and deliver into memory.

        What these figures do not show: a real network's loss, a real provider's throttling, more than two cores.
        """;

    /// <summary>Writes the page, and the pictures into a folder beside it.</summary>
    /// <param name="results">Where the runs left their JSON; in the order of their names.</param>
    /// <param name="page">The page.</param>
    /// <param name="notes">A file whose text stands behind the targets; null for none.</param>
    /// <param name="by">The command that made the runs.</param>
    /// <exception cref="LoadException">There is no run in the folder.</exception>
    public static async Task WriteAsync(DirectoryInfo results, FileInfo page, FileInfo? notes, string by)
    {
        (string Name, string Command, RunReport Report)[] runs = [.. results.EnumerateFiles("*.json")
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => Read(file))];
        if (runs.Length == 0)
            throw new LoadException($"There are no results in {results}.");
        DirectoryInfo pictures = Directory.CreateDirectory(Path.ChangeExtension(page.FullName, null));
        StringBuilder text = new("# Benchmarks\n\n");
        text.AppendLine(CultureInfo.InvariantCulture, $"Written by `{by}` (`./bench` makes all runs at a small size in a few minutes, `./bench full` at the size that the targets are for).").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"Measured on {runs[0].Report.At:yyyy-MM-dd} on {runs[0].Report.Machine}.").AppendLine();
        text.AppendLine(Reading).AppendLine();
        AppendTargets(text, runs);
        if (notes is not null)
            text.AppendLine(await File.ReadAllTextAsync(notes.FullName));
        foreach ((string name, string command, RunReport report) in runs)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"## {name}").AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"`dotnet run -c Release --project benchmarks/Load -- {command}`").AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"![{name}]({pictures.Name}/{name}.svg)").AppendLine();
            text.AppendLine(MarkdownTable.Of(report));
            await File.WriteAllTextAsync(Path.Combine(pictures.FullName, name + ".svg"), BarChart.Of(report, name));
        }
        await File.WriteAllTextAsync(page.FullName, text.ToString().ReplaceLineEndings("\n"));
    }

    private static void AppendTargets(StringBuilder text, (string Name, string Command, RunReport Report)[] runs)
    {
        text.AppendLine("## Targets").AppendLine();
        text.AppendLine("The targets were set on another machine of this kind, where `raw` was measured as well: the last column is how much of that it reached in the same run.").AppendLine();
        text.AppendLine("| run | client | figure | target | measured | | `raw` beside it |").AppendLine("|---|---|---|---|---|---|---|");
        foreach (Target target in Target.All)
        {
            RunReport? report = runs.FirstOrDefault(run => run.Name == target.Run).Report;
            if (report?.Clients.FirstOrDefault(client => client.Client == target.Client) is not { } measured || target.Read(measured.Median) is not { } value)
                continue;
            string verdict = target.IsReachedBy(value) ? "reached" : $"**not reached:** {target.Compare(value)}";
            text.AppendLine(CultureInfo.InvariantCulture, $"| {target.Run} | {target.Client} | {target.Figure} | {(target.IsMost ? "≤" : "≥")} {target.Goal:#,0.###} | {Rounded(value)} | {verdict} | {SpeedOf(report, target)} |");
        }
        text.AppendLine();
    }

    private static string SpeedOf(RunReport report, Target target) =>
        target.KnownOfRaw is { } known && report.Clients.FirstOrDefault(client => client.Client == "raw") is { } raw && target.Read(raw.Median) is { } value
            ? string.Create(CultureInfo.InvariantCulture, $"{value / known:0.00} of its own")
            : "–";

    // Small figures as they are; of large ones a part of one is noise.
    private static string Rounded(double value) => value.ToString(value < 100 ? "0.####" : "#,0", CultureInfo.InvariantCulture);

    private static (string Name, string Command, RunReport Report) Read(FileInfo file)
    {
        RunReport report = JsonSerializer.Deserialize(File.ReadAllText(file.FullName), LoadJson.Default.RunReport)!;
        RunPlan plan = report.Plan;
        string command = string.Create(CultureInfo.InvariantCulture, $"{report.Workload} --mailboxes {plan.Mailboxes} --messages {plan.Messages} --size {plan.Size} --connections {plan.Connections}")
            + (plan.Tls ? " --tls" : "") + (plan.ResumesTls ? "" : " --no-resume")
            + (plan.RoundTrip > 0 ? string.Create(CultureInfo.InvariantCulture, $" --rtt {plan.RoundTrip}") : "")
            + (plan.Server == Server.ServerKind.Prompt ? "" : $" --server {plan.Server.ToString().ToLowerInvariant()}")
            + (plan.WarmUpSeconds == 0 && report.Workload == ClientCatalog.ApplianceReceive ? " --warm-up 0" : "")
            + $" --client {string.Join(',', plan.Clients)}";
        return (Path.GetFileNameWithoutExtension(file.Name), command, report);
    }
}
