using System.CommandLine;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Protocols.Smtp;

namespace EmailSync.Appliance.OneShot;

/// <summary><c>emailsync send</c>: submits one message as it is; no appliance is needed.</summary>
internal sealed class SendCommand
{
    private const string StandardInput = "-";

    private const string Help =
        """
        Submit one message, exactly as it stands in a file.

        Sender and recipients are those of --from and --to; the header is not read and not changed, so a Bcc field in it would be seen by
        every recipient: take it out first.

        Examples:
          emailsync send smtps://jane@smtp.example.com --from jane@example.com --to joe@example.org letter.eml
          emailsync send smtp://jane@smtp.example.com --from jane@example.com --to joe@example.org --to ann@example.net - < letter.eml
        """;

    private readonly ToolEnvironment _environment;
    private readonly ServerOptions _server = new();
    private readonly Argument<ServerUrl> _url = ServerOptions.UrlArgument(
        MailService.Submission, "smtps://USER@HOST[:PORT], or smtp:// for STARTTLS on 587; without USER there is no sign-in");
    private readonly Argument<string> _file = new("FILE") { Description = "The message (.eml), or - for standard input" };
    private readonly Option<Sendable> _from = new("--from")
    {
        Description = "The reverse-path, where failures are reported; <> for none.",
        Required = true,
        HelpName = "ADDRESS",
        CustomParser = result => ServerOptions.Read(result, text => new Sendable(text == "<>" ? MailPath.Null : MailPath.Parse(text))),
    };
    private readonly Option<string[]> _to = new("--to") { Description = "A recipient; repeat it for more.", Required = true, HelpName = "ADDRESS" };

    private SendCommand(ToolEnvironment environment) => _environment = environment;

    /// <summary>The command.</summary>
    public static Command Create(ToolEnvironment environment)
    {
        SendCommand send = new(environment);
        Command command = new("send", Help) { send._url, send._file, send._from, send._to };
        send._server.AddTo(command);
        send._to.Validators.Add(result =>
        {
            foreach (string address in result.Tokens.Select(token => token.Value).Where(address => !MailPath.TryParse(address, out _)))
                result.AddError($"'{address}' is not an address.");
        });
        command.SetAction(send.RunAsync);
        return command;
    }

    private Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        ToolAnswer answer = new(parse, _server.IsJson(parse));
        return answer.RunAsync(() => SendAsync(parse, answer, cancellationToken), cancellationToken);
    }

    private async Task<int> SendAsync(ParseResult parse, ToolAnswer answer, CancellationToken cancellationToken)
    {
        ServerUrl url = parse.GetRequiredValue(_url);
        Route route = _server.Admit(parse, _environment.Policy, url);
        string file = parse.GetRequiredValue(_file);
        await using Stream content = OpenMessage(file);
        Credentials? credentials = _server.FindCredentials(parse, _environment.Passwords, url.User);
        Envelope envelope = new(parse.GetRequiredValue(_from).Path, [.. parse.GetRequiredValue(_to).Select(MailPath.Parse)]);

        await using SmtpSession session = await _server.OpenerFor(parse, _environment)
            .OpenSubmissionAsync(route, credentials, steps: null, cancellationToken);
        TransactionResult result = await session.SendAsync(envelope, content, cancellationToken);
        if (!session.IsBroken)
            await session.QuitAsync(cancellationToken);

        SendReport report = SendReport.Of(result);
        answer.Say(report.IsAccepted ? $"accepted: {result.Content}" : $"not accepted: {result.Refusal}");
        foreach (SentRecipient recipient in report.Recipients)
            answer.Say($"  {recipient.Address}: {recipient.Reply.Code} {recipient.Reply.Text}");
        if (result.Refusal is { } refusal)
        {
            Phase phase = !result.Sender.IsPositive ? Phase.Mail : result.Content is null ? Phase.Rcpt : Phase.FinalDot;
            report.Error = ToolError.Of(new DeliveryRefusedException(FailureClassifier.OfReply(phase, refusal)));
            answer.Explain(report.Error);
        }
        answer.Report(report, ToolJson.Default.SendReport);
        return report.IsAccepted && report.Recipients.All(recipient => recipient.IsAccepted) ? ToolAnswer.Done : ToolAnswer.Failed;
    }

    private Stream OpenMessage(string file)
    {
        if (file == StandardInput)
            return _environment.Input();
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 64 * 1024, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"The message cannot be read: {exception.Message}", "Give a readable file, or - for standard input.") { IsUsage = true };
        }
    }

    /// <summary>A path as an option's value, which must be a reference.</summary>
    private sealed record Sendable(MailPath Path);
}
