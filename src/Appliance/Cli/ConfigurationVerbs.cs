using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary><c>emailsync export</c> and <c>emailsync apply</c>.</summary>
internal static class ConfigurationVerbs
{
    private const string ExportHelp =
        """
        Writes the whole configuration as one file: settings, profiles and mailboxes. Secrets are in it by reference, as names of environment
        variables; put {"file": "PATH"} there instead where they lie in files.

        Examples:
          emailsync export --to emailsync.json
          emailsync export > emailsync.json
        """;

    private const string ApplyHelp =
        """
        Puts a configuration file in force, after showing what that changes. What the file does not name stays as it is, unless --prune is given.
        It is put in force as a whole or not at all. Applied twice, it changes nothing the second time.
        Approvals are not in it: an approval is a person's act. Mailboxes that are new, or get another server, wait for one.

        Examples:
          emailsync apply emailsync.json --dry-run
          emailsync apply emailsync.json
          emailsync apply emailsync.json --prune
        """;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The verbs.</summary>
    public static IEnumerable<Command> Create(VerbRunner runner)
    {
        Option<FileInfo?> to = new("--to") { Description = "A file to write, instead of standard output.", HelpName = "FILE" };
        Argument<FileInfo> file = new("FILE") { Description = "The configuration." };
        Option<bool> dryRun = new("--dry-run") { Description = "Show the plan, and change nothing." };
        Option<bool> prune = new("--prune") { Description = "Delete profiles and mailboxes that the file does not have." };
        yield return runner.Create("export", ExportHelp, verb => ExportAsync(verb, runner.Environment, verb.Parse.GetValue(to)), to);
        yield return runner.Create("apply", ApplyHelp,
            verb => ApplyAsync(verb, verb.Parse.GetRequiredValue(file), verb.Parse.GetValue(dryRun), verb.Parse.GetValue(prune)), file, dryRun, prune);
    }

    private static async Task ExportAsync(Verb verb, ControlEnvironment environment, FileInfo? file)
    {
        JsonObject configuration = (await verb.Appliance.GetAsync("configuration", ContractJson.Contract.JsonObject, verb.Cancellation)).Value;
        SecretReferences.Insert(configuration);
        byte[] text = Encoding.UTF8.GetBytes(configuration.ToJsonString(Indented) + "\n");
        await using Stream destination = file is null ? environment.OpenOutput() : file.Create();
        await destination.WriteAsync(text, verb.Cancellation);
    }

    private static async Task ApplyAsync(Verb verb, FileInfo file, bool dryRun, bool prune)
    {
        JsonObject configuration = await ReadAsync(file, verb.Cancellation);
        JsonObject stored = (await verb.Appliance.GetAsync("configuration", ContractJson.Contract.JsonObject, verb.Cancellation)).Value;
        HashSet<string> set = [.. (stored["setSecrets"]?.AsArray() ?? []).Select(path => (string)path!)];
        SecretReferences.Resolve(configuration, set.Contains, Environment.GetEnvironmentVariable, file.DirectoryName ?? ".");

        string query = prune ? "?prune=true" : "";
        PlanContract plan = (await verb.Appliance.PostAsync(
            $"configuration/plan{query}", configuration, ContractJson.Contract.JsonObject, ContractJson.Contract.PlanContract, verb.Cancellation)).Value;
        foreach (PlannedChange change in plan.Changes)
            verb.Output.Say($"{ContractJson.NameOf(change.Action),-6} {change.Kind,-8} {change.Name}{(change.Fields.Count > 0 ? ": " : "")}{string.Join(", ", change.Fields)}");
        if (!dryRun && plan.Changes.Count > 0)
        {
            plan = (await verb.Appliance.PostAsync(
                $"configuration/apply{query}", configuration, ContractJson.Contract.JsonObject, ContractJson.Contract.PlanContract, verb.Cancellation)).Value;
        }

        verb.Output.Say(plan.Changes.Count == 0 ? "Nothing differs." : dryRun ? "Nothing was changed: this was a dry run." : "Done.");
        if (verb.Output.IsJson)
            verb.Output.Show(plan, ContractJson.Contract.PlanContract);
    }

    private static async Task<JsonObject> ReadAsync(FileInfo file, CancellationToken cancellationToken)
    {
        try
        {
            await using FileStream stream = file.OpenRead();
            return await JsonNode.ParseAsync(
                    stream, documentOptions: new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false }, cancellationToken: cancellationToken)
                is JsonObject configuration ? configuration : throw new InvalidDataException($"'{file.FullName}' is no JSON object.");
        }
        catch (JsonException wrong)
        {
            throw new InvalidDataException($"'{file.FullName}' is not JSON: {wrong.Message}", wrong);
        }
    }
}
