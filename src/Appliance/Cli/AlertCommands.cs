using System.CommandLine;
using EmailSync.Appliance.Api.Contracts;

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
          emailsync alert dismiss alr_12
        """;

    /// <summary>The verbs.</summary>
    public static Command Create(VerbRunner runner)
    {
        Argument<string[]> alerts = new("ALERT") { Description = "Alerts' ids.", Arity = ArgumentArity.OneOrMore };
        Option<bool> all = new("--all") { Description = "Resolved ones too." };
        Option<string?> before = new("--before") { Description = "Older than this id.", HelpName = "ID" };
        return new Command("alert", Help)
        {
            runner.Create("list", "Lists alerts, newest first.", verb => ListAsync(verb, verb.Parse.GetValue(all), verb.Parse.GetValue(before)), all, before),
            runner.Create("dismiss", "Resolves alerts by hand.", verb => verb.ForEachAsync(verb.Parse.GetRequiredValue(alerts), async alert =>
            {
                await verb.Appliance.PostAsync($"alerts/{Uri.EscapeDataString(alert)}/dismiss", verb.Cancellation);
                verb.Output.Say($"{alert}: dismissed");
            }), alerts),
        };
    }

    private static async Task ListAsync(Verb verb, bool all, string? before)
    {
        Answer<Page<AlertContract>> answer = await verb.Appliance.GetAsync(
            $"alerts?all={(all ? "true" : "false")}{(before is null ? "" : $"&before={Uri.EscapeDataString(before)}")}",
            ContractJson.Contract.PageAlertContract, verb.Cancellation);
        verb.Output.List(
            answer.Value, ContractJson.Contract.PageAlertContract,
            ("ID", alert => alert.Id),
            ("LEVEL", alert => Output.NameOf(alert.Level)),
            ("CODE", alert => alert.Code),
            ("SUBJECT", alert => alert.Subject),
            ("COUNT", alert => alert.Count),
            ("LAST SEEN", alert => alert.LastSeenAt),
            ("TEXT", alert => alert.Text),
            ("TO DO", alert => alert.Remedy));
    }
}
