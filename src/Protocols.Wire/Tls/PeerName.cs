using System.Globalization;
using System.Net;

namespace EmailSync.Protocols.Wire.Tls;

/// <summary>The name that a peer must prove, in the one form in which names are compared and sent: an A-label without a trailing dot, or an address.</summary>
internal static class PeerName
{
    private static readonly IdnMapping ToALabel = new() { UseStd3AsciiRules = true };

    /// <summary>Reads a host as people write it.</summary>
    /// <exception cref="ArgumentException">It is no host name and no IP address.</exception>
    public static string Read(string host)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(host);
        string plain = host is ['[', .. { } inner, ']'] ? inner : host;
        // Four whole numbers, or a colon: 127.1, 0x7f000001 and fe80::1%eth0 are read as addresses by resolvers, and no certificate has them.
        if (IPAddress.TryParse(plain, out IPAddress? address))
        {
            return !plain.Contains('%', StringComparison.Ordinal) && (plain.Contains(':', StringComparison.Ordinal) || address.ToString() == plain)
                ? address.ToString()
                : throw new ArgumentException($"'{host}' is not an IP address as certificates have them", nameof(host));
        }
        try
        {
            // The trailing dot makes a name absolute for a resolver; RFC 6066 section 3 has none in SNI, and no certificate has one. Lower case
            // first: the base library, in invariant mode, encodes Ü and ü as two different labels.
            return ToALabel.GetAscii((plain.EndsWith('.') ? plain[..^1] : plain).ToLowerInvariant());
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"'{host}' is not a host name: labels hold letters, digits and hyphens, at most 63 characters each", nameof(host), exception);
        }
    }
}
