using System.Globalization;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.OneShot;

/// <summary>
/// A server as it stands on a command line: <c>pop3s://USER@HOST[:PORT]</c> and its kin. The scheme says what is spoken and how it is
/// secured: <c>pop3s</c> and <c>smtps</c> by implicit TLS, <c>pop3</c> and <c>smtp</c> by STLS and STARTTLS.
/// </summary>
/// <param name="Service">What is spoken.</param>
/// <param name="Security">What the scheme says; an option may say otherwise.</param>
/// <param name="User">Percent-decoded; null where none stands there.</param>
/// <param name="Host">Where.</param>
/// <param name="Port">Null where none stands there.</param>
public sealed record ServerUrl(MailService Service, TlsMode Security, string? User, HostName Host, int? Port)
{
    private static readonly (string Scheme, MailService Service, TlsMode Security)[] Schemes =
    [
        ("pop3s", MailService.Pop3, TlsMode.Implicit),
        ("pop3", MailService.Pop3, TlsMode.StartTls),
        ("smtps", MailService.Submission, TlsMode.Implicit),
        ("smtp", MailService.Submission, TlsMode.StartTls),
    ];

    /// <summary>Reads an address with a scheme.</summary>
    /// <exception cref="FormatException">It is none; the message says why, in words for whoever typed it.</exception>
    public static ServerUrl Parse(string text)
    {
        string[] parts = text.Split("://", 2);
        (string Scheme, MailService Service, TlsMode Security) known = Array.Find(
            Schemes, row => string.Equals(row.Scheme, parts[0], StringComparison.OrdinalIgnoreCase));
        return known.Scheme is null || parts.Length < 2
            ? throw new FormatException(
                $"'{WithoutSecret(text)}' is not an address of a mail server; write for example pop3s://user@pop.example.com or smtps://user@smtp.example.com.")
            : ParseRest(known.Service, known.Security, parts[1]);
    }

    /// <summary>Reads <c>HOST[:PORT]</c>, as a probe takes it; well-known ports say how they are secured.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static ServerUrl ParseHost(MailService service, string text)
    {
        if (text.Contains("://", StringComparison.Ordinal))
        {
            ServerUrl url = Parse(text);
            return url.Service == service ? url : throw new FormatException($"'{WithoutSecret(text)}' is the address of a server of another kind.");
        }
        ServerUrl bare = ParseRest(service, TlsMode.Implicit, text);
        return bare with { Security = ServerLocation.DefaultSecurity(useSsl: true, bare.Port) };
    }

    /// <summary>The location, with what options say in place of what the address says.</summary>
    public ServerLocation Locate(TlsMode? security)
    {
        TlsMode mode = security ?? Security;
        return new(Host, Port ?? ServerLocation.DefaultPort(Service, mode), mode);
    }

    private static ServerUrl ParseRest(MailService service, TlsMode security, string rest)
    {
        // A user name is often an address itself, so the last @ is the one that counts.
        int at = rest.LastIndexOf('@');
        string? user = at < 0 ? null : rest[..at];
        if (user is not null && user.Contains(':', StringComparison.Ordinal))
        {
            throw new FormatException(
                "A password does not belong in an address, where every process of this machine can read it. Use --password-file or EMAILSYNC_PASSWORD.");
        }

        string host = rest[(at + 1)..];
        if (host.EndsWith('/'))
            host = host[..^1];
        int colon = host.LastIndexOf(':');
        int? port = null;
        if (colon >= 0 && colon > host.LastIndexOf(']') && (host.IndexOf(':', StringComparison.Ordinal) == colon || host.StartsWith('[')))
        {
            port = int.TryParse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is > 0 and <= 65535
                ? number
                : throw new FormatException($"'{host[(colon + 1)..]}' is not a port: a number from 1 to 65535.");
            host = host[..colon];
        }
        return new(service, security, string.IsNullOrEmpty(user) ? null : Uri.UnescapeDataString(user), HostName.Parse(host), port);
    }

    // What was typed may hold a password where none belongs.
    private static string WithoutSecret(string text) => text.LastIndexOf('@') is >= 0 and int at ? $"…{text[at..]}" : text;
}
