using System.CommandLine;
using EmailSync.Appliance.Cli.Import;

namespace EmailSync.Appliance.Cli;

/// <summary>The verbs that speak to a running appliance.</summary>
public static class ControlCommands
{
    /// <summary><c>profile</c>, <c>mailbox</c>, <c>email</c>, <c>alert</c>, <c>settings</c>, <c>status</c>, <c>token</c> and <c>audit</c>.</summary>
    public static IEnumerable<Command> Commands(ControlEnvironment environment)
    {
        VerbRunner runner = new(environment);
        Command[] resources =
        [
            ProfileCommands.Create(runner), MailboxCommands.Create(runner), EmailCommands.Create(runner), AlertCommands.Create(runner),
            SettingsCommands.Create(runner), TestCommands.Create(runner), StatusCommand.Create(runner), TokenCommands.Create(runner), AuditCommand.Create(runner),
            .. ConfigurationVerbs.Create(runner), .. UpkeepVerbs.Create(runner), ImportCommand.Create(runner),
        ];
        foreach (Command resource in resources)
            runner.AddOptionsTo(resource);
        return resources;
    }
}
