using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace EmailSync.Protocols.Smtp;

/// <summary>
/// A reverse-path or forward-path that is known to be well formed (RFC 5321 section 4.1.2, RFC 6531 section 3.3). There is no
/// way to make one that holds CR, LF or another control character.
/// </summary>
/// <remarks>
/// The local-part keeps its case and gets the least quoting (RFC 5321 section 4.1.2); a domain of U-labels becomes A-labels. Source routes
/// are not paths of today and are refused.
/// </remarks>
public readonly record struct MailPath
{
    // 256 octets with the angle brackets (RFC 5321 section 4.5.3.1.3).
    private const int MostOctets = 254;

    private readonly string? _mailbox;

    private MailPath(string mailbox) => _mailbox = mailbox;

    /// <summary>The null reverse-path <c>&lt;&gt;</c> of a bounce or another notification (RFC 5321 section 4.5.5).</summary>
    public static MailPath Null => default;

    /// <summary>Whether this is the null reverse-path.</summary>
    public bool IsNull => _mailbox is null;

    /// <summary>The mailbox as it goes over the wire, without angle brackets; empty for the null reverse-path.</summary>
    public string Mailbox => _mailbox ?? "";

    /// <summary>Whether the server must know SMTPUTF8 to take this path: its local-part is not ASCII.</summary>
    public bool NeedsSmtpUtf8 => !Ascii.IsValid(Mailbox);

    internal bool HasDomain => Mailbox.Contains('@', StringComparison.Ordinal);

    // A quoted local-part may have an @, a domain has none.
    internal string Domain => HasDomain ? Mailbox[(Mailbox.LastIndexOf('@') + 1)..] : "";

    /// <summary>Reads a mailbox such as <c>smith@bar.example</c>, or <c>postmaster</c>, without angle brackets.</summary>
    /// <param name="mailbox">At most 254 octets; the domain also with U-labels, or as an address literal.</param>
    /// <exception cref="FormatException">It breaks the grammar or a limit; the message says how.</exception>
    public static MailPath Parse(string mailbox)
    {
        ArgumentNullException.ThrowIfNull(mailbox);
        return Read(mailbox, out MailPath path) is { } problem
            ? throw new FormatException($"{Show(mailbox)} is not a mailbox: {problem} (RFC 5321 section 4.1.2)")
            : path;
    }

    /// <summary>Reads a mailbox; false if it breaks the grammar or a limit.</summary>
    public static bool TryParse([NotNullWhen(true)] string? mailbox, out MailPath path)
    {
        path = default;
        return mailbox is not null && Read(mailbox, out path) is null;
    }

    /// <summary>The mailbox, without angle brackets.</summary>
    public override string ToString() => Mailbox;

    private static string? Read(string mailbox, out MailPath path)
    {
        path = default;
        if (LocalPart.Read(mailbox, out string localPart, out int length) is { } problem)
            return problem;
        if (length == mailbox.Length)
        {
            if (!localPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase))
                return "it has no domain";
            path = new MailPath(localPart);
            return null;
        }
        if (mailbox[length] != '@')
            return "the local-part is followed by something else than @";
        if (DomainName.Read(mailbox[(length + 1)..], out string domain) is { } wrongDomain)
            return wrongDomain;
        string whole = $"{localPart}@{domain}";
        if (Encoding.UTF8.GetByteCount(whole) > MostOctets)
            return $"it has more than {MostOctets} octets";
        path = new MailPath(whole);
        return null;
    }

    // The rejected text may be anything, also long and full of control characters.
    private static string Show(string mailbox) => Wire.ServerText.Show(Encoding.UTF8.GetBytes(mailbox));
}
