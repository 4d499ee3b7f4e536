using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using EmailSync.Protocols.Pop3;
using MailKit.Net.Pop3;
using MailKit.Security;

namespace EmailSync.Protocols.Benchmarks;

/// <summary>
/// How fast are messages received, at what cost, beside MailKit? Medians of alternating runs against the load server in another process,
/// so that both clients meet the same moments of the machine. CPU and allocations are the client's alone.
/// </summary>
internal static class VersusMailKit
{
    private static readonly (string Row, int Messages, int Octets)[] Rows =
    [
        ("a", 10_000, 4 * 1024),
        ("b", 1_000, 64 * 1024),
        ("c", 20, 25 * 1024 * 1024),
    ];

    public static async Task RunAsync(string[] rows)
    {
        Comparison.ShowHead();
        foreach ((string row, int messages, int octets) in Rows.Where(row => rows.Length == 0 || rows.Contains(row.Row)))
        {
            (Process server, int port, int tlsPort) = Pop3LoadServer.Start(octets, messages);
            foreach (bool tls in new[] { false, true })
            {
                int chosen = tls ? tlsPort : port;
                await CompareAsync($"{row} {octets / 1024} KB {(tls ? "TLS" : "plain")}", messages, octets,
                    () => OursAsync(chosen, tls, messages), () => MailKitAsync(chosen, tls, messages, octets));
            }
            server.StandardInput.Close();
            await server.WaitForExitAsync();
        }
        if (rows.Length == 0 || rows.Contains("uidl"))
            await UniqueIdsAsync();
        if (rows.Length == 0 || rows.Contains("g"))
            await PollsAsync();
        if (rows.Length == 0 || rows.Contains("f"))
            await IdleSessionsAsync();
        if (rows.Length == 0 || rows.Contains("d"))
            await RoundTripsAsync();
    }

    private static async Task RoundTripsAsync()
    {
        const int Messages = 10_000;
        const int Octets = 4 * 1024;
        (Process server, int port, _) = Pop3LoadServer.Start(Octets, Messages);
        int delayed = DelayRelay.Start(port, TimeSpan.FromMilliseconds(20));
        // The relay works in this process, so that CPU and allocations say nothing here.
        Pop3Options unlimited = LoadOptions with { MaxCommandsAhead = int.MaxValue, MaxContentAhead = long.MaxValue };
        await CompareAsync("d 20 ms, no window", Messages, Octets,
            () => OursAsync(delayed, tls: false, Messages, unlimited), () => MailKitAsync(delayed, tls: false, Messages, Octets));
        await CompareAsync("d 20 ms", Messages, Octets,
            () => OursAsync(delayed, tls: false, Messages), () => MailKitAsync(delayed, tls: false, Messages, Octets));
        server.StandardInput.Close();
        await server.WaitForExitAsync();
    }

