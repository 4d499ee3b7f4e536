using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EmailSync.Protocols.Benchmarks;

/// <summary>
/// A POP3 server that does as little as possible: every message is the same octets, everything else is <c>+OK</c>. One port in clear, one
/// with implicit TLS.
/// </summary>
internal sealed class Pop3LoadServer
{
    private readonly byte[] _message;
    private readonly byte[] _uniqueIds;
    private readonly byte[] _sizes;
    private readonly byte[] _stat;

    private Pop3LoadServer(int octets, int messages)
    {
        string line = new string('x', 74) + "\r\n";
        StringBuilder message = new("+OK\r\nFrom: sender@example.com\r\nSubject: load\r\n\r\n");
        while (message.Length < octets + 5)
            message.Append(line);
        _message = Encoding.ASCII.GetBytes(message.Append(".\r\n").ToString());

        StringBuilder uniqueIds = new("+OK\r\n");
        StringBuilder sizes = new("+OK\r\n");
        for (int number = 1; number <= messages; number++)
        {
            uniqueIds.Append(CultureInfo.InvariantCulture, $"{number} {number:x8}4d6f1c2a9b3e\r\n");
            sizes.Append(CultureInfo.InvariantCulture, $"{number} {octets}\r\n");
        }
        _uniqueIds = Encoding.ASCII.GetBytes(uniqueIds.Append(".\r\n").ToString());
        _sizes = Encoding.ASCII.GetBytes(sizes.Append(".\r\n").ToString());
        _stat = Encoding.ASCII.GetBytes($"+OK {messages} {(long)messages * octets}\r\n");
    }

    /// <summary>Serves until standard input ends; says its two ports on standard output.</summary>
    public static async Task RunAsync(int octets, int messages)
    {
        Pop3LoadServer server = new(octets, messages);
        using TcpListener clear = new(IPAddress.Loopback, 0);
        using TcpListener tls = new(IPAddress.Loopback, 0);
        clear.Start(10_000);
        tls.Start(10_000);
        using X509Certificate2 certificate = Certificate();
        SslStreamCertificateContext context = SslStreamCertificateContext.Create(certificate, null);
        _ = AcceptAsync(clear, socket => Task.FromResult<Stream>(new NetworkStream(socket, ownsSocket: true)));
        _ = AcceptAsync(tls, async socket =>
        {
            SslStream stream = new(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = context });
            return stream;
        });
        Console.WriteLine($"{((IPEndPoint)clear.LocalEndpoint).Port} {((IPEndPoint)tls.LocalEndpoint).Port}");
        await Console.In.ReadToEndAsync();

        async Task AcceptAsync(TcpListener listener, Func<Socket, Task<Stream>> open)
        {
            while (true)
                _ = server.ServeAsync(await listener.AcceptSocketAsync(), open);
        }
    }

    /// <summary>Starts a server in a process of its own.</summary>
    public static (Process Process, int Port, int TlsPort) Start(int octets, int messages)
    {
        Process process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["load-server", $"{octets}", $"{messages}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        string[] ports = process.StandardOutput.ReadLine()!.Split(' ');
        return (process, int.Parse(ports[0], CultureInfo.InvariantCulture), int.Parse(ports[1], CultureInfo.InvariantCulture));
    }

    private async Task ServeAsync(Socket socket, Func<Socket, Task<Stream>> open)
    {
        try
        {
            socket.NoDelay = true;
            await using Stream stream = await open(socket);
            await stream.WriteAsync("+OK ready\r\n"u8.ToArray());
            byte[] commands = new byte[16 * 1024];
            byte[] answers = new byte[256 * 1024];
            int have = 0;
            int count;
            while ((count = await stream.ReadAsync(commands.AsMemory(have))) > 0)
            {
                have += count;
                int start = 0;
                int composed = 0;
                int end;
                while ((end = commands.AsSpan(start, have - start).IndexOf((byte)'\n')) >= 0)
                {
                    ReadOnlyMemory<byte> answer = Answer(commands.AsSpan(start, end));
                    start += end + 1;
                    if (composed + answer.Length > answers.Length)
                    {
                        await stream.WriteAsync(answers.AsMemory(0, composed));
                        composed = 0;
                    }
                    if (answer.Length > answers.Length)
                        await stream.WriteAsync(answer);
                    else
                    {
                        answer.CopyTo(answers.AsMemory(composed));
                        composed += answer.Length;
                    }
                }
                await stream.WriteAsync(answers.AsMemory(0, composed));
                commands.AsSpan(start, have - start).CopyTo(commands);
                have -= start;
            }
        }
        catch (IOException)
        {
            // The client is done.
        }
    }

    private ReadOnlyMemory<byte> Answer(ReadOnlySpan<byte> command) => command switch
    {
        [(byte)'R', (byte)'E', ..] => _message,
        [(byte)'U', (byte)'I', ..] => _uniqueIds,
        [(byte)'L', ..] => _sizes,
        [(byte)'S', (byte)'T', ..] => _stat,
        [(byte)'C', ..] => "+OK\r\nPIPELINING\r\nUIDL\r\nUSER\r\nTOP\r\nRESP-CODES\r\n.\r\n"u8.ToArray(),
        _ => "+OK\r\n"u8.ToArray(),
    };

    private static X509Certificate2 Certificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}
