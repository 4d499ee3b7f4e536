using System.CommandLine;
using EmailSync.Appliance.Cli;
using EmailSync.Appliance.Egress;

namespace EmailSync.Appliance.Upkeep;

/// <summary>What these verbs take from the process that they run in.</summary>
/// <param name="DataFolder">The appliance's, where <c>--data-folder</c> names no other.</param>
/// <param name="MaxConnections">Mail sessions that the appliance may have open.</param>
/// <param name="Policy">Which connections may leave.</param>
/// <param name="Control">What the verbs that speak to an appliance take.</param>
internal sealed record UpkeepEnvironment(string DataFolder, int MaxConnections, EgressPolicy Policy, ControlEnvironment Control)
{
    /// <summary>The environment of this process.</summary>
    public static UpkeepEnvironment OfProcess(ApplianceOptions options) =>
        new(options.DataFolder, options.MaxConnections, options.ChoosePolicy(), ControlEnvironment.OfProcess(options.ControlSocketPath));
}

/// <summary>The verbs that look after an appliance's machine and folder, whether it runs or not.</summary>
internal static class UpkeepCommands
{
    /// <summary><c>doctor</c> and <c>restore</c>.</summary>
    public static IEnumerable<Command> Commands(UpkeepEnvironment environment)
    {
        VerbRunner runner = new(environment.Control);
        Command[] commands = [DoctorCommand.Create(runner, environment), RestoreCommand.Create(runner, environment)];
        foreach (Command command in commands)
            runner.AddOptionsTo(command);
        return commands;
    }
}
