using System.CommandLine;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Cli;

/// <summary><c>emailsync token</c>.</summary>
internal static class TokenCommands
{
    private const string Help =
        """
        Tokens: who may call the HTTP API over TCP, and what for.

        application reads emails and submits outgoing ones; operator sees and changes everything but secrets; admin does everything. A token is
        shown once, when it is made; only its hash is kept.

        Examples:
          emailsync token create crm --role application
          emailsync token list
          emailsync token delete crm
        """;

    /// <summary>The verbs.</summary>
    public static Command Create(VerbRunner runner)
    {
        Argument<string> name = new("NAME") { Description = "What the audit log calls its holder." };
        Argument<string[]> tokens = new("TOKEN") { Description = "Tokens' ids or names.", Arity = ArgumentArity.OneOrMore };
        Option<string> role = new("--role") { Description = "What its holder may do.", Required = true };
        ChoiceOption.Require(role, [.. Enum.GetValues<TokenRole>().Select(ContractJson.NameOf)]);
        Option<string?> after = new("--after") { Description = "After this id.", HelpName = "ID" };
        return new Command("token", Help)
        {
            runner.Create("list", "Lists all tokens.", verb => ListAsync(verb, verb.Parse.GetValue(after)), after),
            runner.Create("create", "Makes a token, and shows it once.",
                verb => CreateAsync(verb, verb.Parse.GetRequiredValue(name), verb.Parse.GetRequiredValue(role)), name, role),
            runner.Create("delete", "Deletes tokens; they open nothing from then on.", verb => verb.ForEachAsync(verb.Parse.GetRequiredValue(tokens), async each =>
            {
                await verb.Appliance.DeleteAsync($"tokens/{Uri.EscapeDataString(each)}", verb.Cancellation);
                verb.Output.Did(each, "deleted");
            }), tokens),
        };
    }

    private static async Task ListAsync(Verb verb, string? after)
    {
        Answer<Page<TokenContract>> answer = await verb.Appliance.GetAsync(
            $"tokens{(after is null ? "" : $"?after={Uri.EscapeDataString(after)}")}", ContractJson.Contract.PageTokenContract, verb.Cancellation);
        verb.Output.List(
            answer.Value, ContractJson.Contract.PageTokenContract,
            ("ID", token => token.Id),
            ("NAME", token => token.Name),
            ("ROLE", token => ContractJson.NameOf(token.Role)),
            ("CREATED", token => token.CreatedAt),
            ("BY", token => token.CreatedBy));
    }

    private static async Task CreateAsync(Verb verb, string name, string role)
    {
        Answer<TokenContract> answer = await verb.Appliance.PostAsync(
            "tokens", new() { ["name"] = name, ["role"] = role }, ContractJson.Contract.JsonObject, ContractJson.Contract.TokenContract, verb.Cancellation);
        verb.Output.Show(answer.Value, ContractJson.Contract.TokenContract);
    }
}
