using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EmailSync.Lab;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>A certificate authority whose list of revoked certificates can be had, as Gov mode needs it: over HTTP on port 80, or over HTTPS on 443.</summary>
internal sealed class RevocationServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly TcpListener _listener;
    private readonly X509Certificate2? _certificate;
    private readonly Task _serving;
    private int _asked;

    public RevocationServer(bool isEncrypted = false)
    {
        // An address of loopback that nothing else on the machine listens on; the authority's certificates are for localhost.
        _listener = isEncrypted ? new(IPAddress.Loopback, 443) : new(IPAddress.Parse(Address), 80);
        try
        {
            _listener.Start();
        }
        catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            Assert.Skip($"Something else on this machine listens on {_listener.LocalEndpoint}");
        }

        Authority = new(revocationList: new(isEncrypted ? "https://localhost/list.crl" : $"http://{Address}/list.crl"));
        _certificate = isEncrypted ? Authority.Issue() : null;
        _serving = ServeAsync();
    }

    /// <summary>Where it listens for HTTP.</summary>
    public static string Address => "127.77.14.2";

    public LabCertificateAuthority Authority { get; }

    /// <summary>How often its list was asked for.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stopping.Dispose();
        _certificate?.Dispose();
        Authority.Dispose();
    }

    private async Task ServeAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                Interlocked.Increment(ref _asked);
                await AnswerAsync(client.GetStream());
            }
            catch (Exception left) when (left is OperationCanceledException or IOException)
            {
                // The client left, or the test is over.
            }
        }
    }

    private async Task AnswerAsync(Stream stream)
    {
        if (_certificate is not null)
        {
            SslStream tls = new(stream);
            await tls.AuthenticateAsServerAsync(new() { ServerCertificate = _certificate }, _stopping.Token);
            stream = tls;
        }

        await using (stream)
        {
            await stream.ReadAtLeastAsync(new byte[16], 16, cancellationToken: _stopping.Token);
            byte[] list = Authority.IssueRevocationList();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {list.Length}\r\nConnection: close\r\n\r\n"), _stopping.Token);
            await stream.WriteAsync(list, _stopping.Token);
        }
    }
}
