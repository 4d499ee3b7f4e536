using System.Globalization;
using System.Net;
using System.Text;

namespace EmailSync.Protocols.Smtp;

/// <summary>The grammar of domains and address literals (RFC 5321 sections 4.1.2 and 4.1.3, RFC 5890).</summary>
internal static class DomainName
{
    private const int MostOctets = 255;
    private const int MostOctetsInLabel = 63;

    private static readonly IdnMapping ToALabel = new() { UseStd3AsciiRules = true };

    /// <summary>Brings a domain or literal into the form that goes over the wire: U-labels become A-labels.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public static string? Read(string text, out string domain)
    {
        domain = text;
        if (text.StartsWith('['))
            return IsAddressLiteral(text) ? null : "the address literal is neither [a.b.c.d] nor [IPv6:...]";
        string[] labels = text.Split('.');
        for (int i = 0; i < labels.Length; i++)
        {
            if (ReadLabel(labels[i], out labels[i]) is { } problem)
                return problem;
        }
        domain = string.Join('.', labels);
        return domain.Length > MostOctets ? $"the domain has more than {MostOctets} octets" : null;
    }

    private static string? ReadLabel(string text, out string label)
    {
        label = text;
        if (text.Length == 0)
            return "the domain has an empty label";
        if (!Ascii.IsValid(text) && ReadULabel(text, out label) is { } problem)
            return problem;
        if (label.Length > MostOctetsInLabel)
            return $"the domain has a label of more than {MostOctetsInLabel} octets";
        foreach (char c in label)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '-')
                return "the domain has something else than letters, digits and hyphens in it";
        }
        return label[0] == '-' || label[^1] == '-' ? "the domain has a label that begins or ends with a hyphen" : null;
    }

    // The base library, in invariant mode, encodes but neither normalises nor checks: what is not safe to encode is refused.
    private static string? ReadULabel(string text, out string label)
    {
        label = text.ToLowerInvariant();
        foreach (Rune rune in label.EnumerateRunes())
        {
            bool isCombiningDiacritic = rune.Value is >= 0x0300 and <= 0x036F;
            bool isLetterOrDigit = Rune.GetUnicodeCategory(rune) is
                UnicodeCategory.LowercaseLetter or UnicodeCategory.OtherLetter or UnicodeCategory.ModifierLetter
                or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.DecimalDigitNumber;
            bool isCompatibilityForm = rune.Value is >= 0xF900 and <= 0xFFFF;
            if (rune.Value != '-' && (!isLetterOrDigit || isCombiningDiacritic || isCompatibilityForm))
                return "the domain has a character that no internationalised domain may have, or that is not in composed form";
        }
        try
        {
            label = ToALabel.GetAscii(label);
            return null;
        }
        catch (ArgumentException)
        {
            return "the domain cannot be written in A-labels";
        }
    }

    private static bool IsAddressLiteral(string text)
    {
        if (text is not ['[', .. { } inner, ']'])
            return false;
        const string tag = "IPv6:";
        return inner.StartsWith(tag, StringComparison.OrdinalIgnoreCase)
            ? inner.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.' || "IPv".Contains(c, StringComparison.Ordinal))
                && IPAddress.TryParse(inner.AsSpan(tag.Length), out IPAddress? address) && address.GetAddressBytes().Length == 16
            : IsIPv4(inner);
    }

    /// <summary>An address literal that holds an IPv4 address in the form of IPv6, as IPv4; everything else as it is.</summary>
    public static string WithIPv4Unmapped(string domain) =>
        domain.StartsWith("[IPv6:", StringComparison.Ordinal) && IPAddress.Parse(domain.AsSpan("[IPv6:".Length..^1)) is { IsIPv4MappedToIPv6: true } address
            ? $"[{address.MapToIPv4()}]"
            : domain;

    private static bool IsIPv4(string text)
    {
        string[] numbers = text.Split('.');
        // The platform's parsers pass over NUL behind the digits.
        return numbers.Length == 4 && numbers.All(number => number.Length is >= 1 and <= 3 && number.All(char.IsAsciiDigit)
            && byte.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _));
    }
}
