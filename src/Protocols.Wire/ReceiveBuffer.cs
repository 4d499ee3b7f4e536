using System.Buffers;

namespace EmailSync.Protocols.Wire;

/// <summary>
/// The octets received and not yet consumed, always in one piece. The array is rented when octets are about to arrive and
/// given back when all are consumed, so an idle connection holds none.
/// </summary>
internal sealed class ReceiveBuffer
{
    public const int Size = 64 * 1024;

    private byte[]? _array;
    private int _start;
    private int _end;

    /// <summary>How many of the octets are known to hold no LF, so that a peer that sends one octet at a time cannot make the search quadratic.</summary>
    private int _searched;

    public bool IsRented => _array is not null;

    public bool IsEmpty => _start == _end;

    public ReadOnlySpan<byte> Octets => _array.AsSpan(_start, _end - _start);

    public ReadOnlyMemory<byte> Slice(int start, int length) => _array.AsMemory(_start + start, length);

    /// <summary>Where the next octets go; never empty.</summary>
    public Memory<byte> Free()
    {
        _array ??= ArrayPool<byte>.Shared.Rent(Size);
        if (_start == _end)
            _start = _end = 0;
        else if (_start > 0 && _array.Length - _end < Size / 2)
        {
            Octets.CopyTo(_array);
            _end -= _start;
            _start = 0;
        }
        return _array.AsMemory(_end);
    }

    public void Received(int count) => _end += count;

    public void Consume(int count)
    {
        _start += count;
        _searched = 0;
    }

    /// <summary>Finds the end of the first line; -1 if it is not there yet.</summary>
    public int IndexOfLineFeed()
    {
        int index = Octets[_searched..].IndexOf((byte)'\n');
        if (index < 0)
        {
            _searched = _end - _start;
            return -1;
        }
        return _searched + index;
    }

    public void Release()
    {
        if (_array is null)
            return;
        ArrayPool<byte>.Shared.Return(_array);
        _array = null;
        _start = _end = _searched = 0;
    }
}
