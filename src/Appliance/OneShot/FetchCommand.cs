using System.CommandLine;
using System.Globalization;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.OneShot;

/// <summary><c>emailsync fetch</c>: retrieves a maildrop once, into a Maildir or an mbox; no appliance is needed.</summary>
internal sealed class FetchCommand
{
    private const string Help =
        """
        Fetch the mail of one maildrop into a Maildir or an mbox.

        With --state, a second run fetches only what is new, and a run that was killed at any moment neither loses nor repeats a message.
        A message is deleted on the server (--delete) only once it is safe on this disk. A Maildir keeps each message exactly as it was
        received; an mbox quotes lines that begin with From and has LF line ends.

        Examples:
          emailsync fetch pop3s://jane@pop.example.com --to maildir:Mail --state Mail.state
          emailsync fetch pop3s://jane@example.com@pop.example.com --to mbox:inbox --state inbox.state --delete --password-file ~/.pw
          emailsync fetch pop3://jane@localhost:1110 --tls none --allow-cleartext --to null: --output json
        """;

    private readonly ToolEnvironment _environment;
    private readonly ServerOptions _server = new();
    private readonly Argument<ServerUrl> _url = ServerOptions.UrlArgument(MailService.Pop3, "pop3s://USER@HOST[:PORT], or pop3:// for STLS on 110");
    private readonly Option<string> _to = new("--to") { Description = "maildir:DIR, mbox:FILE or null:", Required = true, HelpName = "DESTINATION" };
    private readonly Option<FileInfo?> _state = new("--state") { Description = "Remembers what was fetched; one file for one destination.", HelpName = "FILE" };
    private readonly Option<bool> _delete = new("--delete") { Description = "Delete on the server what is safe on this disk." };
    private readonly Option<int?> _limit = new("--limit") { Description = "Fetch at most so many messages.", HelpName = "N" };

    private FetchCommand(ToolEnvironment environment) => _environment = environment;

    /// <summary>The command.</summary>
    public static Command Create(ToolEnvironment environment)
    {
        FetchCommand fetch = new(environment);
        Command command = new("fetch", Help) { fetch._url, fetch._to, fetch._state, fetch._delete, fetch._limit };
        fetch._server.AddTo(command);
        fetch._limit.Validators.Add(result =>
        {
            // What is no number at all is told by the parser; asking for its value would throw.
            if (result.Tokens is [{ Value: var typed }] && int.TryParse(typed, CultureInfo.InvariantCulture, out int limit) && limit < 1)
                result.AddError("--limit is a number from 1 on.");
        });
        command.SetAction(fetch.RunAsync);
        return command;
    }

    private Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        ToolAnswer answer = new(parse, _server.IsJson(parse));
        return answer.RunAsync(() => FetchAsync(parse, answer, cancellationToken), cancellationToken);
    }

    private async Task<int> FetchAsync(ParseResult parse, ToolAnswer answer, CancellationToken cancellationToken)
    {
        ServerUrl url = parse.GetRequiredValue(_url);
        string user = url.User ?? throw new ToolException("A user is needed to sign in.", "Write pop3s://USER@HOST.") { IsUsage = true };
        Route route = _server.Admit(parse, _environment.Policy, url);
        // The same account by another port or TLS mode is the same account.
        string account = $"pop3://{Uri.EscapeDataString(user)}@{url.Host}";
        IDestination destination = ParseDestination(parse.GetRequiredValue(_to), account);
        Credentials credentials = _server.FindCredentials(parse, _environment.Passwords, user)!;

        using FetchState? state = OpenState(parse.GetValue(_state), destination);
        await using Maildrop maildrop = await _server.OpenerFor(parse, _environment)
            .OpenMaildropAsync(route, credentials, ServerOptions.Patience, steps: null, cancellationToken);
        // Some servers offer UIDL or PIPELINING only after sign-in.
        await maildrop.CapabilitiesAsync(cancellationToken);
        try
        {
            OnDisk(() => destination.Open(state));
            return await FetchProgress.ShowAsync(_environment.Terminal, watcher =>
            {
                FetchRun run = new(maildrop, account, destination, state)
                {
                    Limit = parse.GetValue(_limit) ?? int.MaxValue,
                    Delete = parse.GetValue(_delete),
                    Watcher = watcher,
                    Clock = _environment.Clock,
                };
                return RunAsync(run, answer, cancellationToken);
            });
        }
        finally
        {
            OnDisk(destination.Dispose); // before the state, which it leaves in good order
        }
    }

    private static async Task<int> RunAsync(FetchRun run, ToolAnswer answer, CancellationToken cancellationToken)
    {
        int exitCode = ToolAnswer.Done;
        try
        {
            await run.RunAsync(cancellationToken);
            if (run.Report.Refused > 0)
                exitCode = ToolAnswer.Failed;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            run.Report.Error = ToolError.Of(exception);
            answer.Explain(run.Report.Error);
            exitCode = ToolAnswer.ExitCodeOf(exception);
        }

        FetchReport report = run.Report;
        answer.Say(string.Create(CultureInfo.InvariantCulture,
            $"{report.Stored} of {report.Listed} messages fetched ({report.Octets} octets), {report.AlreadyThere} were there already, "
            + $"{report.Left} left for later, {report.Refused} refused by the server, {report.Deleted} deleted on the server"));
        answer.Report(report, ToolJson.Default.FetchReport);
        return exitCode;
    }

    private static FetchState? OpenState(FileInfo? file, IDestination destination)
    {
        FetchState? state = null;
        OnDisk(() => state = file is null ? null : FetchState.Open(file.FullName, destination.Name));
        return state;
    }

    private static void OnDisk(Action act)
    {
        try
        {
            act();
        }
        catch (Exception exception) when (Disk.IsFailure(exception))
        {
            throw Disk.Failure(exception);
        }
    }

    private IDestination ParseDestination(string text, string account)
    {
        try
        {
            return Destinations.Parse(text, account, _environment.Clock);
        }
        catch (FormatException exception)
        {
            throw new ToolException(exception.Message, "See emailsync fetch --help.") { IsUsage = true };
        }
    }
}
