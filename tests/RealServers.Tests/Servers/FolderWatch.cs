using System.Threading.Channels;

namespace EmailSync.RealServers.Tests.Servers;

/// <summary>Waits for what another process does to files.</summary>
internal static class FolderWatch
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Waits until a condition on a folder's files holds; it is tried after each change of the folder.</summary>
    /// <exception cref="OperationCanceledException">It does not within a minute, or the test run ends.</exception>
    public static async Task WhenAsync(string folder, Func<bool> condition)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        Channel<bool> changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using FileSystemWatcher watcher = new(folder);
        watcher.Created += (_, _) => changes.Writer.TryWrite(true);
        watcher.Changed += (_, _) => changes.Writer.TryWrite(true);
        watcher.Deleted += (_, _) => changes.Writer.TryWrite(true);
        watcher.Renamed += (_, _) => changes.Writer.TryWrite(true);
        watcher.EnableRaisingEvents = true;
        while (!condition())
            await changes.Reader.ReadAsync(patience.Token);
    }
}
