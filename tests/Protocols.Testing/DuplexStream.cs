using System.IO.Pipelines;

namespace EmailSync.Protocols.Testing;

/// <summary>
/// Two streams, each the other's peer, with a buffer of a given size in each direction: a write waits while the buffer is
/// full, as it does on a socket.
/// </summary>
public sealed class DuplexStream : ClientStream
{
    private readonly Stream _incoming;
    private readonly PipeWriter _outgoing;
    private readonly int _chunk;

    private DuplexStream(PipeReader incoming, PipeWriter outgoing, int capacity)
    {
        _incoming = incoming.AsStream();
        _outgoing = outgoing;
        _chunk = Math.Max(capacity / 2, 1);
    }

    /// <summary>Makes the pair.</summary>
    /// <param name="capacity">Octets that fit into each direction, roughly.</param>
    public static (DuplexStream Client, DuplexStream Server) CreatePair(int capacity)
    {
        PipeOptions options = new(pauseWriterThreshold: capacity, resumeWriterThreshold: Math.Max(capacity / 2, 1), useSynchronizationContext: false);
        Pipe toServer = new(options);
        Pipe toClient = new(options);
        return (new(toClient.Reader, toServer.Writer, capacity), new(toServer.Reader, toClient.Writer, capacity));
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _incoming.ReadAsync(buffer, cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        for (; !buffer.IsEmpty; buffer = buffer[Math.Min(_chunk, buffer.Length)..])
        {
            FlushResult result = await _outgoing.WriteAsync(buffer[..Math.Min(_chunk, buffer.Length)], cancellationToken);
            if (result.IsCompleted)
                throw new IOException("Broken pipe");
        }
    }

    protected override void Dispose(bool disposing)
    {
        _outgoing.Complete();
        _incoming.Dispose();
        base.Dispose(disposing);
    }
}
