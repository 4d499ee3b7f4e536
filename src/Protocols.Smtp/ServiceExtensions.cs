using System.Globalization;

namespace EmailSync.Protocols.Smtp;

/// <summary>
/// What EHLO offered (RFC 5321 section 4.1.1.1). Keywords are compared whole and without case, so <c>XSTARTTLS</c> is not
/// <c>STARTTLS</c>; unknown ones are kept and change nothing.
/// </summary>
public sealed class ServiceExtensions
{
    private readonly Dictionary<string, string> _parameters = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _mechanisms = new(StringComparer.Ordinal);

    private ServiceExtensions()
    {
    }

    /// <summary>All keywords, as the server wrote them; letters, digits and hyphens, each once.</summary>
    public IReadOnlyCollection<string> Keywords => _parameters.Keys;

    /// <summary>STARTTLS may be used (RFC 3207).</summary>
    public bool HasStartTls { get; private init; }

    /// <summary>Commands may be sent ahead of their replies (RFC 2920).</summary>
    public bool HasPipelining { get; private init; }

    /// <summary>BDAT may be used (RFC 3030).</summary>
    public bool HasChunking { get; private init; }

    /// <summary>Content may be anything, where <see cref="HasChunking"/> is offered too (RFC 3030).</summary>
    public bool HasBinaryMime { get; private init; }

    /// <summary>Notifications of delivery can be asked for (RFC 3461).</summary>
    public bool HasDsn { get; private init; }

    /// <summary>TLS can be required for the rest of the way; counts only under TLS (RFC 8689).</summary>
    public bool HasRequireTls { get; private init; }

    /// <summary>What the server will refuse because it is too much, as far as it says so (RFC 9422).</summary>
    public ServiceLimits Limits { get; private init; } = ServiceLimits.Parse(null);

    /// <summary>Content may hold octets above 127 (RFC 6152).</summary>
    public bool HasEightBitMime { get; private init; }

    /// <summary>Addresses and header may hold UTF-8 (RFC 6531).</summary>
    public bool HasSmtpUtf8 { get; private init; }

    /// <summary>The size of a message may be declared (RFC 1870).</summary>
    public bool HasSize { get; private init; }

    /// <summary>The largest message the server takes, in octets; null where it names no limit, or not one in numbers.</summary>
    public long? MaxSize { get; private init; }

    /// <summary>The SASL mechanisms offered, in upper case (RFC 4954).</summary>
    public IReadOnlySet<string> Mechanisms => _mechanisms;

    internal static ServiceExtensions None { get; } = new();

    /// <summary>The extension was offered.</summary>
    /// <param name="keyword">Its keyword, in any case.</param>
    public bool Has(string keyword) => _parameters.ContainsKey(keyword);

    /// <summary>What stood behind the keyword; empty if nothing, null if the extension was not offered. Data of a stranger, with whatever octets.</summary>
    /// <param name="keyword">Its keyword, in any case.</param>
    public string? ParametersOf(string keyword) => _parameters.GetValueOrDefault(keyword);

    /// <summary>Reads the lines of a reply to EHLO; the first is the server's name and greeting.</summary>
    internal static ServiceExtensions Parse(IEnumerable<string> lines)
    {
        ServiceExtensions read = new();
        foreach (string line in lines.Skip(1))
            read.Add(line);
        return new ServiceExtensions(read);
    }

    // The properties are asked for with every message, so they are looked up once.
    private ServiceExtensions(ServiceExtensions read)
    {
        (_parameters, _mechanisms) = (read._parameters, read._mechanisms);
        HasStartTls = Has("STARTTLS");
        HasPipelining = Has("PIPELINING");
        HasChunking = Has("CHUNKING");
        HasBinaryMime = Has("BINARYMIME");
        HasDsn = Has("DSN");
        HasRequireTls = Has("REQUIRETLS");
        Limits = ServiceLimits.Parse(ParametersOf("LIMITS"));
        HasEightBitMime = Has("8BITMIME");
        HasSmtpUtf8 = Has("SMTPUTF8");
        HasSize = Has("SIZE");
        MaxSize = long.TryParse(ParametersOf("SIZE"), NumberStyles.None, CultureInfo.InvariantCulture, out long size) && size > 0
            ? size
            : null;
    }

    private void Add(string line)
    {
        // "AUTH=LOGIN PLAIN" is how it was written before RFC 2554, and some servers send both forms.
        int end = line.AsSpan().IndexOfAny(' ', '=');
        string keyword = end < 0 ? line : line[..end];
        string parameters = end < 0 ? "" : line[(end + 1)..];
        if (!IsKeyword(keyword) || (end >= 0 && line[end] == '=' && !keyword.Equals("AUTH", StringComparison.OrdinalIgnoreCase)))
            return;
        if (keyword.Equals("AUTH", StringComparison.OrdinalIgnoreCase))
            _mechanisms.UnionWith(parameters.ToUpperInvariant().Split([' ', '='], StringSplitOptions.RemoveEmptyEntries));
        _parameters.TryAdd(keyword, parameters);
    }

    // ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
    private static bool IsKeyword(string text) =>
        text.Length > 0 && text[0] != '-' && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
