namespace EmailSync.Protocols.Smtp;

/// <summary>Who sends a message and who gets it, which is not what its header says (RFC 5321 section 2.3.1).</summary>
/// <param name="ReversePath">Where failures are reported; <see cref="MailPath.Null"/> for a notification.</param>
/// <param name="ForwardPaths">
/// At least one. Servers take 100 in a transaction and may refuse what is over with 452 (section 4.5.3.1.8); those are for another one.
/// </param>
public sealed record Envelope(MailPath ReversePath, IReadOnlyList<MailPath> ForwardPaths)
{
    /// <summary>
    /// The size of the content in octets, for content that is too long to be held and cannot be read twice; otherwise it is counted.
    /// </summary>
    public long? Size { get; init; }
}
