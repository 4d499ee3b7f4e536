using System.Collections.Concurrent;
using System.Text;
using EmailSync.Appliance.Egress;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Tests.Egress.Revocation;

/// <summary>
/// The way to all servers of lists there are: whatever a policy has admitted comes to a listener on loopback, which answers by the address that
/// was asked for.
/// </summary>
internal sealed class ListWeb : IDialer, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Func<Stream, CancellationToken, Task>> _answers = new();
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly TlsPeer _server;

    public ListWeb() => _server = new(async (stream, cancellationToken) =>
    {
        string request = Encoding.ASCII.GetString(await TlsPeer.HearAsync(stream, cancellationToken));
        string[] lines = request.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string[] words = lines[0].Split(' ');
        string host = lines[1]["Host: ".Length..];
        _asked.Enqueue(string.Join('\n', [$"{words[0]} {host}{words[1]}", .. lines[2..]]));
        await _answers.GetValueOrDefault(host + words[1], Answer(404, []))(stream, cancellationToken);
    });

    /// <summary>The requests, in the order in which they came; with every header that is not Host.</summary>
    public IReadOnlyCollection<string> Asked => _asked;

    /// <summary>The routes that were dialed.</summary>
    public ConcurrentQueue<Route> Dialed { get; } = new();

    /// <summary>What is dialed cannot be reached.</summary>
    public bool IsDown { get; set; }

    /// <summary>Answers an address, which is written without its scheme, with a list.</summary>
    public void Publish(string address, Func<byte[]> list) => Publish(address, async (stream, cancellationToken) => await Answer(200, list())(stream, cancellationToken));

    /// <summary>Answers an address in any way.</summary>
    public void Publish(string address, Func<Stream, CancellationToken, Task> answer) => _answers[address] = answer;

    /// <summary>A whole answer of HTTP.</summary>
    public static Func<Stream, CancellationToken, Task> Answer(int status, byte[] body, string headers = "") => async (stream, cancellationToken) =>
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status} x\r\n{headers}Content-Length: {body.Length}\r\nConnection: close\r\n\r\n"), cancellationToken);
        await stream.WriteAsync(body, cancellationToken);
    };

    public async ValueTask<Stream> DialAsync(Route route, IDialWatcher? watcher, CancellationToken cancellationToken)
    {
        Dialed.Enqueue(route);
        return IsDown ? throw new ConnectException($"No connection to {route.Location}: it is down.", null) : await _server.ConnectAsync(cancellationToken);
    }

    public TlsUpgrade? UpgradeFor(Route route, IDialWatcher? watcher) => null;

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
