using System.CommandLine;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Cli;

/// <summary><c>emailsync alert</c>.</summary>
internal static class AlertCommands
{
    private const string Help =
        """
        Alerts: what an administrator should know, and how to mend it.

        Examples:
          emailsync alert list
          emailsync alert list --all --output json
          emailsync alert list --scope profile --subject prf_1
          emailsync alert catalog
          emailsync alert dismiss alr_12
        """;

    /// <summary>The verbs.</summary>
    public static Command Create(VerbRunner runner)
    {
        Argument<string[]> alerts = new("ALERT") { Description = "Alerts' ids.", Arity = ArgumentArity.OneOrMore };
        Option<bool> all = new("--all") { Description = "Resolved ones too." };
        Option<string?> before = new("--before") { Description = "Older than this id.", HelpName = "ID" };
        Option<string?> scope = new("--scope") { Description = "About this kind of thing only, with --subject." };
        ChoiceOption.Require(scope, [.. Enum.GetValues<AlertScope>().Select(ContractJson.NameOf)]);
        Option<string?> subject = new("--subject") { Description = "About this thing only: an id, or a host with its port.", HelpName = "ID" };
        return new Command("alert", Help)
        {
            runner.Create("list", "Lists alerts, newest first.", verb => ListAsync(verb, new Dictionary<string, string?>
            {
                ["all"] = verb.Parse.GetValue(all) ? "true" : "false",
                ["before"] = verb.Parse.GetValue(before),
                ["scope"] = verb.Parse.GetValue(scope),
                ["subject"] = verb.Parse.GetValue(subject),
            }), all, before, scope, subject),
            runner.Create("catalog", "Lists every alert there is: its level, what it means, and what to do.", verb =>
            {
                verb.Output.List(
                    new Page<AlertEntryContract>([.. AlertCatalog.All.Select(AlertEntryContract.Of)], null), ContractJson.Contract.PageAlertEntryContract,
                    ("CODE", entry => entry.Code),
                    ("LEVEL", entry => ContractJson.NameOf(entry.Level)),
                    ("WHAT HAPPENED", entry => entry.Title),
                    ("TO DO", entry => entry.Remedy));
                return Task.CompletedTask;
            }),
            runner.Create("dismiss", "Resolves alerts by hand.", verb => verb.ForEachAsync(verb.Parse.GetRequiredValue(alerts), async alert =>
            {
                await verb.Appliance.PostAsync($"alerts/{Uri.EscapeDataString(alert)}/dismiss", verb.Cancellation);
                verb.Output.Say($"{alert}: dismissed");
            }), alerts),
        };
    }

    private static async Task ListAsync(Verb verb, Dictionary<string, string?> filters)
    {
        Answer<Page<AlertContract>> answer = await verb.Appliance.GetAsync(
            "alerts?" + string.Join('&', filters.Where(filter => filter.Value is not null).Select(filter => $"{filter.Key}={Uri.EscapeDataString(filter.Value!)}")),
            ContractJson.Contract.PageAlertContract, verb.Cancellation);
        verb.Output.List(
            answer.Value, ContractJson.Contract.PageAlertContract,
            ("ID", alert => alert.Id),
            ("LEVEL", alert => ContractJson.NameOf(alert.Level)),
            ("CODE", alert => alert.Code),
            ("SUBJECT", alert => alert.Subject),
            ("COUNT", alert => alert.Count),
            ("LAST SEEN", alert => alert.LastSeenAt),
            ("TEXT", alert => alert.Text),
            ("TO DO", alert => alert.Remedy));
    }
}
