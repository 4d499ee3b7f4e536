using System.Collections.Concurrent;
using System.Text;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Testing;

/// <summary>Keeps what a connection showed of itself, in the form of a script.</summary>
public sealed class RecordedTranscript : ITranscript
{
    private readonly ConcurrentQueue<string> _lines = [];

    /// <summary>Everything seen so far, one line each.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Everything seen so far.</summary>
    public override string ToString() => string.Join('\n', _lines);

    void ITranscript.Sent(ReadOnlySpan<byte> line) => _lines.Enqueue($"C: {Encoding.UTF8.GetString(line)}");

    void ITranscript.Received(ReadOnlySpan<byte> line) => _lines.Enqueue($"S: {Encoding.UTF8.GetString(line)}");

    void ITranscript.Content(long octets, bool sent) => _lines.Enqueue($"{(sent ? 'C' : 'S')}: ({octets} octets)");
}
