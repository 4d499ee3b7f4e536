using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;

namespace EmailSync.Appliance.OneShot;

/// <summary><c>emailsync probe</c>: how far one comes with a server, step by step; no appliance is needed.</summary>
internal sealed class ProbeCommand
{
    private const string Help =
        """
        Connect to a mail server step by step, and say what each step found: egress policy, DNS, TCP, TLS with the certificate, greeting,
        capabilities, and with a user sign-in. Nothing is fetched or sent. The exit code is 1 when a step fails.

        Examples:
          emailsync probe pop3 pop.example.com
          emailsync probe smtp smtp.example.com:587 --output json
          emailsync probe pop3 jane@example.com@pop.example.com --password-file ~/.pw
        """;

    private readonly ToolEnvironment _environment;
    private readonly ServerOptions _server = new();
    private readonly Argument<string> _service = new("SERVICE") { Description = "pop3 or smtp" };
    private readonly Argument<string> _host = new("HOST") { Description = "[USER@]HOST[:PORT]; 995 and 465 by implicit TLS, 110, 587 and 25 by STLS and STARTTLS" };

    private ProbeCommand(ToolEnvironment environment)
    {
        _environment = environment;
        _service.AcceptOnlyFromAmong("pop3", "smtp");
    }

    /// <summary>The command.</summary>
    public static Command Create(ToolEnvironment environment)
    {
        ProbeCommand probe = new(environment);
        Command command = new("probe", Help) { probe._service, probe._host };
        probe._server.AddTo(command);
        command.SetAction(probe.RunAsync);
        return command;
    }

    private Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        ToolAnswer answer = new(parse, _server.IsJson(parse));
        return answer.RunAsync(() => ProbeAsync(parse, answer, cancellationToken), cancellationToken);
    }

    private async Task<int> ProbeAsync(ParseResult parse, ToolAnswer answer, CancellationToken cancellationToken)
    {
        ServerUrl url = ReadUrl(parse);
        Credentials? credentials = _server.FindCredentials(parse, _environment.Passwords, url.User);
        List<ProbeStep> steps = [];
        ToolError? error = null;
        StepRecorder recorder = new(url.Service, _environment.Clock, step =>
        {
            steps.Add(new()
            {
                Name = step.Name,
                Outcome = JsonNamingPolicy.KebabCaseLower.ConvertName(step.Outcome.ToString()),
                Milliseconds = Math.Round(step.Elapsed.TotalMilliseconds, 1),
                Detail = step.Detail,
                Error = error,
            });
            answer.Say(string.Create(CultureInfo.InvariantCulture,
                $"{(step.Outcome == StepOutcome.Passed ? "ok" : "FAILED"),-6} {step.Name,-14} {step.Elapsed.TotalMilliseconds,8:0.0} ms  {step.Detail}"));
        });
        try
        {
            recorder.Begin(StepNames.Policy);
            Route route = _server.Admit(parse, _environment.Policy, url);
            recorder.Pass($"{route.Location} is admitted by the {_environment.Policy.Name} egress policy");
            SessionOpener opener = _server.OpenerFor(parse, _environment);
            await (url.Service == MailService.Pop3
                ? ProbePop3Async(opener, route, credentials, recorder, cancellationToken)
                : ProbeSmtpAsync(opener, route, credentials, recorder, cancellationToken));
        }
        catch (Exception exception) when (exception is not ToolException && !cancellationToken.IsCancellationRequested)
        {
            error = ToolError.Of(exception);
            recorder.Fail(FailureClassifier.Classify(exception));
            answer.Explain(error);
        }

        answer.Report(new(_server.Locate(parse, url).ToString(), error is null, steps), ToolJson.Default.ProbeReport);
        return error is null ? ToolAnswer.Done : ToolAnswer.Failed;
    }

    private static async Task ProbePop3Async(
        SessionOpener opener, Route route, Credentials? credentials, StepRecorder recorder, CancellationToken cancellationToken)
    {
        if (credentials is null)
        {
            await using Pop3Session session = await opener.GreetPop3Async(route, ServerOptions.Patience, recorder, cancellationToken);
            await session.QuitAsync(cancellationToken);
            return;
        }

        await using Maildrop maildrop = await opener.OpenMaildropAsync(route, credentials, ServerOptions.Patience, recorder, cancellationToken);
        recorder.Begin(StepNames.Maildrop);
        DropListing drop = await maildrop.StatAsync(cancellationToken);
        await maildrop.QuitAsync(cancellationToken);
        recorder.Pass($"{drop.Messages} messages, {drop.Octets} octets");
    }

    private static async Task ProbeSmtpAsync(
        SessionOpener opener, Route route, Credentials? credentials, StepRecorder recorder, CancellationToken cancellationToken)
    {
        await using SmtpSession session = await opener.OpenSubmissionAsync(route, credentials, recorder, cancellationToken);
        await session.QuitAsync(cancellationToken);
    }

    private ServerUrl ReadUrl(ParseResult parse)
    {
        try
        {
            return ServerUrl.ParseHost(parse.GetRequiredValue(_service) == "pop3" ? MailService.Pop3 : MailService.Submission, parse.GetRequiredValue(_host));
        }
        catch (FormatException exception)
        {
            throw new ToolException(exception.Message, "See emailsync probe --help.") { IsUsage = true };
        }
    }
}
