using System.Text;

namespace EmailSync.Protocols.Smtp;

/// <summary>What has to be known of content before it is sent: how large it will be, and what it asks of the server.</summary>
internal struct ContentSurvey()
{
    private bool _isInHeader = true;
    private bool _isAfterCarriageReturn;
    private long _lineLength;
    private long _bareLineEnds;

    /// <summary>There are octets above 127, so the server must offer 8BITMIME (RFC 6152).</summary>
    public bool HasEightBit { get; private set; }

    /// <summary>There are octets above 127 in the header, so the server must offer SMTPUTF8 (RFC 6531 section 3.2).</summary>
    public bool HasEightBitHeader { get; private set; }

    /// <summary>The size as it stands.</summary>
    public long Octets { get; private set; }

    /// <summary>There is a NUL.</summary>
    public bool HasNul { get; private set; }

    /// <summary>The longest line, without its end.</summary>
    public long LongestLine { get; private set; }

    public readonly bool HasBareLineEnds => _bareLineEnds > 0 || _isAfterCarriageReturn;

    /// <summary>Nothing has to be changed: every line, also the last, ends in CRLF.</summary>
    public readonly bool IsCanonical => !HasBareLineEnds && _lineLength == 0;

    /// <summary>The size as RFC 1870 section 5 counts it: with every line ended by CRLF, without stuffed dots.</summary>
    public readonly long Size => Octets + _bareLineEnds + (_isAfterCarriageReturn ? 1 : _lineLength > 0 ? 2 : 0);

    /// <summary>Takes the next octets into account.</summary>
    public void Add(ReadOnlySpan<byte> octets)
    {
        Octets += octets.Length;
        HasEightBit = HasEightBit || !Ascii.IsValid(octets);
        HasNul = HasNul || octets.Contains((byte)0);
        while (!octets.IsEmpty)
        {
            if (_isAfterCarriageReturn)
            {
                _isAfterCarriageReturn = false;
                if (octets[0] == '\n')
                {
                    EndLine();
                    octets = octets[1..];
                    continue;
                }
                EndBareLine();
            }
            int end = octets.IndexOfAny((byte)'\r', (byte)'\n');
            ReadOnlySpan<byte> text = end < 0 ? octets : octets[..end];
            _lineLength += text.Length;
            HasEightBitHeader = HasEightBitHeader || (_isInHeader && !Ascii.IsValid(text));
            if (end < 0)
                break;
            if (octets[end] == '\r')
                _isAfterCarriageReturn = true;
            else
                EndBareLine();
            octets = octets[(end + 1)..];
        }
        LongestLine = Math.Max(LongestLine, _lineLength);
    }

    private void EndBareLine()
    {
        _bareLineEnds++;
        EndLine();
    }

    private void EndLine()
    {
        _isInHeader = _isInHeader && _lineLength > 0;
        LongestLine = Math.Max(LongestLine, _lineLength);
        _lineLength = 0;
    }
}
