using System.CommandLine;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Cli;

/// <summary><c>emailsync email</c>.</summary>
internal sealed class EmailCommands
{
    private const string StandardInput = "-";

    private const string Help =
        """
        Emails: what was received, and the outbox.

        Examples:
          emailsync email list --direction incoming --after eml_120
          emailsync email list --conversation eml_98
          emailsync email raw eml_121 > message.eml
          emailsync email ack eml_121
          emailsync email send letter.eml --mailbox jane@example.com --to joe@example.org
          emailsync email send --mailbox jane@example.com --to joe@example.org --subject Hello --text "How are you?"
          emailsync email send --mailbox jane@example.com --to joe@example.org --subject Invoice --attach invoice.pdf terms.pdf
        """;

    private readonly Option<string?>[] _filters =
    [
        new("--mailbox") { Description = "Of this mailbox only: its id or address." },
        new("--direction") { Description = "This way only: incoming or outgoing." },
        new("--state") { Description = "In this state only, such as received, pending-send, sent, failed or uncertain." },
        new("--acknowledged") { Description = "false: only incoming ones that no consumer has acknowledged.", HelpName = "false" },
        new("--conversation") { Description = "Of this conversation only: its first email's id, as 'email show' tells it.", HelpName = "ID" },
        new("--after") { Description = "Behind this id: a feed that never skips or repeats one.", HelpName = "ID" },
        new("--limit") { Description = "At most so many, up to 1000.", HelpName = "N" },
    ];

