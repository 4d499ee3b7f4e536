using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using EmailSync.Lab;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmailSync.Appliance.Demo;

/// <summary>An appliance in this process that may speak to a lab, and to nothing else.</summary>
internal sealed class RunningAppliance : IAsyncDisposable
{
    private readonly IStore _store;
    private readonly WebApplication _application;

    private RunningAppliance(ApplianceOptions options, IStore store, WebApplication application) =>
        (Options, _store, _application) = (options, store, application);

    /// <summary>What it was started with.</summary>
    public ApplianceOptions Options { get; }

    /// <summary>Where it listens on loopback.</summary>
    public string HttpAddress => _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
        .First(address => address.StartsWith("http://127.0.0.1", StringComparison.Ordinal));

    /// <summary>Starts one, with its store in a folder.</summary>
    public static async Task<RunningAppliance> StartAsync(string folder, LabServer lab, CancellationToken cancellationToken)
    {
        ApplianceOptions options = new()
        {
            DataFolder = folder,
            HttpPort = 0,
            AdditionalPorts = [lab.PortOf(LabService.Pop3s), lab.PortOf(LabService.Smtps)],
            AllowLoopbackAndPrivateServers = true,
        };
        SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = folder }, TimeProvider.System, cancellationToken: cancellationToken);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        WebApplication application = RunCommand.Build(builder, options, store);
        await ApplianceHost.RecoverAsync(application.Services, cancellationToken);
        await application.StartAsync(cancellationToken);
        return new(options, store, application);
    }

    /// <summary>Stops it, with its sessions and its store in good order.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync(CancellationToken.None);
        await _application.DisposeAsync();
        await _store.DisposeAsync();
    }
}
