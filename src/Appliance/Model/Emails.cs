namespace EmailSync.Appliance.Model;

/// <summary>Which way an email goes.</summary>
public enum EmailDirection
{
    /// <summary>Received.</summary>
    Incoming,

    /// <summary>To be sent, or sent.</summary>
    Outgoing,
}

/// <summary>Where an email stands.</summary>
public enum EmailState
{
    /// <summary>Incoming: durably stored.</summary>
    Received,

    /// <summary>Incoming: too large to fetch; its headers are stored.</summary>
    HeadersOnly,

    /// <summary>Outgoing: durable, waiting for its turn.</summary>
    PendingSend,

    /// <summary>Outgoing: being sent now, or found in this state after a crash.</summary>
    Sending,

    /// <summary>Outgoing: every recipient was accepted, or the last of them failed for good after others were accepted.</summary>
    Sent,

    /// <summary>Outgoing: no recipient was accepted, and it will not be tried again.</summary>
    Failed,

    /// <summary>Outgoing: it may or may not have been accepted, and the profile says that a person decides.</summary>
    Uncertain,

    /// <summary>Outgoing: called back before it was sent.</summary>
    Canceled,

    /// <summary>Outgoing: it was sent, and came back from at least one recipient.</summary>
    Bounced,
}

/// <summary>Which outgoing emails of a mailbox go first.</summary>
public enum EmailPriority
{
    /// <summary>When nothing else is due.</summary>
    Low,

    /// <summary>In its turn.</summary>
    Normal,

    /// <summary>Before all others that are due.</summary>
    High,
}

/// <summary>The fields of a header block that an email is found by. Null where the header has none; text is decoded no further than UTF-8.</summary>
public sealed record EmailHeaders
{
    /// <summary>From.</summary>
    public string? From { get; init; }

    /// <summary>To.</summary>
    public string? To { get; init; }

    /// <summary>Cc.</summary>
    public string? Cc { get; init; }

    /// <summary>Reply-To.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>Subject.</summary>
    public string? Subject { get; init; }

    /// <summary>Date, as written.</summary>
    public string? Date { get; init; }

    /// <summary>Message-ID, with its angle brackets.</summary>
    public string? MessageId { get; init; }

    /// <summary>In-Reply-To.</summary>
    public string? InReplyTo { get; init; }

    /// <summary>References.</summary>
    public string? References { get; init; }

    /// <summary>By its Content-Type it is a delivery status notification (RFC 3464).</summary>
    public bool IsDeliveryReport { get; init; }
}

/// <summary>One stored message: the octets exactly as received, or exactly as they will be sent.</summary>
public sealed record Email
{
    /// <summary>Its identity, and its place in the feed.</summary>
    public EmailId Id { get; init; }

    /// <summary>Whose.</summary>
    public required MailboxId Mailbox { get; init; }

    /// <summary>The id of the first email of its conversation: its own where it is the first. The first may have been deleted since.</summary>
    public EmailId Conversation { get; init; }

    /// <summary>Which way.</summary>
    public required EmailDirection Direction { get; init; }

    /// <summary>Where it stands.</summary>
    public required EmailState State { get; init; }

    /// <summary>What its header says.</summary>
    public EmailHeaders Headers { get; init; } = new();

    /// <summary>Octets of the raw message.</summary>
    public long Size { get; init; }

    /// <summary>Of the raw message: 64 hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The server's unique-id, incoming only; octets outside printable ASCII are escaped.</summary>
    public string? UniqueId { get; init; }

    /// <summary>When it became durable here.</summary>
    public DateTimeOffset StoredAt { get; init; }

    /// <summary>When a consumer first acknowledged it, incoming only.</summary>
    public DateTimeOffset? AcknowledgedAt { get; init; }

    /// <summary>The reverse-path, outgoing only; empty is the null reverse-path.</summary>
    public string? ReversePath { get; init; }

    /// <summary>What became of each recipient, outgoing only.</summary>
    public IReadOnlyList<Recipient> Recipients { get; init; } = [];

    /// <summary>Whether it goes before others, outgoing only.</summary>
    public EmailPriority Priority { get; init; } = EmailPriority.Normal;

    /// <summary>The outgoing email that this incoming delivery status notification speaks of.</summary>
    public EmailId? SpeaksOf { get; init; }

    /// <summary>The incoming email that is the whole of this one, of which only the headers are stored.</summary>
    public EmailId? FetchedAs { get; init; }

    /// <summary>Delivery attempts so far, outgoing only.</summary>
    public int Attempts { get; init; }

    /// <summary>When it is tried next, outgoing only.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>What the last attempt to send it, or to fetch it in whole, ended with, in words.</summary>
    public string? LastError { get; init; }
}

/// <summary>Where one recipient of an outgoing email stands.</summary>
public enum RecipientState
{
    /// <summary>Not yet accepted, and to be tried.</summary>
    Pending,

    /// <summary>The server took responsibility.</summary>
    Accepted,

    /// <summary>Refused for good.</summary>
    Failed,

    /// <summary>Accepted, and later reported as undeliverable.</summary>
    Bounced,
}

/// <summary>One forward-path of an outgoing email, with the server's last word on it.</summary>
/// <param name="Address">The forward-path.</param>
/// <param name="State">Where it stands.</param>
/// <param name="ReplyCode">The SMTP reply code, where one was given.</param>
/// <param name="EnhancedCode">The enhanced status code (RFC 3463), where one was given.</param>
/// <param name="ReplyText">The server's text, escaped and shortened.</param>
public sealed record Recipient(
    string Address, RecipientState State = RecipientState.Pending, int? ReplyCode = null, string? EnhancedCode = null, string? ReplyText = null);
