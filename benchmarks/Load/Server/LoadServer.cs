using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using EmailSync.Lab;
using EmailSync.Load.Running;

namespace EmailSync.Load.Server;

/// <summary>
/// A mail server that does as little as it can, in a process of its own: it says where it listens, reports for each line on standard
/// input, and ends with it.
/// </summary>
internal sealed class LoadServer : IDisposable
{
    private const int QuickAck = 12;

    private readonly ServerPlan _plan;
    private readonly Func<Stream, Action, Task> _serve;
    private readonly LabCertificateAuthority _authority = new();
    private readonly X509Certificate2 _certificate;
    private readonly SslServerAuthenticationOptions _tls;

    private LoadServer(ServerPlan plan, ServerCount count)
    {
        _plan = plan;
        _certificate = _authority.Issue(LabCertificate.Valid, "localhost");
        _serve = plan.Protocol == Protocol.Pop3 ? new Pop3Service(plan, count).ServeAsync : new SmtpService(plan, count).ServeAsync;
        _tls = new()
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(_certificate, null),
            AllowTlsResume = plan.ResumesTls,
        };
    }

    /// <summary>Serves until standard input ends.</summary>
    public static async Task RunAsync(ServerPlan plan)
    {
        ServerCount count = new();
        using LoadServer server = new(plan, count);
        using Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(4096);
        Task accepting = server.AcceptAsync(listener);
        Console.WriteLine(JsonSerializer.Serialize(
            new ServerHello(((IPEndPoint)listener.LocalEndPoint!).Port, server._authority.RootPem), LoadJson.Default.ServerHello));
        while (await Console.In.ReadLineAsync() is not null)
        {
            if (accepting.IsFaulted)
                await accepting;
            Console.WriteLine(JsonSerializer.Serialize(count.Take(), LoadJson.Default.ServerReport));
        }
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _authority.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
            _ = ServeAsync(await listener.AcceptAsync());
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            socket.NoDelay = true;
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (_plan.RoundTrip > 0)
                stream = new LateStream(stream, TimeSpan.FromMilliseconds(_plan.RoundTrip));
            if (_plan.Tls)
            {
                SslStream encrypted = new(stream);
                stream = encrypted;
                await encrypted.AuthenticateAsServerAsync(_tls);
            }
            await using (stream)
                await _serve(stream, () => Acknowledge(socket));
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException)
        {
            // The client is gone; what it was to get or give is missing from its count.
        }
    }

    // The system keeps the wish for a while only, so it is made again after each read.
    private void Acknowledge(Socket socket)
    {
        if (_plan.Protocol == Protocol.Smtp && OperatingSystem.IsLinux())
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, QuickAck, [_plan.Kind == ServerKind.Prompt ? (byte)1 : (byte)0, 0, 0, 0]);
    }
}
