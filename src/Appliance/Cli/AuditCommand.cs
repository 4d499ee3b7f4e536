using System.CommandLine;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary><c>emailsync audit</c>.</summary>
internal static class AuditCommand
{
    private const string Help =
        """
        Shows who changed what, newest first. Secrets are never in it.

        Examples:
          emailsync audit
          emailsync audit --before aud_120 --output json
        """;

    /// <summary>The verb.</summary>
    public static Command Create(VerbRunner runner)
    {
        Option<string?> before = new("--before") { Description = "Older than this id.", HelpName = "ID" };
        return runner.Create("audit", Help, verb => ListAsync(verb, verb.Parse.GetValue(before)), before);
    }

    private static async Task ListAsync(Verb verb, string? before)
    {
        Answer<Page<AuditContract>> answer = await verb.Appliance.GetAsync(
            $"audit{(before is null ? "" : $"?before={Uri.EscapeDataString(before)}")}", ContractJson.Contract.PageAuditContract, verb.Cancellation);
        verb.Output.List(
            answer.Value, ContractJson.Contract.PageAuditContract,
            ("ID", entry => entry.Id),
            ("AT", entry => entry.At),
            ("WHO", entry => entry.Who),
            ("ACTION", entry => entry.Action),
            ("SUBJECT", entry => entry.Subject),
            ("OUTCOME", entry => entry.Outcome),
            ("FIELDS", entry => entry.Fields?.ToString()));
    }
}
