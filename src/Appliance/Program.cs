using EmailSync.Appliance;
using EmailSync.Appliance.Cli;

return await CommandTree.RunAsync(CommandTree.Build([RunCommand.Create()]), args, null, null, CancellationToken.None);
