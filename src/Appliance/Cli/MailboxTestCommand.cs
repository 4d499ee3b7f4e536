using System.CommandLine;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary><c>emailsync mailbox test</c> and <c>profile test</c>: Test &amp; Enable, watched.</summary>
internal static class MailboxTestCommand
{
    /// <summary>The verb for mailboxes.</summary>
    public static Command Create(VerbRunner runner, string name, string description)
    {
        Argument<string[]> mailboxes = new("MAILBOX") { Description = "Mailboxes' ids or addresses.", Arity = ArgumentArity.OneOrMore };
        return Create(runner, name, description, mailboxes, verb => new() { Mailboxes = verb.Parse.GetRequiredValue(mailboxes) });
    }

    /// <summary>The verb for profiles.</summary>
    public static Command CreateForProfile(VerbRunner runner)
    {
        Argument<string> profile = new("PROFILE") { Description = "A profile's id or name." };
        return Create(
            runner, "test", "Tests all mailboxes of a profile, and enables the directions that work.", profile,
            verb => new() { Profile = verb.Parse.GetRequiredValue(profile) });
    }

    private static Command Create(VerbRunner runner, string name, string description, Argument subject, Func<Verb, TestJobInput> read)
    {
        Option<bool> noWait = new("--no-wait") { Description = "Ask for the test and leave; 'emailsync test watch' comes back to it." };
        return runner.Create(name, description, async verb =>
        {
            Answer<TestJobContract> answer = await verb.Appliance.PostAsync(
                "tests", read(verb), ContractJson.Contract.TestJobInput, ContractJson.Contract.TestJobContract, verb.Cancellation);
            if (!verb.Parse.GetValue(noWait))
                return await new TestWatch(verb, runner.Environment.Terminal).RunAsync(answer.Value);
            if (verb.Output.IsJson)
                verb.Output.Show(answer.Value, ContractJson.Contract.TestJobContract);
            verb.Output.Say($"{answer.Value.Id}: {answer.Value.Total} mailboxes will be tested");
            return VerbRunner.Done;
        }, subject, noWait);
    }
}
