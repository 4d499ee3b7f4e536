using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace EmailSync.RealServers.Tests.Servers;

/// <summary>Runs a program to its end, and finds ports that are free.</summary>
internal static class Command
{
    /// <summary>Runs a program to its end and returns what it printed. That goes to a file, since a daemon that it leaves behind would hold a pipe open.</summary>
    /// <exception cref="InvalidOperationException">The program failed; the message has what it printed.</exception>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        string printed = Path.GetTempFileName();
        try
        {
            string[] words = ["-c", "exec \"$0\" \"$@\" >\"$PRINTED\" 2>&1 </dev/null", program, .. arguments];
            ProcessStartInfo start = new("/bin/sh", words) { Environment = { ["PRINTED"] = printed } };
            using Process process = Process.Start(start)!;
            await process.WaitForExitAsync();
            string output = await File.ReadAllTextAsync(printed);
            return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}");
        }
        finally
        {
            File.Delete(printed);
        }
    }

    public static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        Array.ForEach(listeners, listener => listener.Start());
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        Array.ForEach(listeners, listener => listener.Dispose());
        return ports;
    }

    /// <summary>Waits until a server greets, by connecting again until it does.</summary>
    public static async Task WaitForGreetingAsync(int port)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        byte[] first = new byte[1];
        while (true)
        {
            try
            {
                using TcpClient client = new();
                await client.ConnectAsync(IPAddress.Loopback, port, patience.Token);
                if (await client.GetStream().ReadAsync(first, patience.Token) == 1)
                    return;
            }
            catch (SocketException) when (!patience.IsCancellationRequested)
            {
                await Task.Yield();
            }
        }
    }
}
