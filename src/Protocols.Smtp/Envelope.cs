namespace EmailSync.Protocols.Smtp;

/// <summary>Who sends a message and who gets it, which is not what its header says (RFC 5321 section 2.3.1).</summary>
/// <param name="ReversePath">Where failures are reported; <see cref="MailPath.Null"/> for a notification.</param>
/// <param name="ForwardPaths">
/// At least one. Servers take 100 in a transaction and may refuse what is over with 452 (RFC 5321 section 4.5.3.1.8); those are for another one.
/// </param>
public sealed record Envelope(MailPath ReversePath, IReadOnlyList<MailPath> ForwardPaths)
{
    /// <summary>
    /// The size of the content in octets, for content that is too long to be held and cannot be read twice; otherwise it is counted.
    /// </summary>
    public long? Size { get; init; }

    /// <summary>
    /// The content is sent as it is, octet by octet, and no rule for text is applied to it: BODY=BINARYMIME, by BDAT, whatever
    /// <see cref="SmtpOptions.UseChunking"/> says (RFC 3030 section 3). Its text parts have to be in canonical form. Only at a server that
    /// offers BINARYMIME and CHUNKING.
    /// </summary>
    public bool IsBinary { get; init; }

    /// <summary>
    /// Every server on the way has to use TLS with a verified certificate, or the message comes back (RFC 8689). Only over TLS, and only at
    /// a server that offers REQUIRETLS there.
    /// </summary>
    public bool RequireTls { get; init; }

    /// <summary>
    /// AUTH: who submitted the message, as far as this side knows; <see cref="MailPath.Null"/> for somebody unknown (RFC 4954 section 5).
    /// Null: nothing is said. Only at a server that offers AUTH.
    /// </summary>
    public MailPath? Submitter { get; init; }

    /// <summary>Which delivery status notifications are wanted; null: nothing is said (RFC 3461). Only at a server that offers DSN.</summary>
    public DsnRequest? Dsn { get; init; }

    /// <exception cref="ArgumentException">No server could take it.</exception>
    internal void Validate()
    {
        if (ForwardPaths.Count == 0 || ForwardPaths.Any(path => path.IsNull))
            throw new ArgumentException("An envelope has at least one forward-path, and none of them is null");
        if (!ReversePath.IsNull && !ReversePath.HasDomain)
            throw new ArgumentException("A reverse-path has a domain; only recipients may be a postmaster without one");
        if (Submitter is { IsNull: false } submitter && (!submitter.HasDomain || submitter.NeedsSmtpUtf8))
            throw new ArgumentException("A submitter has a domain and is ASCII (RFC 4954 section 5)");
        // What has nobody to report to asks for no report (RFC 3461 section 6.1).
        if (ReversePath.IsNull && Dsn is { } dsn
            && (dsn.Return is not null || ForwardPaths.Any(path => dsn.NotifyFor(path) is not (null or DsnNotify.Never))))
            throw new ArgumentException("With a null reverse-path there is no RET, and no NOTIFY but NEVER (RFC 3461 section 6.1)");
    }
}
