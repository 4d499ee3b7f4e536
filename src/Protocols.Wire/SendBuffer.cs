using System.Buffers;
using System.Security.Cryptography;

namespace EmailSync.Protocols.Wire;

/// <summary>The octets composed and not yet sent; rented while there are any.</summary>
internal sealed class SendBuffer
{
    public const int Size = 64 * 1024;

    private byte[]? _array;
    private int _length;
    private bool _holdsSecret;

    public ReadOnlyMemory<byte> Octets => _array.AsMemory(0, _length);

    public bool IsEmpty => _length == 0;

    /// <summary>Where the next octets go; at least <paramref name="least"/> of them fit.</summary>
    public Span<byte> Free(int least) => FreeMemory(least).Span;

    public Memory<byte> FreeMemory(int least)
    {
        if (_array is null)
            _array = ArrayPool<byte>.Shared.Rent(least);
        else if (_array.Length - _length < least)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_array.Length * 2, _length + least));
            Octets.Span.CopyTo(larger);
            int length = _length;
            bool holdsSecret = _holdsSecret;
            Clear();
            (_array, _length, _holdsSecret) = (larger, length, holdsSecret);
        }
        return _array.AsMemory(_length);
    }

    public void Add(int count) => _length += count;

    public void Add(LineBuffer line)
    {
        Span<byte> free = Free(line.Length + 2);
        line.Octets.CopyTo(free);
        "\r\n"u8.CopyTo(free[line.Length..]);
        _length += line.Length + 2;
        _holdsSecret |= line.HoldsSecret;
    }

    public void Clear()
    {
        if (_array is null)
            return;
        if (_holdsSecret)
            CryptographicOperations.ZeroMemory(_array.AsSpan(0, _length));
        ArrayPool<byte>.Shared.Return(_array);
        _array = null;
        _length = 0;
        _holdsSecret = false;
    }
}
