using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace EmailSync.Protocols.Benchmarks;

/// <summary>A network with a round trip: passes octets on to a port, each direction late by half of it, and limits no rate.</summary>
internal static class DelayRelay
{
    /// <summary>Starts relaying; ends with the process.</summary>
    /// <returns>The port to connect to.</returns>
    public static int Start(int port, TimeSpan roundTrip)
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        _ = AcceptAsync();
        return ((IPEndPoint)listener.LocalEndpoint).Port;

        async Task AcceptAsync()
        {
            while (true)
            {
                Socket client = await listener.AcceptSocketAsync();
                Socket server = new(SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(IPAddress.Loopback, port);
                client.NoDelay = server.NoDelay = true;
                _ = PassAsync(client, server, roundTrip / 2);
                _ = PassAsync(server, client, roundTrip / 2);
            }
        }
    }

    private static async Task PassAsync(Socket from, Socket to, TimeSpan delay)
    {
        Channel<(long Due, byte[] Octets)> underway = Channel.CreateUnbounded<(long, byte[])>();
        Task delivering = DeliverAsync();
        byte[] buffer = new byte[64 * 1024];
        int count;
        while ((count = await from.ReceiveAsync(buffer)) > 0)
            underway.Writer.TryWrite((Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency), buffer[..count]));
        underway.Writer.Complete();
        await delivering;
        to.Shutdown(SocketShutdown.Send);

        async Task DeliverAsync()
        {
            await foreach ((long due, byte[] octets) in underway.Reader.ReadAllAsync())
            {
                TimeSpan early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
                if (early > TimeSpan.Zero)
                    await Task.Delay(early);
                await to.SendAsync(octets);
            }
        }
    }
}
