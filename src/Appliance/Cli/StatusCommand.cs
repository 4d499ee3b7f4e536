using System.CommandLine;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary><c>emailsync status</c>.</summary>
internal static class StatusCommand
{
    /// <summary>The verb.</summary>
    public static Command Create(VerbRunner runner) => runner.Create("status", "Shows how the appliance stands.", async verb =>
    {
        Answer<StatusContract> answer = await verb.Appliance.GetAsync("status", ContractJson.Contract.StatusContract, verb.Cancellation);
        verb.Output.Show(answer.Value, ContractJson.Contract.StatusContract);
    });
}
