using System.Net;
using System.Net.Sockets;

namespace EmailSync.Appliance.Tests.Faults;

/// <summary>What happens to the next connection through a <see cref="FaultProxy"/>.</summary>
internal sealed record LinkFault
{
    /// <summary>After so many octets from the server the connection ends.</summary>
    public long ReceivedUntilCut { get; init; } = long.MaxValue;

    /// <summary>After so many octets to the server the connection ends.</summary>
    public long SentUntilCut { get; init; } = long.MaxValue;

    /// <summary>It ends with RST, so that what is on its way is lost too; otherwise with FIN.</summary>
    public bool IsReset { get; init; }

    /// <summary>Octets that are passed on at once, both ways.</summary>
    public int Slice { get; init; } = 64 * 1024;

    /// <summary>The server's side ends its half, and the client's octets still go through.</summary>
    public bool IsHalfClose { get; init; }
}

/// <summary>Stands between a client and a server on loopback, and does to the octets what networks do.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly int _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public FaultProxy(int port, int target)
    {
        _target = target;
        _listener = new(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>What happens to the connections from now on.</summary>
    public LinkFault Fault { get; set; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> open = [];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                open.Add(PassAsync(await _listener.AcceptSocketAsync(_stop.Token), Fault));
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        await Task.WhenAll(open);
    }

    private async Task PassAsync(Socket client, LinkFault fault)
    {
        using Socket server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            await server.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            Task received = CopyAsync(server, client, fault.ReceivedUntilCut, fault, ended.Token);
            Task sent = CopyAsync(client, server, fault.SentUntilCut, fault, ended.Token);
            Task first = await Task.WhenAny(received, sent);
            if (fault.IsHalfClose && first == received)
            {
                client.Shutdown(SocketShutdown.Send);
                await sent;
            }

            if (fault.IsReset)
                client.LingerState = server.LingerState = new(true, 0);
            await ended.CancelAsync();
            await Task.WhenAll(received, sent);
        }
    }

    /// <summary>Copies until either side ends, or so many octets are through.</summary>
    private static async Task CopyAsync(Socket from, Socket to, long most, LinkFault fault, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[fault.Slice];
        long through = 0;
        try
        {
            while (through < most)
            {
                int count = await from.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, most - through)), cancellationToken);
                if (count == 0)
                    break;
                for (int start = 0; start < count;)
                    start += await to.SendAsync(buffer.AsMemory(start, count - start), cancellationToken);
                through += count;
            }
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException)
        {
            // The other side is gone, which is what a proxy has to pass on.
        }
    }
}
