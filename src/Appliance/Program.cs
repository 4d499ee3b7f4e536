using System.CommandLine;
using EmailSync.Appliance.Cli;
using EmailSync.Appliance.Demo;
using EmailSync.Appliance.OneShot;
using EmailSync.Appliance.Upkeep;
using Microsoft.Extensions.Configuration;

namespace EmailSync.Appliance;

/// <summary>The program <c>emailsync</c>.</summary>
internal static class Program
{
    /// <summary>All its verbs.</summary>
    public static RootCommand BuildCommands(ApplianceOptions options) => CommandTree.Build([
        RunCommand.Create(),
        DemoCommand.Create(),
        LabCommand.Create(),
        .. ControlCommands.Commands(ControlEnvironment.OfProcess(options.ControlSocketPath)),
        .. UpkeepCommands.Commands(UpkeepEnvironment.OfProcess(options)),
        .. Tools.Commands(ToolEnvironment.OfProcess(options.ChoosePolicyForTools())),
    ]);

    private static async Task<int> Main(string[] args)
    {
        // The tools look at the same configuration as the appliance, so that Gov mode binds them too.
        ApplianceOptions options;
        try
        {
            options = ApplianceOptions.Read(new ConfigurationBuilder()
                .AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true)
                .AddEnvironmentVariables()
                .Build());
        }
        catch (Exception wrong) when (ApplianceOptions.WhatIsWrong(wrong) is not null)
        {
            await Console.Error.WriteLineAsync(ApplianceOptions.WhatIsWrong(wrong));
            return 2;
        }

        return await CommandTree.RunAsync(BuildCommands(options), args, output: null, error: null, CancellationToken.None);
    }
}
