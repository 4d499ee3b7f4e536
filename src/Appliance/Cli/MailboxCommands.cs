using System.CommandLine;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary><c>emailsync mailbox</c>.</summary>
internal sealed class MailboxCommands
{
    private const string Help =
        """
        Mailboxes: one address each, and what is done for it.

        Examples:
          emailsync mailbox create jane@example.com --profile example --password-file ~/.pw
          emailsync mailbox approve jane@example.com
          emailsync mailbox test jane@example.com
          emailsync mailbox approve --where-approval pending
          emailsync mailbox bulk-update --where-profile example --leave-on-server-days 14 --dry-run
          emailsync mailbox apply-defaults --all
          emailsync mailbox list --status failure
          emailsync mailbox list --late
        """;

    private readonly Option<string?> _profile = new("--profile") { Description = "Of this profile only.", HelpName = "PROFILE" };
    private readonly Option<string?> _approval = new("--approval") { Description = "With this approval only: approved, pending, rejected or empty." };
    private readonly Option<string?> _status = new("--status") { Description = "With this status in either direction only: not-run, success or failure." };

    private readonly Option<bool> _late = new("--late") { Description = "Only those whose poll has been due for more than a minute and has not begun." };

    /// <summary>The verbs.</summary>
    public static Command Create(VerbRunner runner)
    {
        MailboxCommands list = new();
        Argument<string> address = new("ADDRESS") { Description = "The mailbox's address." };
        Argument<string> mailbox = new("MAILBOX") { Description = "A mailbox's id or address." };
        Argument<string[]> mailboxes = new("MAILBOX") { Description = "Mailboxes' ids or addresses.", Arity = ArgumentArity.OneOrMore };
        FieldOptions forCreation = new(runner.Environment, ContractJson.Contract.MailboxInput, "emailAddress");
        FieldOptions forUpdate = new(runner.Environment, ContractJson.Contract.MailboxInput);
        Command group = new("mailbox", Help)
        {
            runner.Create("list", "Lists mailboxes.", list.ListAsync, list._profile, list._approval, list._status, list._late),
            runner.Create("show", "Shows a mailbox, and what the engine knows of it.", verb => ShowAsync(verb, verb.Parse.GetRequiredValue(mailbox)), mailbox),
            runner.Create("create", "Creates a mailbox.", verb => CreateAsync(verb, verb.Parse.GetRequiredValue(address), forCreation), [address, .. forCreation.All]),
            forUpdate.RequireOn(runner.Create("update", "Changes the fields that are given; an empty value puts one back to its default.",
                verb => UpdateAsync(verb, verb.Parse.GetRequiredValue(mailbox), forUpdate), [mailbox, .. forUpdate.All])),
            runner.Create("delete", "Deletes mailboxes; their emails stay.", verb => verb.ForEachAsync(verb.Parse.GetRequiredValue(mailboxes), async each =>
            {
                await verb.Appliance.DeleteAsync(PathOf(each), verb.Cancellation);
                verb.Output.Did(each, "deleted");
            }), mailboxes),
            MailboxTestCommand.Create(runner, "test", "Tests mailboxes step by step, and enables the directions that work."),
            MailboxTestCommand.Create(runner, "enable", "The same as test: what works is enabled."),
            runner.Create("poll", "Polls enabled mailboxes now.", verb => verb.ForEachAsync(verb.Parse.GetRequiredValue(mailboxes), async each =>
            {
                await verb.Appliance.PostAsync($"{PathOf(each)}/poll", verb.Cancellation);
                verb.Output.Did(each, "will be polled at once");
            }), mailboxes),
            runner.Create("rescan", "Looks again at what was skipped for its date or size, as after either was changed.", verb => verb.ForEachAsync(verb.Parse.GetRequiredValue(mailboxes), async each =>
            {
                Answer<RescanContract> answer = await verb.Appliance.PostAsync($"{PathOf(each)}/rescan", ContractJson.Contract.RescanContract, verb.Cancellation);
                if (verb.Output.IsJson)
                    verb.Output.Show(answer.Value, ContractJson.Contract.RescanContract);
                verb.Output.Say($"{each}: {answer.Value.Forgotten} messages are judged anew");
            }), mailboxes),
        };
        group.Add(runner.Create(
            "disable", "Stops mailboxes until they are tested again.",
            verb => verb.ForEachAsync(verb.Parse.GetRequiredValue(mailboxes), each => ActAsync(verb, each, "disable")), mailboxes));
        foreach (Command bulk in MailboxBulkCommands.Create(runner))
            group.Add(bulk);
        return group;
    }

