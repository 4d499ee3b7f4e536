using System.Buffers;

namespace EmailSync.Appliance.OneShot;

/// <summary>The mboxrd rule as octets pass through in pieces: <c>&gt;*From </c> at the start of a line gets one more <c>&gt;</c>, and CRLF becomes LF.</summary>
internal struct MboxQuoting
{
    private bool _isInLine;     // not at the start of a line, and past what could be quoted
    private bool _hasCarriageReturn;
    private int _quotes;        // > seen at the start of this line and held back
    private int _matched;       // octets of "From " seen behind them and held back

    /// <summary>Passes octets on.</summary>
    public void Append(ReadOnlySpan<byte> octets, IBufferWriter<byte> destination)
    {
        while (octets.Length > 0)
        {
            if (_hasCarriageReturn)
            {
                _hasCarriageReturn = false;
                if (octets[0] != '\n')
                    Put(destination, (byte)'\r'); // a CR alone is content
            }
            if (_isInLine)
                octets = CopyLine(octets, destination);
            else
                octets = MatchStart(octets, destination);
        }
    }

    /// <summary>Passes on what was held back, and ends the last line where the message did not.</summary>
    public void Finish(IBufferWriter<byte> destination)
    {
        bool endsInLine = _isInLine || _quotes > 0 || _matched > 0;
        Release(destination);
        if (_hasCarriageReturn)
            Put(destination, (byte)'\r');
        if (endsInLine || _hasCarriageReturn)
            Put(destination, (byte)'\n');
    }

    private ReadOnlySpan<byte> CopyLine(ReadOnlySpan<byte> octets, IBufferWriter<byte> destination)
    {
        int stop = octets.IndexOfAny((byte)'\r', (byte)'\n');
        if (stop < 0)
        {
            destination.Write(octets);
            return [];
        }
        destination.Write(octets[..stop]);
        EndAt(octets[stop], destination);
        return octets[(stop + 1)..];
    }

    private ReadOnlySpan<byte> MatchStart(ReadOnlySpan<byte> octets, IBufferWriter<byte> destination)
    {
        ReadOnlySpan<byte> from = "From "u8;
        byte octet = octets[0];
        if (octet == '>' && _matched == 0)
        {
            _quotes++;
            return octets[1..];
        }
        if (octet == from[_matched])
        {
            if (++_matched == from.Length)
            {
                Put(destination, (byte)'>');
                Release(destination);
                _isInLine = true;
            }
            return octets[1..];
        }

        Release(destination);
        if (octet is (byte)'\r' or (byte)'\n')
        {
            EndAt(octet, destination);
            return octets[1..];
        }
        _isInLine = true;
        return octets;
    }

    private void EndAt(byte octet, IBufferWriter<byte> destination)
    {
        if (octet == '\r')
        {
            _hasCarriageReturn = true;
            _isInLine = true; // whatever comes next but LF goes on with this line
        }
        else
        {
            Put(destination, (byte)'\n');
            _isInLine = false;
        }
    }

    private void Release(IBufferWriter<byte> destination)
    {
        for (; _quotes > 0; _quotes--)
            Put(destination, (byte)'>');
        destination.Write("From "u8[.._matched]);
        _matched = 0;
    }

    private static void Put(IBufferWriter<byte> destination, byte octet) => destination.Write([octet]);
}
