using System.CommandLine;
using System.Net;
using EmailSync.Appliance.Api;
using EmailSync.Appliance.Cli;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace EmailSync.Appliance;

/// <summary><c>emailsync run</c>: the appliance itself, until it is told to stop.</summary>
internal static class RunCommand
{
    private const string Help =
        """
        Run the appliance until it is told to stop.

        Configuration comes from appsettings.json, the environment and the command line, in that order, under EmailSync.

        Examples:
          emailsync run
          emailsync run --EmailSync:DataFolder=/var/lib/emailsync --EmailSync:GovMode=true
          EmailSync__HttpPort=8080 emailsync run

        SIGTERM and Ctrl+C let its sessions come to an end, for StopTimeoutSeconds at most; a second one ends it at once. Nothing is lost either way.
        """;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        SelfStoppingCommand command = new("run", Help) { TreatUnmatchedTokensAsErrors = false };
        command.SetAction((parse, cancellationToken) => RunAsync([.. parse.UnmatchedTokens], parse.InvocationConfiguration.Error, cancellationToken));
        return command;
    }

    /// <summary>The first word that is no setting with its section, such as <c>--EmailSync:HttpPort=8080</c>; null where all are.</summary>
    private static string? WhatIsNoSetting(string[] args)
    {
        for (int index = 0; index < args.Length; index++)
        {
            string name = args[index].Split('=')[0];
            if (!name.TrimStart('-').Contains(':', StringComparison.Ordinal))
                return args[index];
            // "--Section:Name value": the value is the next word.
            if (name.Length == args[index].Length)
                index++;
        }

        return null;
    }

    private static async Task<int> RunAsync(string[] args, TextWriter error, CancellationToken cancellationToken)
    {
        if (WhatIsNoSetting(args) is { } unknown)
        {
            await error.WriteLineAsync($"'{unknown}' is no setting. Settings are given with their section, such as --EmailSync:HttpPort=8080. See emailsync run --help.");
            return 2;
        }

        WebApplicationBuilder builder;
        ApplianceOptions options;
        try
        {
            builder = Configure(args);
            options = ApplianceOptions.Read(builder.Configuration);
            options.RequireUsableSocket();
        }
        catch (Exception wrong) when (ApplianceOptions.WhatIsWrong(wrong) is not null)
        {
            await error.WriteLineAsync(ApplianceOptions.WhatIsWrong(wrong));
            return 2;
        }

        Malloc.MapLargeBlocks();
        try
        {
            await RunAsync(builder, options, cancellationToken);
            return 0;
        }
        catch (IOException taken) when (taken.InnerException is AddressInUseException)
        {
            await error.WriteLineAsync($"The appliance cannot run: {taken.Message.TrimEnd('.')}. Give another port with EmailSync:HttpPort, or stop what listens there.");
            return 1;
        }
        catch (Exception cannotStart) when (cannotStart is InvalidOperationException or IOException)
        {
            await error.WriteLineAsync($"The appliance cannot run: {cannotStart.Message}");
            return 1;
        }
    }

    private static WebApplicationBuilder Configure(string[] args)
    {
        // Settings are read once, at the start. A watched appsettings.json would have the system report every write into the working folder, which
        // is often the data folder.
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false", .. args]);
        // The lowest of all sources, so that any other can say otherwise: a line for each request would bury what matters.
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = [new("Logging:LogLevel:Default", "Information"), new("Logging:LogLevel:Microsoft.AspNetCore", "Warning")],
        });
        builder.Services.AddSystemd().AddWindowsService();
        if (SystemdWatchdog.PatienceOf(Environment.GetEnvironmentVariable) is { } patience && builder.Services.Any(service => service.ServiceType == typeof(ISystemdNotifier)))
            builder.Services.AddHostedService(provider => ActivatorUtilities.CreateInstance<SystemdWatchdog>(provider, patience));
        return builder;
    }

    private static async Task RunAsync(WebApplicationBuilder builder, ApplianceOptions options, CancellationToken cancellationToken)
    {
        using StopSignals stop = new(TimeSpan.FromSeconds(options.StopTimeoutSeconds), cancellationToken);
        using ILoggerFactory startup = LoggerFactory.Create(logging => logging.AddConfiguration(builder.Configuration.GetSection("Logging")).AddSimpleConsole());
        await using IStore store = await SqliteStore.OpenAsync(
            new() { DataFolder = options.DataFolder, KeyProtection = options.KeyProtection }, TimeProvider.System, startup.CreateLogger<SqliteStore>(), stop.Token);
        await using WebApplication application = Build(builder, options, store);
        await ApplianceHost.RecoverAsync(application.Services, stop.Token);
        await application.RunAsync(stop.Token);
    }

    /// <summary>The appliance on a store that is open, listening on its control socket and, where asked for, on loopback.</summary>
    public static WebApplication Build(WebApplicationBuilder builder, ApplianceOptions options, IStore store)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // A configuration is small; the endpoints that take messages say so themselves.
            kestrel.Limits.MaxRequestBodySize = 1024 * 1024;
            // A socket file that a killed process left behind is nobody's: the store's lock says that we are the only one here.
            File.Delete(options.ControlSocketPath);
            Caller.ListenOnControlSocket(kestrel, options.ControlSocketPath);
            if (options.HttpPort is { } port)
                kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = TimeSpan.FromSeconds(options.StopTimeoutSeconds);
            // A request that takes its time leaves the sessions no less of theirs.
            host.ServicesStopConcurrently = true;
        });
        builder.Services.AddAppliance(options, store);
        builder.Services.AddApi(new(options.AllowCredentialsEntryViaNonSecureChannels, options.AllowAnonymousSmtp, options.AllowBasicAuthenticationOnNonSecureChannel));
        WebApplication application = builder.Build();
        application.MapApi();
        return application;
    }
}
