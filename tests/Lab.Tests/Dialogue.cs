using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EmailSync.Lab.Tests;

/// <summary>A client made of a bare socket: it plays the C: lines of a transcript and compares the S: lines.</summary>
/// <remarks>An S: line that ends in an asterisk has to begin like that; <c>S: (end)</c> is the end of the stream.</remarks>
internal sealed class Dialogue : IAsyncDisposable
{
    private readonly LabServer _lab;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<byte> _received = [];
    private Stream _stream;

    private Dialogue(LabServer lab)
    {
        _lab = lab;
        _stream = Stream.Null;
    }

    public SslStream Tls => (SslStream)_stream;

    public static async Task<Dialogue> OpenAsync(LabServer lab, LabService service)
    {
        Dialogue dialogue = new(lab);
        await dialogue._socket.ConnectAsync(lab.EndPointOf(service), TestContext.Current.CancellationToken);
        dialogue._socket.NoDelay = true;
        dialogue._stream = new NetworkStream(dialogue._socket, ownsSocket: true);
        if (service is LabService.Pop3s or LabService.Smtps)
            await dialogue.EncryptAsync();
        return dialogue;
    }

    public static async Task PlayAsync(LabServer lab, LabService service, string transcript)
    {
        await using Dialogue dialogue = await OpenAsync(lab, service);
        await dialogue.PlayAsync(transcript);
    }

    public async Task PlayAsync(string transcript)
    {
        StringBuilder toSend = new();
        foreach (string line in transcript.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("C:", StringComparison.Ordinal))
            {
                toSend.Append(line.Length > 3 ? line[3..] : "").Append("\r\n");
                continue;
            }
            await SendAsync(toSend.ToString());
            toSend.Clear();
            await ExpectAsync(line.Length > 3 ? line[3..] : "");
        }
        await SendAsync(toSend.ToString());
    }

    public async Task SendAsync(string text)
    {
        if (text.Length > 0)
            await _stream.WriteAsync(Encoding.UTF8.GetBytes(text), TestContext.Current.CancellationToken);
    }

    public async Task ExpectAsync(string expected)
    {
        string actual = await ReadLineAsync() ?? "(end)";
        if (expected.EndsWith('*'))
            Assert.StartsWith(expected[..^1], actual);
        else
            Assert.Equal(expected, actual);
    }

    public async Task<string?> ReadLineAsync()
    {
        byte[] buffer = new byte[4096];
        int end;
        while ((end = _received.IndexOf((byte)'\n')) < 0)
        {
            int read = await _stream.ReadAsync(buffer, TestContext.Current.CancellationToken);
            if (read == 0)
                return null;
            _received.AddRange(buffer.AsSpan(0, read));
        }
        string line = Encoding.UTF8.GetString([.. _received[..end]]);
        _received.RemoveRange(0, end + 1);
        Assert.EndsWith("\r", line);
        return line[..^1];
    }

    /// <summary>The lines of a multi-line response up to the lone dot, dots not removed.</summary>
    public async Task<List<string>> ReadListingAsync()
    {
        List<string> lines = [];
        while (await ReadLineAsync() is { } line && line != ".")
            lines.Add(line);
        return lines;
    }

    public async Task EncryptAsync()
    {
        SslStream encrypted = new(_stream);
        _stream = encrypted;
        await encrypted.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { _lab.Authority.Root },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
            TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync() => await _stream.DisposeAsync();
}
