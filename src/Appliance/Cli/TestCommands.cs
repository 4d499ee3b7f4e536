using System.CommandLine;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary><c>emailsync test</c>: runs of Test &amp; Enable that are under way or ended.</summary>
internal static class TestCommands
{
    private const string Help =
        """
        Runs of Test & Enable: they go on whether or not anybody watches.

        Examples:
          emailsync profile test example --no-wait
          emailsync test list
          emailsync test watch tst_1
          emailsync test cancel tst_1
        """;

    /// <summary>The verbs.</summary>
    public static Command Create(VerbRunner runner)
    {
        Argument<string> test = new("TEST") { Description = "A run's id." };
        return new Command("test", Help)
        {
            runner.Create("list", "Lists the runs since the appliance started.", async verb =>
            {
                Answer<Page<TestJobContract>> answer = await verb.Appliance.GetAsync("tests", ContractJson.Contract.PageTestJobContract, verb.Cancellation);
                verb.Output.List(
                    answer.Value, ContractJson.Contract.PageTestJobContract,
                    ("ID", job => job.Id),
                    ("STATE", job => ContractJson.NameOf(job.State)),
                    ("TOTAL", job => job.Total),
                    ("SUCCEEDED", job => job.Succeeded),
                    ("FAILED", job => job.Failed),
                    ("STARTED", job => job.StartedAt),
                    ("ENDED", job => job.EndedAt),
                    ("BY", job => job.RequestedBy));
            }),
            runner.Create("watch", "Watches a run until it ends, from its beginning.", async verb =>
            {
                Answer<TestJobContract> answer = await verb.Appliance.GetAsync(PathOf(verb, test), ContractJson.Contract.TestJobContract, verb.Cancellation);
                return await new TestWatch(verb, runner.Environment.Terminal).RunAsync(answer.Value);
            }, test),
            runner.Create("cancel", "Calls a run off; what was tested stays written down.", async verb =>
            {
                Answer<TestJobContract> answer = await verb.Appliance.PostAsync($"{PathOf(verb, test)}/cancel", ContractJson.Contract.TestJobContract, verb.Cancellation);
                verb.Output.Show(answer.Value, ContractJson.Contract.TestJobContract);
            }, test),
        };
    }

    private static string PathOf(Verb verb, Argument<string> test) => $"tests/{Uri.EscapeDataString(verb.Parse.GetRequiredValue(test))}";
}
