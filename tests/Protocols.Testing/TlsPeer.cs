using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.Protocols.Testing;

/// <summary>A listener on loopback that counts who comes, and does one thing with each connection.</summary>
public sealed class TlsPeer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _firstConnection = new();
    private readonly Task _accepting;
    private int _connections;

    /// <summary>Listens, and does this with each connection.</summary>
    public TlsPeer(Func<Stream, CancellationToken, Task> serve)
    {
        _listener.Start();
        _accepting = AcceptAsync(serve);
    }

    /// <summary>Speaks TLS from the first octet with this certificate, and then echoes nothing.</summary>
    public TlsPeer(X509Certificate2 certificate, params X509Certificate2[] intermediates)
        : this(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, [.. intermediates], offline: true),
        })
    {
    }

    /// <summary>Speaks TLS from the first octet.</summary>
    public TlsPeer(SslServerAuthenticationOptions options)
        : this(async (stream, cancellationToken) =>
        {
            await using SslStream tls = new(stream);
            await tls.AuthenticateAsServerAsync(options, cancellationToken);
            await tls.WriteAsync("+OK\r\n"u8.ToArray(), cancellationToken);
            await HearAsync(tls, cancellationToken); // until the client leaves
        })
    {
    }

    /// <summary>Speaks TLS from the first octet with this certificate, and then what this says.</summary>
    public TlsPeer(X509Certificate2 certificate, Func<ClientLines, CancellationToken, Task> serve)
        : this(async (stream, cancellationToken) =>
        {
            await using SslStream tls = new(stream);
            await tls.AuthenticateAsServerAsync(new() { ServerCertificate = certificate }, cancellationToken);
            using ClientLines lines = new(tls);
            await serve(lines, cancellationToken);
        })
    {
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>A connection to it, on which nothing has been said.</summary>
    public async Task<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, Port, cancellationToken);
        return client.GetStream();
    }

    /// <summary>How many connections were accepted so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Done once somebody has connected.</summary>
    public Task FirstConnection => _firstConnection.Task;

    /// <summary>What the client says next; nothing when it has left.</summary>
    public static async Task<byte[]> HearAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[4096];
        return buffer[..await stream.ReadAsync(buffer, cancellationToken)];
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync(Func<Stream, CancellationToken, Task> serve)
    {
        List<Task> serving = [];
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                Interlocked.Increment(ref _connections);
                _firstConnection.TrySetResult();
                serving.Add(ServeAsync(client, serve));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client, Func<Stream, CancellationToken, Task> serve)
    {
        using (client)
        {
            try
            {
                await serve(client.GetStream(), _stopping.Token);
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException
                or System.Security.Authentication.AuthenticationException)
            {
                // The client left, in whichever way the test asks of it.
            }
        }
    }
}
