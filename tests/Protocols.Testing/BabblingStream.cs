namespace EmailSync.Protocols.Testing;

/// <summary>A peer that says its octets whatever it is told, in pieces of a given size, and then closes.</summary>
public sealed class BabblingStream(byte[] octets, int fragment) : ClientStream
{
    private int _position;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        int count = Math.Min(Math.Min(buffer.Length, fragment), octets.Length - _position);
        octets.AsMemory(_position, count).CopyTo(buffer);
        _position += count;
        return new(count);
    }
}
