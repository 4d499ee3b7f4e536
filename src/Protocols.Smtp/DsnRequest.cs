namespace EmailSync.Protocols.Smtp;

/// <summary>How much of the message a notification of failure brings back (RFC 3461 section 4.3).</summary>
public enum DsnReturn
{
    /// <summary>RET=HDRS: the header.</summary>
    Header,

    /// <summary>RET=FULL: all of it.</summary>
    Full,
}

/// <summary>When somebody wants to hear of a delivery (RFC 3461 section 4.1).</summary>
[Flags]
public enum DsnNotify
{
    /// <summary>NOTIFY=NEVER: in no case. It cannot be combined with another.</summary>
    Never = 0,

    /// <summary>It was delivered.</summary>
    Success = 1,

    /// <summary>It could not be delivered.</summary>
    Failure = 2,

    /// <summary>It is late.</summary>
    Delay = 4,
}

/// <summary>
/// Which delivery status notifications are wanted (RFC 3461). What is null is not said, and the server does as it always does. Only for a
/// server that offers DSN: <see cref="ServiceExtensions.HasDsn"/>.
/// </summary>
public sealed record DsnRequest
{
    // The entire parameter (RFC 3461 section 4.4).
    private const int MostEnvelopeId = 100;

    /// <summary>RET: how much of the message a notification of failure brings back.</summary>
    public DsnReturn? Return { get; init; }

    /// <summary>ENVID: an id that all notifications about this transaction will quote. Printable ASCII and spaces.</summary>
    /// <exception cref="ArgumentException">It is empty, has other characters, or needs more than 100 in its encoded form.</exception>
    public string? EnvelopeId
    {
        get;
        init => field = value is null || (value.Length > 0 && Xtext.IsEncodable(value) && EnvidOf(value).Length <= MostEnvelopeId)
            ? value
            : throw new ArgumentException(
                $"An envelope id is printable ASCII, and ENVID= with it encoded has no more than {MostEnvelopeId} characters (RFC 3461 section 4.4)",
                nameof(EnvelopeId));
    }

    /// <summary>NOTIFY for every recipient that <see cref="NotifyOf"/> does not name.</summary>
    public DsnNotify? Notify { get; init; }

    /// <summary>NOTIFY for single recipients.</summary>
    public IReadOnlyDictionary<MailPath, DsnNotify> NotifyOf { get; init; } = new Dictionary<MailPath, DsnNotify>();

    /// <summary>
    /// ORCPT: whether each recipient's address is given as the original one, so that notifications name it also where the message was
    /// forwarded. On submission it is the same address as that of RCPT (RFC 3461 section 4.2).
    /// </summary>
    public bool GivesOriginalRecipients { get; init; }

    internal DsnNotify? NotifyFor(MailPath forwardPath) =>
        NotifyOf.TryGetValue(forwardPath, out DsnNotify notify) ? notify : Notify;

    internal static string EnvidOf(string envelopeId) => $"ENVID={Xtext.Encode(envelopeId)}";
}
