using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Scheduling;

/// <summary>Looks into the drop folder once a second.</summary>
public sealed class DropFolderWatch(DropFolder folder, TimeProvider clock) : Watch(Interval, clock)
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <inheritdoc />
    public override async Task LookAsync(CancellationToken cancellationToken)
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

    /// <inheritdoc />
    protected override Task BeginAsync(CancellationToken cancellationToken) => LookAsync(cancellationToken);
}
