using System.CommandLine;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary><c>emailsync settings</c>.</summary>
internal static class SettingsCommands
{
    private const string Help =
        """
        What is set once for the whole appliance.

        Examples:
          emailsync settings show
          emailsync settings update --approval-required-for-users false --default-profile example
        """;

    /// <summary>The verbs.</summary>
    public static Command Create(VerbRunner runner)
    {
        FieldOptions fields = new(runner.Environment, ContractJson.Contract.SettingsContract);
        Command update = fields.RequireOn(runner.Create("update", "Changes the fields that are given; an empty value puts one back to its default.", async verb =>
            verb.Output.Show(
                await verb.UpdateAsync("settings", fields.Read(verb.Parse), ContractJson.Contract.SettingsContract), ContractJson.Contract.SettingsContract),
            fields.All));
        update.Aliases.Add("set");
        return new Command("settings", Help)
        {
            runner.Create("show", "Shows the settings.", async verb =>
            {
                Answer<SettingsContract> answer = await verb.Appliance.GetAsync("settings", ContractJson.Contract.SettingsContract, verb.Cancellation);
                verb.Output.Show(answer.Value, ContractJson.Contract.SettingsContract);
            }),
            update,
            runner.Create("deployment", "Shows what the deployment set; it is changed where the appliance is started.", async verb =>
            {
                Answer<DeploymentContract> answer = await verb.Appliance.GetAsync("settings/deployment", ContractJson.Contract.DeploymentContract, verb.Cancellation);
                verb.Output.Show(answer.Value, ContractJson.Contract.DeploymentContract);
            }),
        };
    }
}
