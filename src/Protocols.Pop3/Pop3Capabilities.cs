using System.Globalization;
using System.Text;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>
/// What CAPA listed (RFC 2449). Unknown capabilities are kept and change nothing; names are compared without case and whole, so
/// <c>XPIPELINING</c> is not <c>PIPELINING</c>.
/// </summary>
public sealed class Pop3Capabilities
{
    // Thousands of sessions may be open, each with such a list: usual names are one string for all of them.
    private static readonly string[] Usual =
    [
        "AUTH-RESP-CODE", "EXPIRE", "IMPLEMENTATION", "LANG", "LOGIN-DELAY", "PIPELINING", "RESP-CODES", "SASL", "STLS", "TOP", "UIDL", "USER", "UTF8",
    ];

    // Some ten: a search through them costs no more than a dictionary, which is ten times as large.
    private (string Name, string[] Parameters)[] _capabilities = [];

    internal Pop3Capabilities()
    {
    }

    /// <summary>All names, as the server wrote them: data of a stranger, with whatever octets it put into them.</summary>
    public IReadOnlyCollection<string> Names => [.. _capabilities.Select(capability => capability.Name)];

    /// <summary>TOP may be used (RFC 2449 section 6.1).</summary>
    public bool HasTop => Has("TOP");

    /// <summary>UIDL may be used (RFC 2449 section 6.8).</summary>
    public bool HasUniqueIds => Has("UIDL");

    /// <summary>USER and PASS may be used (RFC 2449 section 6.2).</summary>
    public bool HasUser => Has("USER");

    /// <summary>STLS may be used (RFC 2595 section 4).</summary>
    public bool HasStartTls => Has("STLS");

    /// <summary>Commands may be sent ahead of their responses (RFC 2449 section 6.6).</summary>
    public bool HasPipelining => Has("PIPELINING");

    /// <summary>A bracket at the start of a response's text is a response code (RFC 2449 section 6.4).</summary>
    public bool HasResponseCodes => Has("RESP-CODES");

    /// <summary>Every refusal of credentials carries AUTH, so one without it is something else (RFC 3206 section 6).</summary>
    public bool HasAuthResponseCode => Has("AUTH-RESP-CODE");

    /// <summary>UTF8 may be used (RFC 6856).</summary>
    public bool HasUtf8 => Has("UTF8");

    /// <summary>Names and passwords of USER, PASS and APOP may hold UTF-8 (RFC 6856 section 2.2).</summary>
    public bool HasUtf8User => Parameters("UTF8").Contains("USER", StringComparer.OrdinalIgnoreCase);

    /// <summary>LANG may be used (RFC 6856).</summary>
    public bool HasLanguage => Has("LANG");

    /// <summary>The SASL mechanisms announced, in upper case; null where AUTH is not announced at all (RFC 5034).</summary>
    public IReadOnlySet<string>? SaslMechanisms =>
        Has("SASL") ? new HashSet<string>(Parameters("SASL").Select(name => name.ToUpperInvariant()), StringComparer.Ordinal) : null;

    /// <summary>How long after a sign-in the next is accepted, where announced in seconds (RFC 2449 section 6.5); it may be absurd. Null where not, or not in numbers.</summary>
    public TimeSpan? LoginDelay => Number("LOGIN-DELAY") is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>
    /// For how many days the server keeps messages, where announced (RFC 2449 section 6.7); 0: what was retrieved may be gone after QUIT. Null
    /// also for NEVER, in which case <see cref="ExpiresNever"/> holds.
    /// </summary>
    public int? ExpireDays => Number("EXPIRE");

    /// <summary>The delay is not the same for all users; before sign-in <see cref="LoginDelay"/> is the longest of them (RFC 2449 section 6.5).</summary>
    public bool IsLoginDelayPerUser => IsPerUser("LOGIN-DELAY");

    /// <summary>The time is not the same for all users; before sign-in <see cref="ExpireDays"/> is the shortest of them (RFC 2449 section 6.7).</summary>
    public bool IsExpirePerUser => IsPerUser("EXPIRE");

    /// <summary>The server says that it removes nothing by itself (EXPIRE NEVER, RFC 2449 section 6.7).</summary>
    public bool ExpiresNever => Parameters("EXPIRE").Contains("NEVER", StringComparer.OrdinalIgnoreCase);

    /// <summary>What the server calls itself, made safe to show. Never decide anything by it (RFC 2449 section 6.9).</summary>
    public string? Implementation => Has("IMPLEMENTATION")
        ? ServerText.Show(Encoding.Latin1.GetBytes(string.Join(' ', Parameters("IMPLEMENTATION"))))
        : null;

    /// <summary>The capability was listed.</summary>
    /// <param name="name">Its name, in any case.</param>
    public bool Has(string name) => IndexOf(name) >= 0;

    /// <summary>The capability's parameters, as the server wrote them; none if it has none or was not listed.</summary>
    /// <param name="name">Its name, in any case.</param>
    public IReadOnlyList<string> Parameters(string name) => IndexOf(name) is >= 0 and int index ? _capabilities[index].Parameters : [];

    internal void Add(ReadOnlySpan<byte> line)
    {
        string[] words = Encoding.Latin1.GetString(line).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not [string name, .. string[] parameters])
            return;
        if (IndexOf(name) is >= 0 and int known)
            _capabilities[known].Parameters = [.. _capabilities[known].Parameters, .. parameters];
        else
            _capabilities = [.. _capabilities, (Usual.FirstOrDefault(usual => usual == name) ?? name, parameters)];
    }

    private int IndexOf(string name) =>
        Array.FindIndex(_capabilities, capability => string.Equals(capability.Name, name, StringComparison.OrdinalIgnoreCase));

    private bool IsPerUser(string name) => Parameters(name).Skip(1).Contains("USER", StringComparer.OrdinalIgnoreCase);

    private int? Number(string name) =>
        Parameters(name) is [{ } text, ..] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
