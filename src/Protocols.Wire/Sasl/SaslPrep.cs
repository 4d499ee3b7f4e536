using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>
/// SASLprep (RFC 4013), after which both sides mean the same octets by a name or a password. ASCII is its own preparation. Anything else
/// is normalised by the platform, which does nothing of the kind in a process with <c>InvariantGlobalization</c>: there it is refused,
/// as RFC 5802 section 2.2 allows, because a key made of the wrong octets is only ever a wrong password.
/// </summary>
/// <remarks>
/// Stricter than RFC 3454 section 6 in one point: a text that runs right to left holds nothing else but marks, digits and ASCII
/// punctuation, so the table of all other characters that run left to right is not needed.
/// </remarks>
public static class SaslPrep
{
    // RFC 3454, tables C.1.2 (to a space), B.1 (to nothing), C.2.2 and C.3 to C.9 (prohibited), D.1 (right to left).
    private static readonly (int First, int Last)[] Spaces = [(0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200B), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)];

    private static readonly (int First, int Last)[] Nothings =
        [(0xAD, 0xAD), (0x34F, 0x34F), (0x1806, 0x1806), (0x180B, 0x180D), (0x200C, 0x200D), (0x2060, 0x2060), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)];

    private static readonly (int First, int Last)[] Prohibited =
    [
        (0x00, 0x1F), (0x7F, 0x9F), (0x340, 0x341), (0x6DD, 0x6DD), (0x70F, 0x70F), (0x180E, 0x180E), (0x200C, 0x200F), (0x2028, 0x202E),
        (0x2060, 0x2063), (0x206A, 0x206F), (0x2FF0, 0x2FFB), (0xE000, 0xF8FF), (0xFDD0, 0xFDEF), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFF),
        (0x1D173, 0x1D17A), (0xE0001, 0xE0001), (0xE0020, 0xE007F), (0xF0000, 0x10FFFF),
    ];

    private static readonly (int First, int Last)[] RightToLeft =
    [
        (0x5BE, 0x5BE), (0x5C0, 0x5C0), (0x5C3, 0x5C3), (0x5D0, 0x5EA), (0x5F0, 0x5F4), (0x61B, 0x61B), (0x61F, 0x61F), (0x621, 0x63A),
        (0x640, 0x64A), (0x66D, 0x66F), (0x671, 0x6D5), (0x6DD, 0x6DD), (0x6E5, 0x6E6), (0x6FA, 0x6FE), (0x700, 0x70D), (0x710, 0x710),
        (0x712, 0x72C), (0x780, 0x7A5), (0x7B1, 0x7B1), (0x200F, 0x200F), (0xFB1D, 0xFB1D), (0xFB1F, 0xFB28), (0xFB2A, 0xFB36),
        (0xFB38, 0xFB3C), (0xFB3E, 0xFB3E), (0xFB40, 0xFB41), (0xFB43, 0xFB44), (0xFB46, 0xFBB1), (0xFBD3, 0xFD3D), (0xFD50, 0xFD8F),
        (0xFD92, 0xFDC7), (0xFDF0, 0xFDFC), (0xFE70, 0xFE74), (0xFE76, 0xFEFC),
    ];

    // The feminine ordinal indicator is an a, once normalised (RFC 4013 section 3, example 5).
    private static readonly bool CanNormalize = "\u00AA".Normalize(NormalizationForm.FormKC) == "a";

    /// <summary>Prepares a name, as a query: characters that Unicode 3.2 did not know are let through (RFC 5802 section 5.1).</summary>
    /// <param name="text">The name.</param>
    /// <param name="what">What it is, for the error.</param>
    /// <exception cref="ArgumentException">It cannot be prepared, or nothing is left of it. The message does not hold it.</exception>
    public static string Prepare(string text, string what)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryPrepare(text, out string? prepared, out string? reason) ? prepared : throw new ArgumentException($"The {what} {reason}");
    }

    /// <summary>Prepares a password.</summary>
    /// <exception cref="ArgumentException">It cannot be prepared, or nothing is left of it. The message does not hold it.</exception>
    public static Secret Prepare(Secret password) => new(Prepare(password.Reveal(), "password"));

    /// <summary>Whether <see cref="Prepare(string, string)"/> would succeed.</summary>
    public static bool CanPrepare(string text) => TryPrepare(text, out _, out _);

    private static bool TryPrepare(string text, [NotNullWhen(true)] out string? prepared, [NotNullWhen(false)] out string? reason)
    {
        (prepared, reason) = (null, null);
        if (Ascii.IsValid(text))
        {
            prepared = text;
        }
        else if (!CanNormalize)
        {
            reason = "is not ASCII, and this process runs without Unicode normalisation (InvariantGlobalization), which SASLprep needs "
                + "(RFC 4013). Sign in by PLAIN inside TLS";
            return false;
        }
        else
        {
            try
            {
                prepared = Map(text).Normalize(NormalizationForm.FormKC);
            }
            catch (ArgumentException)
            {
                reason = "is not valid Unicode";
                return false;
            }
        }

        reason = prepared.Length == 0 ? "is empty"
            : prepared.EnumerateRunes().Any(rune => IsIn(Prohibited, rune) || (rune.Value & 0xFFFE) == 0xFFFE) ? "holds a character that SASLprep prohibits (RFC 4013 section 2.3)"
            : !IsOneWay(prepared) ? "mixes text that runs right to left with other text (RFC 3454 section 6)"
            : null;
        return reason is null;
    }

    private static string Map(string text)
    {
        StringBuilder mapped = new(text.Length);
        // An unpaired surrogate must reach the normalisation, which refuses it, so this does not go by runes.
        foreach (char c in text)
        {
            if (IsIn(Spaces, c))
                mapped.Append(' ');
            else if (!IsIn(Nothings, c))
                mapped.Append(c);
        }
        return mapped.ToString();
    }

    private static bool IsOneWay(string text)
    {
        Rune[] runes = [.. text.EnumerateRunes()];
        return !runes.Any(rune => IsIn(RightToLeft, rune))
            || (IsIn(RightToLeft, runes[0]) && IsIn(RightToLeft, runes[^1]) && runes.All(rune => IsIn(RightToLeft, rune) || HasNoDirection(rune)));
    }

    private static bool HasNoDirection(Rune rune) =>
        Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark
        || (rune.IsAscii && !Rune.IsLetter(rune))
        || rune.Value is (>= 0x660 and <= 0x669) or (>= 0x6F0 and <= 0x6F9);

    private static bool IsIn((int First, int Last)[] ranges, Rune rune) => IsIn(ranges, rune.Value);

    private static bool IsIn((int First, int Last)[] ranges, int value) =>
        Array.Exists(ranges, range => value >= range.First && value <= range.Last);
}
