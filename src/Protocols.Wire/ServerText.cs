using System.Buffers;
using System.Globalization;
using System.Text;

namespace EmailSync.Protocols.Wire;

/// <summary>What a server said, made safe to show: it is data of a stranger, never our own words.</summary>
public static class ServerText
{
    /// <summary>The longest text kept, in characters of the result.</summary>
    public const int MaxLength = 200;

    /// <summary>Printable ASCII: the usual text, which needs no look at each character.</summary>
    private static readonly SearchValues<byte> Plain = SearchValues.Create(Enumerable.Range(0x20, 0x5F).Select(octet => (byte)octet).ToArray());

    /// <summary>
    /// At most <see cref="MaxLength"/> characters of <paramref name="octets"/>, read as UTF-8 or else as Latin-1, with C0 and C1
    /// controls, DEL, line separators and bidirectional controls written as escapes (<c>\x1B</c>, <c>\u202E</c>).
    /// </summary>
    public static string Show(ReadOnlySpan<byte> octets)
    {
        if (octets.Length <= MaxLength && !octets.ContainsAnyExcept(Plain))
            return Encoding.ASCII.GetString(octets);

        // Four octets make a character at most, so this is enough to fill the result, wherever the cut falls.
        ReadOnlySpan<byte> head = octets[..Math.Min(octets.Length, MaxLength * 4)];
        StringBuilder shown = new();
        foreach (Rune character in Decode(head, isCut: head.Length < octets.Length).EnumerateRunes())
        {
            string piece = Escape(character);
            if (shown.Length + piece.Length > MaxLength - 1)
                return shown.Append('…').ToString();
            shown.Append(piece);
        }
        return shown.ToString();
    }

    private static string Decode(ReadOnlySpan<byte> octets, bool isCut)
    {
        if (isCut)
        {
            // Do not let half a character at the cut decide that all of it is Latin-1.
            int end = octets.Length;
            while (end > octets.Length - 4 && (octets[end - 1] & 0xC0) == 0x80)
                end--;
            if (octets[end - 1] >= 0xC0)
                octets = octets[..(end - 1)];
        }
        try
        {
            return StrictUtf8.Encoding.GetString(octets);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(octets);
        }
    }

    private static string Escape(Rune character) => Rune.GetUnicodeCategory(character) switch
    {
        UnicodeCategory.Control => $"\\x{character.Value:X2}",
        // Bidirectional controls, zero-width characters, line separators: they change how the rest is read.
        UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => $"\\u{character.Value:X4}",
        _ => character.ToString(),
    };
}