    /// <summary>A mailbox's path in the API.</summary>
    public static string PathOf(string mailbox) => $"mailboxes/{Uri.EscapeDataString(mailbox)}";

    private async Task ListAsync(Verb verb)
    {
        List<string> filters = [];
        foreach (Option<string?> option in new[] { _profile, _approval, _status })
        {
            if (verb.Parse.GetValue(option) is { } value)
                filters.Add($"{option.Name.TrimStart('-')}={Uri.EscapeDataString(value)}");
        }

        if (verb.Parse.GetValue(_late))
            filters.Add("late=true");
        List<MailboxContract> items = [];
        string? after = null;
        do
        {
            string query = string.Join('&', after is null ? filters : [.. filters, $"after={after}"]);
            Answer<Page<MailboxContract>> answer = await verb.Appliance.GetAsync(
                $"mailboxes?limit=1000&{query}", ContractJson.Contract.PageMailboxContract, verb.Cancellation);
            items.AddRange(answer.Value.Items);
            after = answer.Value.Next;
        }
        while (after is not null);

        verb.Output.List(
            new(items, null), ContractJson.Contract.PageMailboxContract,
            ("ID", mailbox => mailbox.Id),
            ("ADDRESS", mailbox => mailbox.EmailAddress),
            ("PROFILE", mailbox => mailbox.Profile),
            ("APPROVAL", mailbox => ContractJson.NameOf(mailbox.Approval)),
            ("STATUS", mailbox => ContractJson.NameOf(mailbox.MailboxStatus)),
            ("IN", mailbox => mailbox.EnabledForIncoming ? "on" : "off"),
            ("OUT", mailbox => mailbox.EnabledForOutgoing ? "on" : "off"),
            ("RECEIVED", mailbox => mailbox.MessagesReceived),
            ("NEXT POLL", mailbox => mailbox.NextPollAt),
            ("LATE BY", mailbox => mailbox.LateBySeconds is { } seconds ? $"{TimeSpan.FromSeconds(seconds):c}" : null),
            ("LAST ERROR", mailbox => mailbox.LastError));
    }

    private static async Task ShowAsync(Verb verb, string mailbox)
    {
        Answer<MailboxContract> answer = await verb.Appliance.GetAsync(PathOf(mailbox), ContractJson.Contract.MailboxContract, verb.Cancellation);
        verb.Output.Show(answer.Value, ContractJson.Contract.MailboxContract);
    }

    private static async Task CreateAsync(Verb verb, string address, FieldOptions options)
    {
        JsonObject fields = options.Read(verb.Parse);
        fields["emailAddress"] = address;
        Answer<MailboxContract> answer = await verb.Appliance.PostAsync(
            "mailboxes", fields, ContractJson.Contract.JsonObject, ContractJson.Contract.MailboxContract, verb.Cancellation);
        verb.Output.Show(answer.Value, ContractJson.Contract.MailboxContract);
    }

    private static async Task UpdateAsync(Verb verb, string mailbox, FieldOptions options) => verb.Output.Show(
        await verb.UpdateAsync(PathOf(mailbox), options.Read(verb.Parse), ContractJson.Contract.MailboxContract), ContractJson.Contract.MailboxContract);

    /// <summary>Acts on one mailbox, and tells how it stands then.</summary>
    public static async Task ActAsync(Verb verb, string mailbox, string action)
    {
        Answer<MailboxContract> answer = await verb.Appliance.PostAsync($"{PathOf(mailbox)}/{action}", ContractJson.Contract.MailboxContract, verb.Cancellation);
        if (verb.Output.IsJson)
            verb.Output.Show(answer.Value, ContractJson.Contract.MailboxContract);
        else
            verb.Output.Say($"{mailbox}: {(action == "disable" ? "disabled" : ContractJson.NameOf(answer.Value.Approval))}");
    }
}
