using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EmailSync.Protocols.Wire;

/// <summary>
/// Applies the transparency rule to content on its way out (RFC 5321 4.5.2): a state machine over octets that does not mind
/// where its input is cut. On the wire every CR is followed by LF, every LF preceded by CR, and every line that begins
/// with a dot has one more, so no server, however lenient, sees another end than ours.
/// </summary>
internal struct DotStuffer(ContentRules rules)
{
    /// <summary>Room that one octet of input can need: CRLF for a bare CR, and a dot stuffed behind it.</summary>
    public const int MostPerStep = 4;

    private static ReadOnlySpan<byte> Crlf => "\r\n"u8;

    private bool _atLineStart = true;
    private bool _afterCarriageReturn;
    private long _position;

    /// <summary>Encodes as much of <paramref name="source"/> as fits; returns how many octets were consumed and how many written.</summary>
    public (int Consumed, int Written) Encode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int consumed = 0;
        int written = 0;
        while (consumed < source.Length && destination.Length - written >= MostPerStep)
        {
            if (!_afterCarriageReturn)
            {
                int room = Math.Min(source.Length - consumed, destination.Length - written);
                ReadOnlySpan<byte> clean = source.Slice(consumed, room);
                clean = clean[..CleanLength(clean, _atLineStart)];
                if (clean.Length > 0)
                {
                    clean.CopyTo(destination[written..]);
                    consumed += clean.Length;
                    written += clean.Length;
                    _atLineStart = clean[^1] == '\n';
                    continue;
                }
            }
            written += Step(source[consumed], _position + consumed, destination[written..]);
            consumed++;
        }
        _position += consumed;
        return (consumed, written);
    }

    /// <summary>Ends the content: its last line, if it was not ended, and the lone dot. Needs room for 5 octets.</summary>
    public int Finish(Span<byte> destination)
    {
        if (_afterCarriageReturn)
            RefuseOrNormalise("a bare CR", _position - 1);
        int written = 0;
        if (_afterCarriageReturn || !_atLineStart)
            written = Write(Crlf, destination);
        return written + Write(".\r\n"u8, destination[written..]);
    }

    /// <summary>One octet that needs attention: a dot at the start of a line, or anything about line ends.</summary>
    private int Step(byte octet, long position, Span<byte> destination)
    {
        int written = 0;
        if (_afterCarriageReturn)
        {
            _afterCarriageReturn = false;
            _atLineStart = true;
            written = Write(Crlf, destination);
            if (octet == '\n')
                return written;
            RefuseOrNormalise("a bare CR", position - 1);
        }

        switch (octet)
        {
            case (byte)'\r':
                _afterCarriageReturn = true;
                return written;
            case (byte)'\n':
                RefuseOrNormalise("a bare LF", position);
                _atLineStart = true;
                return written + Write(Crlf, destination[written..]);
            case 0 when rules.RefuseNul:
                throw new InvalidContentException($"The content has a NUL at octet {position}, which a text message must not (RFC 5322 2.1)");
            case (byte)'.' when _atLineStart:
                destination[written++] = (byte)'.';
                break;
        }
        destination[written++] = octet;
        _atLineStart = false;
        return written;
    }

    private readonly void RefuseOrNormalise(string what, long position)
    {
        if (rules.RefuseBareLineEnds)
            throw new InvalidContentException($"The content has {what} at octet {position}; lines end in CRLF (RFC 5321 2.3.8)");
    }

    private static int Write(ReadOnlySpan<byte> octets, Span<byte> destination)
    {
        octets.CopyTo(destination);
        return octets.Length;
    }

    /// <summary>How many leading octets can go out as they are.</summary>
    private static int CleanLength(ReadOnlySpan<byte> octets, bool atLineStart)
    {
        if (octets[0] is (byte)'\n' or 0 || (octets[0] == '.' && atLineStart))
            return 0;

        // Each octet beside the one before it: an LF must follow a CR and the other way round, and no dot may follow an LF.
        int i = 1;
        ref byte start = ref MemoryMarshal.GetReference(octets);
        for (; i <= octets.Length - Vector256<byte>.Count; i += Vector256<byte>.Count)
        {
            Vector256<byte> here = Vector256.LoadUnsafe(ref start, (nuint)i);
            Vector256<byte> before = Vector256.LoadUnsafe(ref start, (nuint)i - 1);
            Vector256<byte> attention =
                (Vector256.Equals(here, Vector256.Create((byte)'\n')) ^ Vector256.Equals(before, Vector256.Create((byte)'\r')))
                | (Vector256.Equals(here, Vector256.Create((byte)'.')) & Vector256.Equals(before, Vector256.Create((byte)'\n')))
                | Vector256.Equals(here, Vector256<byte>.Zero);
            uint bits = attention.ExtractMostSignificantBits();
            if (bits != 0)
                return UpTo(octets, i + BitOperations.TrailingZeroCount(bits));
        }
        for (; i < octets.Length; i++)
        {
            byte here = octets[i];
            byte before = octets[i - 1];
            if ((here == '\n') != (before == '\r') || (here == '.' && before == '\n') || here == 0)
                return UpTo(octets, i);
        }
        return UpTo(octets, octets.Length);
    }

    /// <summary>A CR belongs to what comes after it: it is not clean until its LF is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int UpTo(ReadOnlySpan<byte> octets, int end) => octets[end - 1] == '\r' ? end - 1 : end;
}
