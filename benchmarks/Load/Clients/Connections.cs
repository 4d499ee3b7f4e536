using System.Net.Security;
using System.Net.Sockets;
using EmailSync.Load.Messages;

namespace EmailSync.Load.Clients;

/// <summary>The connections of the clients that leave connecting to us: all connect alike.</summary>
internal static class Connections
{
    /// <summary>The name of the server's certificate, which every client asks for, so that sessions can be resumed.</summary>
    public const string Host = "localhost";

    public static async Task<Stream> OpenAsync(ClientPlan plan)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", plan.Port);
        NetworkStream stream = new(socket, ownsSocket: true);
        if (!plan.Tls)
            return stream;
        SslStream encrypted = new(stream);
        await encrypted.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = Host,
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
        });
        return encrypted;
    }

    /// <summary>Does something for each mailbox, as many at once as there are to be connections, and adds up what arrived.</summary>
    public static async Task<Tally> ForEachMailboxAsync(ClientPlan plan, Func<int, Task<Tally>> work)
    {
        Tally sum = default;
        Lock gate = new();
        await Parallel.ForAsync(0, plan.Mailboxes, new ParallelOptions { MaxDegreeOfParallelism = plan.Connections }, async (mailbox, _) =>
        {
            Tally tally = await work(mailbox);
            lock (gate)
                sum += tally;
        });
        return sum;
    }

    /// <summary>Shares the messages of a run out among its connections, which all work at once.</summary>
    public static Task ForEachConnectionAsync(ClientPlan plan, Func<int, IReadOnlyList<int>, Task> work) =>
        Task.WhenAll(Enumerable.Range(0, plan.Connections).Select(connection => work(
            connection, [.. Enumerable.Range(1, plan.Messages).Where(number => number % plan.Connections == connection)])));
}
