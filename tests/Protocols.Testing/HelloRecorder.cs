using System.Buffers.Binary;

namespace EmailSync.Protocols.Testing;

/// <summary>Passes a client's conversation on and keeps its ClientHello (RFC 8446 section 4.1.2).</summary>
public sealed class HelloRecorder(Stream connection) : ClientStream
{
    private byte[]? _hello;

    /// <summary>The types of the extensions in the ClientHello.</summary>
    public IReadOnlyList<int> Extensions
    {
        get
        {
            // Record header, handshake header, version and random; then session id, cipher suites and compression methods, each behind its length.
            ReadOnlySpan<byte> rest = _hello.AsSpan(5 + 4 + 2 + 32);
            rest = rest[(1 + rest[0])..];
            rest = rest[(2 + BinaryPrimitives.ReadUInt16BigEndian(rest))..];
            rest = rest[(1 + rest[0])..];
            rest = rest.Slice(2, BinaryPrimitives.ReadUInt16BigEndian(rest));
            List<int> types = [];
            while (!rest.IsEmpty)
            {
                types.Add(BinaryPrimitives.ReadUInt16BigEndian(rest));
                rest = rest[(4 + BinaryPrimitives.ReadUInt16BigEndian(rest[2..]))..];
            }
            return types;
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _hello ??= buffer.ToArray();
        return connection.WriteAsync(buffer, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            connection.Dispose();
        base.Dispose(disposing);
    }
}
