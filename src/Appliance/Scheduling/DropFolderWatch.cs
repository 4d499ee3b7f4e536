using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using Microsoft.Extensions.Hosting;

namespace EmailSync.Appliance.Scheduling;

/// <summary>Looks into the drop folder once a second.</summary>
public sealed class DropFolderWatch(DropFolder folder, TimeProvider clock) : BackgroundService
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, clock);
        try
        {
            do
                await LookAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The appliance stops; what was not taken is there at the next start.
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await folder.LookAsync(cancellationToken);
        }
        catch (StorageException)
        {
            // StorageWatch tells of it, and the files wait.
        }
    }
}
