using System.CommandLine;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary>What <c>emailsync mailbox</c> does to many mailboxes at once.</summary>
internal static class MailboxBulkCommands
{
    /// <summary>The verbs.</summary>
    public static IEnumerable<Command> Create(VerbRunner runner)
    {
        yield return CreateUpdate(runner);
        yield return CreateApplyDefaults(runner);
        yield return CreateJudgement(runner, "approve", "Agrees to mailboxes being processed.");
        yield return CreateJudgement(runner, "reject", "Refuses that mailboxes are processed.");
    }

    private static Command CreateUpdate(VerbRunner runner)
    {
        MailboxChoice choice = new();
        Option<bool> dryRun = new("--dry-run") { Description = "Only tell what would change." };
        FieldOptions fields = new(runner.Environment, ContractJson.Contract.MailboxInput, "name", "emailAddress", "userName", "password");
        return choice.RequireOn(fields.RequireOn(runner.Create(
            "bulk-update", "Changes fields of many mailboxes: of all that are chosen, or of none where one would be refused.", async verb =>
            {
                Answer<BulkContract> answer = await verb.Appliance.PatchAsync(
                    $"mailboxes?{choice.Query(verb)}&dryRun={(verb.Parse.GetValue(dryRun) ? "true" : "false")}", fields.Read(verb.Parse),
                    ContractJson.Contract.JsonObject, "*", ContractJson.Contract.BulkContract, verb.Cancellation);
                return Tell(verb, answer.Value);
            }, [.. choice.All, dryRun, .. fields.All])));
    }

    private static Command CreateApplyDefaults(VerbRunner runner)
    {
        MailboxChoice choice = new();
        return choice.RequireOn(runner.Create(
            "apply-defaults", "Sets the settings' profile and methods on mailboxes, then tests and enables them.", async verb =>
            {
                Answer<TestJobContract> answer = await verb.Appliance.PostAsync(
                    $"mailboxes/apply-defaults?{choice.Query(verb)}", ContractJson.Contract.TestJobContract, verb.Cancellation);
                return await new TestWatch(verb, runner.Environment.Terminal).RunAsync(answer.Value);
            }, choice.All));
    }

    private static Command CreateJudgement(VerbRunner runner, string name, string description)
    {
        MailboxChoice choice = new();
        return choice.RequireOn(runner.Create(name, description, async verb =>
        {
            if (choice.Named(verb) is { Length: > 0 } named)
                return await verb.ForEachAsync(named, each => MailboxCommands.ActAsync(verb, each, name));
            Answer<BulkContract> answer = await verb.Appliance.PostAsync(
                $"mailboxes/{name}?{choice.Query(verb)}", ContractJson.Contract.BulkContract, verb.Cancellation);
            return Tell(verb, answer.Value);
        }, choice.All));
    }

    private static int Tell(Verb verb, BulkContract bulk)
    {
        if (verb.Output.IsJson)
            verb.Output.Show(bulk, ContractJson.Contract.BulkContract);
        foreach (BulkChangeContract change in bulk.Changes)
            verb.Output.Say($"{change.EmailAddress}: {string.Join(", ", change.Fields.Select(field => $"{field.Field} {Shown(field.From)} -> {Shown(field.To)}"))}");
        verb.Output.Say($"{bulk.Matched} mailboxes chosen, {bulk.Changed} {(bulk.DryRun ? "would be changed" : "changed")}, {bulk.Conflicts} changed by somebody else in the same moment");
        return bulk.Conflicts == 0 ? VerbRunner.Done : VerbRunner.Failed;
    }

    private static string Shown(JsonNode? value) => value?.ToString() ?? "nothing";
}
