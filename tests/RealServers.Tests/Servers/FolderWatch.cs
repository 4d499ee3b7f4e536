using System.Threading.Channels;

namespace EmailSync.RealServers.Tests.Servers;

/// <summary>Waits for what another process does to files.</summary>
internal static class FolderWatch
{
    /// <summary>Waits until a condition on a folder's files holds; it is tried after each change of the folder.</summary>
    /// <exception cref="OperationCanceledException">It does not within a minute, or the test run ends.</exception>
    public static async Task WhenAsync(string folder, Func<bool> condition)
    {
        using CancellationTokenSource patience = Patience.Begin();
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

    /// <summary>Waits until a file was written to so many times, or about as many: writes that follow at once may count as one.</summary>
    public static async Task WhenWrittenAsync(string folder, string file, int times, CancellationToken cancellationToken)
    {
        TaskCompletionSource enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using FileSystemWatcher watcher = new(folder, file) { NotifyFilter = NotifyFilters.LastWrite };
        watcher.Changed += (_, _) =>
        {
            if (Interlocked.Decrement(ref times) == 0)
                enough.TrySetResult();
        };
        watcher.EnableRaisingEvents = true;
        await enough.Task.WaitAsync(cancellationToken);
    }
}
