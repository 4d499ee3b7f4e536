using System.Net;
using System.Net.Sockets;

namespace EmailSync.RealServers.Tests.Servers;

/// <summary>
/// A relay to a port of loopback. The first connection gets so many octets from the server and then no more, though it stays open; all
/// others get everything.
/// </summary>
internal sealed class Bottleneck : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _full = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _accepting;

    public Bottleneck(int port, long octetsOfFirst)
    {
        _listener.Start();
        _accepting = AcceptAsync(port, octetsOfFirst);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Done when nothing more gets through on the first connection.</summary>
    public Task Full => _full.Task;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync(int port, long limit)
    {
        List<Task> relays = [];
        try
        {
            for (; ; limit = long.MaxValue)
                relays.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_stopping.Token), port, limit));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(relays);
        }
    }

    /// <summary>Ends when either side does, and then so does the other.</summary>
    private async Task RelayAsync(TcpClient client, int port, long limit)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        using TcpClient server = new();
        using (client)
        {
            await server.ConnectAsync(IPAddress.Loopback, port, CancellationToken.None);
            Task up = CopyAsync(client.GetStream(), server.GetStream(), long.MaxValue, over.Token);
            Task down = CopyAsync(server.GetStream(), client.GetStream(), limit, over.Token);
            await Task.WhenAny(up, down);
            await over.CancelAsync();
            await Task.WhenAll(up, down);
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, long limit, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            int count;
            while ((count = await from.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await to.WriteAsync(buffer.AsMemory(0, (int)Math.Min(count, limit)), cancellationToken);
                limit -= count;
                if (limit > 0)
                    continue;
                _full.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException)
        {
            // One side has gone: that is how a relay ends.
        }
    }
}
