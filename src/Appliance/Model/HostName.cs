using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace EmailSync.Appliance.Model;

/// <summary>
/// A host as an administrator wrote it: a DNS name in A-label form, or an IP address. Nothing else has a word here: no scheme, no port,
/// no path, no zone id, and no IPv4 address in one of its disguises (octal, hexadecimal, a single number).
/// </summary>
public sealed record HostName
{
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true, AllowUnassigned = false };
    private static readonly SearchValues<char> NeverInHosts = SearchValues.Create("/?#@\\%");
    private static readonly SearchValues<char> LabelCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    private HostName(string name, IPAddress? address) => (Name, Address) = (name, address);

    /// <summary>The A-label form without a trailing dot, in lower case; for an address its canonical text, without brackets.</summary>
    public string Name { get; }

    /// <summary>The address, where an address was given instead of a name.</summary>
    public IPAddress? Address { get; }

    /// <summary>Reads a host.</summary>
    /// <exception cref="FormatException">The text is not a host; the message says why.</exception>
    public static HostName Parse(string text) => TryParse(text, out HostName? host, out string? reason) ? host : throw new FormatException(reason);

    /// <summary>Reads a host, or says what is wrong with it in words for the person who wrote it.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out HostName? host, [NotNullWhen(false)] out string? reason)
    {
        host = null;
        reason = WhyNotPlain(text);
        if (reason is not null)
            return false;

        string plain = text!.Trim();
        if (plain is ['[', .., ']'] || plain.Contains(':', StringComparison.Ordinal))
            return TryParseIpv6(plain, out host, out reason);

        string name = plain.EndsWith('.') ? plain[..^1] : plain;
        if (LooksNumeric(name))
            return TryParseIpv4(name, out host, out reason);

        try
        {
            // Lower case first: the runtime's own IDNA, without ICU, encodes Ü and ü as two different labels.
            name = Idn.GetAscii(name.ToLowerInvariant());
        }
        catch (ArgumentException)
        {
            reason = $"'{plain}' is not a host name: labels hold letters, digits and hyphens, at most 63 characters each.";
            return false;
        }

        if (name.Length > 253 || !Array.TrueForAll(name.Split('.'), IsLabel))
        {
            reason = $"'{plain}' is not a host name: labels hold letters, digits and hyphens, at most 63 characters each and 253 in all.";
            return false;
        }

        host = new(name, null);
        return true;
    }

    /// <inheritdoc />
    public override string ToString() => Address is not null && IsIpv6(Address) ? $"[{Name}]" : Name;

    private static string? WhyNotPlain(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return "A server location is needed: a host name or an IP address.";
        if (text.Contains("://", StringComparison.Ordinal))
            return $"'{text}' has a scheme; give the host alone, for example pop.example.com.";
        if (text.AsSpan().ContainsAny(NeverInHosts))
            return $"'{text}' has characters that no host has (/ ? # @ \\ %); give the host alone, for example pop.example.com.";
        return text.AsSpan().Trim().ContainsAnyInRange('\0', ' ') ? "A host name has no blanks or control characters inside." : null;
    }

    private static bool TryParseIpv6(string plain, [NotNullWhen(true)] out HostName? host, [NotNullWhen(false)] out string? reason)
    {
        bool bracketed = plain is ['[', .., ']'];
        string inner = bracketed ? plain[1..^1] : plain;
        if (IPAddress.TryParse(inner, out IPAddress? address) && IsIpv6(address))
        {
            host = new(address.ToString(), address);
            reason = null;
            return true;
        }

        host = null;
        reason = bracketed
            ? $"'{plain}' is not an IPv6 address in brackets."
            : $"'{plain}' has a colon; the port has a field of its own, and an IPv6 address stands in brackets.";
        return false;
    }

    private static bool TryParseIpv4(string name, [NotNullWhen(true)] out HostName? host, [NotNullWhen(false)] out string? reason)
    {
        string[] parts = name.Split('.');
        if (parts.Length == 4 && Array.TrueForAll(parts, IsDecimalOctet))
        {
            IPAddress address = IPAddress.Parse(name);
            host = new(address.ToString(), address);
            reason = null;
            return true;
        }

        host = null;
        reason = $"'{name}' is not an IPv4 address: four numbers from 0 to 255, without leading zeros.";
        return false;
    }

    // A last label that is a number, decimal or hexadecimal, is an address in disguise: resolvers read 2130706433 and 0177.1 as 127.0.0.1.
    private static bool LooksNumeric(string name)
    {
        ReadOnlySpan<char> last = name.AsSpan(name.LastIndexOf('.') + 1);
        return last.Length > 0
            && (!last.ContainsAnyExceptInRange('0', '9') || last.StartsWith("0x", StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsIpv6(IPAddress address) => address.GetAddressBytes().Length == 16;

    private static bool IsDecimalOctet(string part) =>
        // The platform's parsers pass over NUL behind the digits.
        part.Length is > 0 and <= 3 && part.All(char.IsAsciiDigit) && (part.Length == 1 || part[0] != '0')
        && byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-'
        && !label.AsSpan().ContainsAnyExcept(LabelCharacters);
}
