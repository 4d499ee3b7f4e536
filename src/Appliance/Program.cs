using EmailSync.Appliance;
using EmailSync.Appliance.Cli;
using EmailSync.Appliance.Demo;
using EmailSync.Appliance.OneShot;
using Microsoft.Extensions.Configuration;

// The tools look at the same configuration as the appliance, so that Gov mode binds them too.
IConfiguration configuration = new ConfigurationBuilder()
    .AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true)
    .AddEnvironmentVariables()
    .Build();
ApplianceOptions options;
try
{
    options = ApplianceOptions.Read(configuration);
}
catch (InvalidOperationException wrong)
{
    await Console.Error.WriteLineAsync($"The configuration is wrong: {wrong.Message}");
    return 2;
}

return await CommandTree.RunAsync(
    CommandTree.Build([
        RunCommand.Create(),
        DemoCommand.Create(),
        LabCommand.Create(),
        .. ControlCommands.Commands(ControlEnvironment.OfProcess(options.ControlSocketPath)),
        .. Tools.Commands(ToolEnvironment.OfProcess(options.GovMode)),
    ]),
    args,
    output: null,
    error: null,
    CancellationToken.None);
