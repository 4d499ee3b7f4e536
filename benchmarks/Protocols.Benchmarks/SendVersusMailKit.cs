using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using EmailSync.Lab;
using EmailSync.Protocols.Smtp;
using MailKit.Security;
using MimeKit;
using MailKitClient = MailKit.Net.Smtp.SmtpClient;

namespace EmailSync.Protocols.Benchmarks;

/// <summary>
/// How fast are messages of 8 KB sent, at what cost, beside MailKit? By DATA, by BDAT, and by BDAT with the envelope in one flight; over
/// one connection (h) and over fifty (j); at a server that acknowledges what it reads at once and at one that leaves that to the
/// system, where Nagle's algorithm costs 40 ms a message. CPU and allocations are the client's alone.
/// </summary>
internal static class SendVersusMailKit
{
    private const int Octets = 8 * 1024;
    private const int Connections = 50;

    private static readonly byte[] Content = Encoding.ASCII.GetBytes(
        "From: a@b.example\r\nTo: c@d.example\r\nSubject: load\r\n\r\n" + string.Concat(Enumerable.Repeat(new string('x', 76) + "\r\n", Octets / 78)));

    private static readonly Envelope Envelope = new(MailPath.Parse("a@b.example"), [MailPath.Parse("c@d.example")]);

    private static readonly (string Name, SmtpOptions Options)[] Ways =
    [
        ("ours DATA", new() { UseChunking = false }),
        ("ours BDAT", new()),
        ("ours 1 flight", new() { SendChunkWithEnvelope = true }),
    ];

    public static async Task RunAsync(string[] rows)
    {
        Comparison.ShowHead();
        foreach (bool acknowledgesAtOnce in new[] { true, false })
        {
            (Process server, int port, int tlsPort) = StartServer(acknowledgesAtOnce);
            string kind = acknowledgesAtOnce ? "" : " delays";
            foreach (bool tls in new[] { false, true })
            {
                int chosen = tls ? tlsPort : port;
                string name = (tls ? "TLS" : "plain") + kind;
                // MailKit needs minutes for a thousand messages where acknowledgements are late.
                int fewer = acknowledgesAtOnce ? 1 : 25;
                if (rows.Length == 0 || rows.Contains("h"))
                    await CompareAsync($"h {name}", 5000 / fewer, connections: 1, chosen, tls);
                if (rows.Length == 0 || rows.Contains("j"))
                    await CompareAsync($"j {name}", 2000 / fewer, Connections, chosen, tls);
            }
            server.StandardInput.Close();
            await server.WaitForExitAsync();
        }
    }

    /// <summary>The peer: the lab, without a journal and without keeping anything, until standard input ends.</summary>
    public static async Task ServeAsync(bool acknowledgesAtOnce)
    {
        await using LabServer lab = await LabServer.StartAsync(new LabOptions
        {
            Mailboxes = 0,
            KeepContent = false,
            RecordCommands = false,
            AcknowledgesAtOnce = acknowledgesAtOnce,
        });
        Console.WriteLine($"{lab.PortOf(LabService.Smtp)} {lab.PortOf(LabService.Smtps)}");
        await Console.In.ReadToEndAsync();
    }

    private static Task CompareAsync(string row, int messages, int connections, int port, bool tls) => Comparison.RunAsync(
        row, messages, Octets,
        [
            .. Ways.Select(way => (way.Name, (Func<Task<Figures>>)(() => OursAsync(way.Options, messages, connections, port, tls)))),
            ("MailKit", () => MailKitAsync(messages, connections, port, tls)),
        ]);

    private static async Task<Figures> OursAsync(SmtpOptions options, int messages, int connections, int port, bool tls)
    {
        SmtpSession[] sessions = new SmtpSession[connections];
        for (int i = 0; i < connections; i++)
            sessions[i] = await SmtpSession.OpenAsync(await ConnectAsync(port, tls), options);
        Figures figures = await Comparison.MeasureAsync(() => Task.WhenAll(sessions.Select(async session =>
        {
            using MemoryStream content = new(Content);
            for (int i = 0; i < messages / connections; i++)
            {
                content.Position = 0;
                TransactionResult result = await session.SendAsync(Envelope, content);
                Comparison.Expect(250, result.Content!.Code);
            }
        })));
        foreach (SmtpSession session in sessions)
            await session.QuitAsync();
        return figures;
    }

    /// <summary>Its only way: a message that has been parsed before the clock starts, and is serialised again each time.</summary>
    private static async Task<Figures> MailKitAsync(int messages, int connections, int port, bool tls)
    {
        MailKitClient[] clients = new MailKitClient[connections];
        for (int i = 0; i < connections; i++)
        {
            clients[i] = new() { ServerCertificateValidationCallback = static (_, _, _, _) => true, CheckCertificateRevocation = false };
            await clients[i].ConnectAsync("127.0.0.1", port, tls ? SecureSocketOptions.SslOnConnect : SecureSocketOptions.None);
        }
        using MemoryStream content = new(Content);
        using MimeMessage message = await MimeMessage.LoadAsync(content);
        MailboxAddress sender = MailboxAddress.Parse("a@b.example");
        MailboxAddress[] recipients = [MailboxAddress.Parse("c@d.example")];
        Figures figures = await Comparison.MeasureAsync(() => Task.WhenAll(clients.Select(async client =>
        {
            for (int i = 0; i < messages / connections; i++)
                await client.SendAsync(message, sender, recipients);
        })));
        foreach (MailKitClient client in clients)
        {
            await client.DisconnectAsync(true);
            client.Dispose();
        }
        return figures;
    }

    private static async Task<Stream> ConnectAsync(int port, bool tls)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", port);
        NetworkStream stream = new(socket, ownsSocket: true);
        if (!tls)
            return stream;
        SslStream encrypted = new(stream);
        await encrypted.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
        });
        return encrypted;
    }

    private static (Process Process, int Port, int TlsPort) StartServer(bool acknowledgesAtOnce)
    {
        Process process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["smtp-load-server", $"{acknowledgesAtOnce}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        string[] ports = process.StandardOutput.ReadLine()!.Split(' ');
        return (process, int.Parse(ports[0], CultureInfo.InvariantCulture), int.Parse(ports[1], CultureInfo.InvariantCulture));
    }
}