    private readonly Argument<string?> _file = new("FILE")
    {
        Description = "The raw message, sent as it is (a Bcc field too); - for standard input. Without it the message is composed from the options.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string> _mailbox = new("--mailbox") { Description = "The sending mailbox: its id or address.", Required = true };
    private readonly Option<string[]> _to = new("--to") { Description = "A recipient; repeat it for more.", Required = true, HelpName = "ADDRESS" };
    private readonly Option<string[]> _cc = new("--cc") { Description = "A recipient seen by all.", HelpName = "ADDRESS" };
    private readonly Option<string[]> _bcc = new("--bcc") { Description = "A recipient seen by nobody.", HelpName = "ADDRESS" };
    private readonly Option<FileInfo[]> _attach = new("--attach") { Description = "A file that comes along; repeat it for more.", HelpName = "FILE", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> _sendAt = new("--send-at") { Description = "Not before this moment.", HelpName = "TIME" };
    private readonly Option<string?> _priority = new("--priority") { Description = "Whether it goes before others of the mailbox: low, normal or high." };
    private readonly Option<string?> _key = new("--idempotency-key") { Description = "The same key with the same content is the same email." };

    private readonly (string Field, Option<string?> Option)[] _parts =
    [
        ("subject", new("--subject") { Description = "The subject." }),
        ("text", new("--text") { Description = "The body as text." }),
        ("html", new("--html") { Description = "The body as HTML." }),
        ("replyTo", new("--reply-to") { Description = "Where answers go.", HelpName = "ADDRESS" }),
        ("inReplyTo", new("--in-reply-to") { Description = "The Message-ID of the email that this one answers." }),
    ];

    /// <summary>The verbs.</summary>
    public static Command Create(VerbRunner runner)
    {
        EmailCommands verbs = new();
        OnlyNamesOf<EmailDirection>(verbs._filters[1]);
        OnlyNamesOf<EmailState>(verbs._filters[2]);
        OnlyNamesOf<EmailPriority>(verbs._priority);
        ChoiceOption.Require(verbs._filters[3], "false");
        TimeOption.Require(verbs._sendAt);
        Argument<string> email = new("EMAIL") { Description = "An email's id." };
        Argument<string[]> emails = new("EMAIL") { Description = "Emails' ids.", Arity = ArgumentArity.OneOrMore };
        Option<FileInfo?> to = new("--to") { Description = "A file to write, instead of standard output.", HelpName = "FILE" };
        Command group = new("email", Help)
        {
            runner.Create("list", "Lists emails of both directions in the order in which they became durable.", verbs.ListAsync, verbs._filters),
            runner.Create("show", "Shows an email without its content.", verb => ShowAsync(verb, verb.Parse.GetRequiredValue(email)), email),
            runner.Create("raw", "Writes the raw message, exactly as it was received or will be sent.",
                verb => CopyAsync(verb, runner.Environment, verb.Parse.GetRequiredValue(email), verb.Parse.GetValue(to)), email, to),
            verbs.CreateSend(runner),
        };
        foreach ((string name, string description) in new[]
        {
            ("ack", "Acknowledges incoming emails: the consumer has them, and their mailbox may delete them on the server."),
            ("fetch", "Fetches whole, however large, emails of which only the headers are stored; 'email show' tells when: fetchedAs, or lastError."),
            ("retry", "Makes failed, bounced, uncertain or waiting emails due at once."), ("cancel", "Calls back emails that are not being sent."),
        })
            group.Add(runner.Create(name, description, verb => verb.ForEachAsync(verb.Parse.GetRequiredValue(emails), each => ActAsync(verb, each, name)), emails));
        return group;
    }

    private Command CreateSend(VerbRunner runner)
    {
        Option[] parts = [.. _parts.Select(part => part.Option), _attach];
        Command send = runner.Create("send", "Submits an email; it is durable when this returns.", verb => SendAsync(verb, runner.Environment),
            [_file, _mailbox, _to, _cc, _bcc, .. parts, _sendAt, _priority, _key]);
        send.Validators.Add(result =>
        {
            if (result.GetResult(_file) is not { Tokens.Count: > 0 })
                return;
            foreach (Option part in parts.Where(part => result.GetResult(part) is { Implicit: false }))
                result.AddError($"{part.Name} is for an email that is composed, and a raw message is sent as it is: give one of both.");
        });
        return send;
    }

    private static void OnlyNamesOf<T>(Option<string?> option) where T : struct, Enum =>
        ChoiceOption.Require(option, [.. Enum.GetValues<T>().Select(ContractJson.NameOf)]);

    private static string PathOf(string email) => $"emails/{Uri.EscapeDataString(email)}";

    private async Task ListAsync(Verb verb)
    {
        IEnumerable<string> query = _filters
            .Where(filter => verb.Parse.GetValue(filter) is not null)
            .Select(filter => $"{filter.Name.TrimStart('-')}={Uri.EscapeDataString(verb.Parse.GetValue(filter)!)}");
        Answer<Page<EmailContract>> answer = await verb.Appliance.GetAsync(
            $"emails?{string.Join('&', query)}", ContractJson.Contract.PageEmailContract, verb.Cancellation);
        verb.Output.List(
            answer.Value, ContractJson.Contract.PageEmailContract,
            ("ID", email => email.Id),
            ("MAILBOX", email => email.Mailbox),
            ("STATE", email => ContractJson.NameOf(email.State)),
            ("FROM", email => email.From),
            ("TO", email => email.To),
            ("SUBJECT", email => email.Subject),
            ("SIZE", email => email.Size),
            ("STORED", email => email.StoredAt));
    }

    private static async Task ShowAsync(Verb verb, string email)
    {
        Answer<EmailContract> answer = await verb.Appliance.GetAsync(PathOf(email), ContractJson.Contract.EmailContract, verb.Cancellation);
        verb.Output.Show(answer.Value, ContractJson.Contract.EmailContract);
    }

    private static async Task CopyAsync(Verb verb, ControlEnvironment environment, string email, FileInfo? file)
    {
        await using Stream destination = file is null ? environment.OpenOutput() : new FileStream(file.FullName, FileMode.Create, FileAccess.Write, FileShare.None);
        await verb.Appliance.CopyAsync($"{PathOf(email)}/raw", destination, verb.Cancellation);
    }

    private async Task SendAsync(Verb verb, ControlEnvironment environment)
    {
        Answer<EmailContract> answer = verb.Parse.GetValue(_file) is { } file
            ? await SendRawAsync(verb, environment, file)
            : await SendComposedAsync(verb);
        if (verb.Output.IsJson)
            verb.Output.Show(answer.Value, ContractJson.Contract.EmailContract);
        verb.Output.Say($"{answer.Value.Id}: {ContractJson.NameOf(answer.Value.State)}");
    }

    private async Task<Answer<EmailContract>> SendRawAsync(Verb verb, ControlEnvironment environment, string file)
    {
        List<string> query = [$"mailbox={Uri.EscapeDataString(verb.Parse.GetRequiredValue(_mailbox))}"];
        foreach (Option<string[]> option in new[] { _to, _cc, _bcc })
            query.AddRange((verb.Parse.GetValue(option) ?? []).Select(address => $"to={Uri.EscapeDataString(address)}"));
        if (verb.Parse.GetValue(_sendAt) is { } moment)
            query.Add($"sendAt={Uri.EscapeDataString(moment)}");
        if (verb.Parse.GetValue(_priority) is { } priority)
            query.Add($"priority={Uri.EscapeDataString(priority)}");

        await using Stream content = file == StandardInput ? environment.OpenInput() : File.OpenRead(file);
        return await verb.Appliance.PostAsync(
            $"emails/raw?{string.Join('&', query)}", content, "message/rfc822", verb.Parse.GetValue(_key), ContractJson.Contract.EmailContract, verb.Cancellation);
    }

    private async Task<Answer<EmailContract>> SendComposedAsync(Verb verb)
    {
        JsonObject email = new() { ["mailbox"] = verb.Parse.GetRequiredValue(_mailbox) };
        foreach ((string field, Option<string[]> option) in new[] { ("to", _to), ("cc", _cc), ("bcc", _bcc) })
        {
            if (verb.Parse.GetValue(option) is { Length: > 0 } addresses)
                email[field] = new JsonArray([.. addresses.Select(address => JsonValue.Create(address))]);
        }
        foreach ((string field, Option<string?> option) in _parts.Append(("sendAt", _sendAt)).Append(("priority", _priority)))
        {
            if (verb.Parse.GetValue(option) is { } value)
                email[field] = value;
        }
        JsonArray attachments = [];
        foreach (FileInfo file in verb.Parse.GetValue(_attach) ?? [])
        {
            attachments.Add(new JsonObject
            {
                ["name"] = file.Name,
                ["content"] = Convert.ToBase64String(await File.ReadAllBytesAsync(file.FullName, verb.Cancellation)),
            });
        }

        if (attachments.Count > 0)
            email["attachments"] = attachments;
        MemoryStream content = new(System.Text.Encoding.UTF8.GetBytes(email.ToJsonString()));
        return await verb.Appliance.PostAsync("emails", content, "application/json", verb.Parse.GetValue(_key), ContractJson.Contract.EmailContract, verb.Cancellation);
    }

    private static async Task ActAsync(Verb verb, string email, string action)
    {
        Answer<EmailContract> answer = await verb.Appliance.PostAsync($"{PathOf(email)}/{action}", ContractJson.Contract.EmailContract, verb.Cancellation);
        if (verb.Output.IsJson)
            verb.Output.Show(answer.Value, ContractJson.Contract.EmailContract);
        verb.Output.Say($"{email}: {(action == "ack" ? "acknowledged" : ContractJson.NameOf(answer.Value.State))}");
    }
}
