namespace EmailSync.Appliance.Processing;

/// <summary>
/// The header of a message that comes in pieces, with the empty line behind it. What a server sends of the body is left out, so that one
/// that answers TOP with more than was asked for (or with all of it) gives the same header as one that keeps to it.
/// </summary>
internal struct HeaderPart
{
    // How much of CR LF CR LF has been seen; a message that begins with an empty line has no header.
    private int _seen;

    public HeaderPart() => _seen = 2;

    /// <summary>The part of the next piece that belongs to it.</summary>
    public ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> piece)
    {
        ReadOnlySpan<byte> octets = piece.Span;
        for (int index = 0; index < octets.Length && _seen < 4; index++)
        {
            _seen = octets[index] switch
            {
                (byte)'\r' => _seen == 2 ? 3 : 1,
                (byte)'\n' when _seen is 1 or 3 => _seen + 1,
                _ => 0,
            };
            if (_seen == 4)
                return piece[..(index + 1)];
        }

        return _seen == 4 ? default : piece;
    }
}
