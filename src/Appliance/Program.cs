using EmailSync.Appliance;

return await RunCommand.RunAsync(args, CancellationToken.None);
