using EmailSync.Protocols.Testing;

namespace EmailSync.Fuzz;

/// <summary>
/// A peer that says the octets it was given and then hangs up. The first octet says how it cuts them: line by line where it is even, so that
/// nothing comes before it is asked for, and in pieces of half its value where it is odd.
/// </summary>
internal sealed class FuzzPeer(byte[] octets) : ClientStream
{
    private readonly int _piece = octets.Length > 0 && (octets[0] & 1) == 1 ? (octets[0] / 2) + 1 : 0;
    private int _position = 1;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_position >= octets.Length || buffer.Length == 0)
            return new(0);
        ReadOnlySpan<byte> rest = octets.AsSpan(_position);
        int lineFeed = rest.IndexOf((byte)'\n');
        int wanted = _piece > 0 ? _piece : lineFeed < 0 ? rest.Length : lineFeed + 1;
        int count = Math.Min(Math.Min(wanted, rest.Length), buffer.Length);
        rest[..count].CopyTo(buffer.Span);
        _position += count;
        return new(count);
    }
}
