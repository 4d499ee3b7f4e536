using System.CommandLine;

namespace EmailSync.Appliance.Cli;

/// <summary>Which mailboxes a verb is about: named ones, or those that filters let through.</summary>
internal sealed class MailboxChoice
{
    private readonly Argument<string[]> _mailboxes = new("MAILBOX") { Description = "Mailboxes' ids or addresses; or filters.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string?> _profile = new("--where-profile") { Description = "Those of this profile.", HelpName = "PROFILE" };
    private readonly Option<string?> _approval = new("--where-approval") { Description = "Those with this approval." };
    private readonly Option<string?> _status = new("--where-status") { Description = "Those with this status in either direction." };
    private readonly Option<string?> _kind = new("--where-kind") { Description = "Those of this kind." };
    private readonly Option<bool> _all = new("--all") { Description = "All there are." };

    /// <summary>Makes the choice.</summary>
    public MailboxChoice()
    {
        ChoiceOption.Require(_approval, "approved", "pending", "rejected", "empty");
        ChoiceOption.Require(_status, "not-run", "success", "failure");
        ChoiceOption.Require(_kind, "user", "queue");
    }

    /// <summary>Its argument and options.</summary>
    public IEnumerable<Symbol> All => [_mailboxes, _profile, _approval, _status, _kind, _all];

    /// <summary>Makes it an error to choose nothing, or both by name and by filter.</summary>
    public Command RequireOn(Command command)
    {
        command.Validators.Add(result =>
        {
            bool isNamed = result.GetResult(_mailboxes) is { Tokens.Count: > 0 };
            bool isFiltered = new Option[] { _profile, _approval, _status, _kind, _all }.Any(option => result.GetResult(option) is { Implicit: false });
            if (isNamed == isFiltered)
                result.AddError("Name mailboxes, or choose them by --where-profile, --where-approval, --where-status, --where-kind or --all; one of both.");
        });
        return command;
    }

    /// <summary>The mailboxes that were named.</summary>
    public string[] Named(Verb verb) => verb.Parse.GetValue(_mailboxes) ?? [];

    /// <summary>The choice as the API's query.</summary>
    public string Query(Verb verb)
    {
        List<string> parts = [.. Named(verb).Select(mailbox => $"mailbox={Uri.EscapeDataString(mailbox)}")];
        foreach (Option<string?> option in new[] { _profile, _approval, _status, _kind })
        {
            if (verb.Parse.GetValue(option) is { } value)
                parts.Add($"{option.Name["--where-".Length..]}={Uri.EscapeDataString(value)}");
        }

        if (verb.Parse.GetValue(_all))
            parts.Add("all=true");
        return string.Join('&', parts);
    }
}