    private static async Task IdleSessionsAsync()
    {
        const int Sessions = 1_000;
        (Process server, int port, int tlsPort) = Pop3LoadServer.Start(1024, 10);
        foreach (bool tls in new[] { false, true })
        {
            int chosen = tls ? tlsPort : port;
            long ours = await HeapEachAsync(async () => await SignInAsync(chosen, tls));
            long theirs = await HeapEachAsync(async () => await SignInWithMailKitAsync(chosen, tls));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"f idle {(tls ? "TLS" : "plain")}: managed heap a session: ours {ours:N0} B, MailKit {theirs:N0} B"));
        }
        server.StandardInput.Close();
        await server.WaitForExitAsync();

        static async Task<long> HeapEachAsync(Func<Task<object>> open)
        {
            List<object> sessions = [await open()];
            long before = GC.GetTotalMemory(forceFullCollection: true);
            for (int i = 0; i < Sessions; i++)
                sessions.Add(await open());
            long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Sessions;
            foreach (object session in sessions)
            {
                if (session is IAsyncDisposable ours)
                    await ours.DisposeAsync();
                else
                    ((IDisposable)session).Dispose();
            }
            return each;
        }
    }

    private static async Task UniqueIdsAsync()
    {
        const int Lines = 100_000;
        (Process server, int port, _) = Pop3LoadServer.Start(1024, Lines);
        await CompareAsync("uidl 100,000 lines", Lines, 0,
            async () =>
            {
                await using Maildrop maildrop = await SignInAsync(port, tls: false);
                return await Comparison.MeasureAsync(async () => Comparison.Expect(Lines, await maildrop.ListUniqueIdsAsync(static (_, _) => { })));
            },
            async () =>
            {
                using Pop3Client client = await SignInWithMailKitAsync(port, tls: false);
                return await Comparison.MeasureAsync(async () => Comparison.Expect(Lines, (await client.GetMessageUidsAsync()).Count));
            });
        server.StandardInput.Close();
        await server.WaitForExitAsync();
    }

    private static async Task PollsAsync()
    {
        const int Polls = 500;
        (Process server, int port, int tlsPort) = Pop3LoadServer.Start(1024, 10);
        foreach (bool tls in new[] { false, true })
        {
            int chosen = tls ? tlsPort : port;
            await CompareAsync($"g polls {(tls ? "TLS" : "plain")}", Polls, 0,
                () => Comparison.MeasureAsync(async () =>
                {
                    for (int i = 0; i < Polls; i++)
                    {
                        await using Maildrop maildrop = await SignInAsync(chosen, tls, asksCapabilities: false);
                        await maildrop.ListUniqueIdsAsync(static (_, _) => { });
                        await maildrop.QuitAsync();
                    }
                }),
                () => Comparison.MeasureAsync(async () =>
                {
                    for (int i = 0; i < Polls; i++)
                    {
                        using Pop3Client client = await SignInWithMailKitAsync(chosen, tls);
                        await client.GetMessageUidsAsync();
                        await client.DisconnectAsync(true);
                    }
                }));
        }
        server.StandardInput.Close();
        await server.WaitForExitAsync();
    }

    private static async Task<Figures> OursAsync(int port, bool tls, int messages, Pop3Options? options = null)
    {
        await using Maildrop maildrop = await SignInAsync(port, tls, options: options);
        CountingSink sink = new();
        Figures figures = await Comparison.MeasureAsync(async () => await maildrop.RetrieveAsync([.. Enumerable.Range(1, messages)], sink));
        Comparison.Expect(messages, sink.Messages);
        return figures;
    }

    /// <summary>Its fastest way: streams in pipelined batches, as large as keeps 4 MiB in memory.</summary>
    private static async Task<Figures> MailKitAsync(int port, bool tls, int messages, int octets)
    {
        using Pop3Client client = await SignInWithMailKitAsync(port, tls);
        int batch = Math.Clamp(4 * 1024 * 1024 / octets, 1, 1000);
        return await Comparison.MeasureAsync(async () =>
        {
            int received = 0;
            for (int start = 0; start < messages; start += batch)
            {
                foreach (Stream stream in await client.GetStreamsAsync(start, Math.Min(batch, messages - start)))
                {
                    received++;
                    await stream.DisposeAsync();
                }
            }
            Comparison.Expect(messages, received);
        });
    }

    private static async Task<Maildrop> SignInAsync(int port, bool tls, bool asksCapabilities = true, Pop3Options? options = null)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", port);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (tls)
        {
            SslStream encrypted = new(stream);
            await encrypted.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
            });
            stream = encrypted;
        }
        Pop3Session session = await Pop3Session.OpenAsync(stream, options ?? LoadOptions);
        if (asksCapabilities)
            await session.CapabilitiesAsync();
        return await session.LogInAsync("user", new("password"));
    }

    private static async Task<Pop3Client> SignInWithMailKitAsync(int port, bool tls)
    {
        Pop3Client client = new();
        client.ServerCertificateValidationCallback = static (_, _, _, _) => true;
        client.CheckCertificateRevocation = false;
        await client.ConnectAsync("127.0.0.1", port, tls ? SecureSocketOptions.SslOnConnect : SecureSocketOptions.None);
        await client.AuthenticateAsync("user", "password");
        return client;
    }

    private static Task CompareAsync(string row, int messages, int octets, Func<Task<Figures>> ours, Func<Task<Figures>> theirs) =>
        Comparison.RunAsync(row, messages, octets, ("ours", ours), ("MailKit", theirs));

    private static Pop3Options LoadOptions { get; } = new() { AllowCleartextPasswords = true };

    private sealed class CountingSink : IRetrievalSink
    {
        public int Messages { get; private set; }

        public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken) => default;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken) => default;

        public ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken)
        {
            Messages += retrieval.IsWhole ? 1 : 0;
            return default;
        }
    }
}
