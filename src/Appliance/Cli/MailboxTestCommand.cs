using System.CommandLine;
using System.Globalization;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Cli;

/// <summary><c>emailsync mailbox test</c>: Test &amp; Enable, watched step by step.</summary>
internal static class MailboxTestCommand
{
    /// <summary>The verb.</summary>
    public static Command Create(VerbRunner runner, string name, string description)
    {
        Argument<string[]> mailboxes = new("MAILBOX") { Description = "Mailboxes' ids or addresses.", Arity = ArgumentArity.OneOrMore };
        Option<bool> noWait = new("--no-wait") { Description = "Ask for the test and leave." };
        return runner.Create(
            name, description, verb => RunAsync(verb, verb.Parse.GetRequiredValue(mailboxes), verb.Parse.GetValue(noWait)), mailboxes, noWait);
    }

    private static async Task<int> RunAsync(Verb verb, string[] mailboxes, bool noWait)
    {
        List<string> asked = [];
        int exitCode = await verb.ForEachAsync(mailboxes, async mailbox =>
        {
            await verb.Appliance.PostAsync($"{MailboxCommands.PathOf(mailbox)}/test", ContractJson.Contract.TestContract, verb.Cancellation);
            asked.Add(mailbox);
        });
        if (noWait)
            return exitCode;

        foreach (string mailbox in asked)
        {
            if (mailboxes.Length > 1)
                verb.Output.Say($"{mailbox}:");
            TestContract test = await WatchAsync(verb, mailbox);
            if (verb.Output.IsJson)
                verb.Output.Show(test, ContractJson.Contract.TestContract);
            verb.Output.Say($"incoming: {Output.NameOf(test.Incoming)}, outgoing: {Output.NameOf(test.Outgoing)}");
            if (test.Incoming == EmailStatus.Failure || test.Outgoing == EmailStatus.Failure || test.Steps.Any(step => step.Outcome == StepOutcome.Failed))
                exitCode = VerbRunner.Failed;
        }
        return exitCode;
    }

    private static async Task<TestContract> WatchAsync(Verb verb, string mailbox)
    {
        int shown = 0;
        while (true)
        {
            Answer<TestContract> answer = await verb.Appliance.GetAsync(
                string.Create(CultureInfo.InvariantCulture, $"{MailboxCommands.PathOf(mailbox)}/test?steps={shown}"),
                ContractJson.Contract.TestContract, verb.Cancellation);
            foreach (StepContract step in answer.Value.Steps.Skip(shown))
                Tell(verb, step);
            shown = answer.Value.Steps.Count;
            if (answer.Value.IsComplete)
                return answer.Value;
        }
    }

    private static void Tell(Verb verb, StepContract step)
    {
        string outcome = step.Outcome switch { StepOutcome.Passed => "ok", StepOutcome.Failed => "FAILED", _ => "-" };
        string direction = step.Service switch { MailService.Pop3 => "incoming", MailService.Submission => "outgoing", _ => "" };
        verb.Output.Say(string.Create(CultureInfo.InvariantCulture, $"{outcome,-6} {direction,-8} {step.Name,-14} {step.Milliseconds,8:0.0} ms  {step.Detail}"));
        if (step.Advice is not null)
            verb.Output.Say($"       to do: {step.Advice}");
    }
}
