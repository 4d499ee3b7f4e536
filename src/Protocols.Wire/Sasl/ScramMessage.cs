using System.Globalization;
using System.Text;

namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>The server's messages of SCRAM, read by the grammar of RFC 5802 section 7 and no more freely.</summary>
internal static class ScramMessage
{
    private const int MaxNonce = 1024;
    private const int MaxSalt = 1024;

    /// <summary>saslname: comma and equals sign have a meaning of their own.</summary>
    public static string Escape(string name) =>
        name.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal);

    /// <summary>server-first-message.</summary>
    public static (string Nonce, byte[] Salt, int Iterations) ParseServerFirst(ReadOnlySpan<byte> message, string clientNonce, ScramOptions options)
    {
        List<(char Name, string Value)> attributes = Attributes(message);
        if (attributes is not [('r', { } nonce), ('s', { } salt64), ('i', { } count), ..])
            throw new ProtocolViolationException("The server's first message of SCRAM is not made of nonce, salt and iteration count", message);
        if (nonce.Length > MaxNonce || nonce.Any(c => c is < '!' or > '~'))
            throw new ProtocolViolationException("The server's nonce is too long, or not printable");
        // A nonce that is only ours is a replay's: the server has added nothing of its own.
        if (!nonce.StartsWith(clientNonce, StringComparison.Ordinal) || nonce.Length == clientNonce.Length)
            throw new ProtocolViolationException("The server's nonce does not continue ours (RFC 5802 section 5.1)");
        if (!SaslMechanism.TryDecodeChallenge(Encoding.ASCII.GetBytes(salt64), out byte[] salt) || salt.Length is 0 or > MaxSalt)
            throw new ProtocolViolationException($"The server's salt is not base64 of 1 to {MaxSalt} octets");
        return (nonce, salt, ReadIterations(count, options));
    }

    /// <summary>The verifier of a server-final-message.</summary>
    public static byte[] ParseServerFinal(ReadOnlySpan<byte> message) =>
        Attributes(message) is [('v', { } verifier), ..] && SaslMechanism.TryDecodeChallenge(Encoding.ASCII.GetBytes(verifier), out byte[] signature)
            ? signature
            : throw new ProtocolViolationException("The server's last message of SCRAM holds no signature", message);

    /// <summary>The server-error, made safe to show; null if the message holds none.</summary>
    public static string? ErrorOf(ReadOnlySpan<byte> message) =>
        message.StartsWith("e="u8) ? ServerText.Show(message[2..]) : null;

    private static List<(char Name, string Value)> Attributes(ReadOnlySpan<byte> message)
    {
        string text;
        try
        {
            text = StrictUtf8.Encoding.GetString(message);
        }
        catch (DecoderFallbackException)
        {
            throw new ProtocolViolationException("The server's message of SCRAM is not UTF-8", message);
        }

        List<(char Name, string Value)> attributes = [];
        HashSet<char> names = [];
        foreach (string attribute in text.Split(','))
        {
            if (attribute is not [{ } name, '=', _, ..] || !char.IsAsciiLetter(name))
                throw new ProtocolViolationException("The server's message of SCRAM is malformed", message);
            if (name == 'm')
                throw new ProtocolViolationException("The server asks for an extension of SCRAM that is mandatory and unknown (RFC 5802 section 5.1)", message);
            if (!names.Add(name))
                throw new ProtocolViolationException("The server's message of SCRAM has an attribute twice", message);
            attributes.Add((name, attribute[2..]));
        }
        return attributes;
    }

    private static int ReadIterations(string count, ScramOptions options)
    {
        if (!count.All(char.IsAsciiDigit) || count[0] == '0')
            throw new ProtocolViolationException("The server's iteration count is not a number");
        // A number too large for an int is larger than any maximum.
        if (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int iterations) || iterations > options.MaxIterations)
            throw new ProtocolViolationException($"The server asks for more than {options.MaxIterations} iterations");
        return iterations >= options.MinIterations
            ? iterations
            : throw new ProtocolViolationException($"The server asks for {iterations} iterations; fewer than {options.MinIterations} protect no password");
    }
}
