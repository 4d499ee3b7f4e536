using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Api.Contracts;

/// <summary>An email to be composed and sent.</summary>
public sealed record EmailInput
{
    /// <summary>The sending mailbox: its id or its address.</summary>
    public string? Mailbox { get; init; }

    /// <summary>At least one recipient in all.</summary>
    public IReadOnlyList<string>? To { get; init; }

    /// <summary>Seen by all.</summary>
    public IReadOnlyList<string>? Cc { get; init; }

    /// <summary>Seen by nobody.</summary>
    public IReadOnlyList<string>? Bcc { get; init; }

    /// <summary>Where answers go.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>The subject.</summary>
    public string? Subject { get; init; }

    /// <summary>The body as text.</summary>
    public string? Text { get; init; }

    /// <summary>The body as HTML.</summary>
    public string? Html { get; init; }

    /// <summary>Files that come along.</summary>
    public IReadOnlyList<AttachmentInput>? Attachments { get; init; }

    /// <summary>The Message-ID of the email that this one answers.</summary>
    public string? InReplyTo { get; init; }

    /// <summary>Not before this moment.</summary>
    public DateTimeOffset? SendAt { get; init; }

    /// <summary>Whether it goes before others of the mailbox; normal, unless given.</summary>
    public EmailPriority? Priority { get; init; }
}

/// <summary>A file that comes along with an email.</summary>
public sealed record AttachmentInput
{
    /// <summary>Its name, without a path: 1 to 255 characters.</summary>
    public string? Name { get; init; }

    /// <summary>Its media type; where none is given, the one that its name's ending stands for, or <c>application/octet-stream</c>.</summary>
    public string? ContentType { get; init; }

    /// <summary>Its octets, in base64; no more than the settings' maximumAttachmentSizeInKilobytes.</summary>
    public byte[]? Content { get; init; }
}

/// <summary>Which emails are acknowledged.</summary>
public sealed record AcknowledgementInput
{
    /// <summary>1 to 1000 ids.</summary>
    public IReadOnlyList<string>? Emails { get; init; }
}

/// <summary>What became of an acknowledgement.</summary>
/// <param name="Acknowledged">How many of the emails are acknowledged now, those included that were before.</param>
/// <param name="Unknown">The ids of which there is no incoming email, or no longer.</param>
public sealed record AcknowledgementContract(int Acknowledged, IReadOnlyList<string> Unknown);

/// <summary>What comes along with a stored message.</summary>
/// <param name="Number">From 1, in the order in which they stand in the message.</param>
/// <param name="Name">The file name that its sender gave it: a stranger's words, and no path.</param>
/// <param name="ContentType">What its sender says that it is.</param>
/// <param name="Size">Decoded, in octets.</param>
public sealed record AttachmentContract(int Number, string? Name, string ContentType, long Size);

/// <summary>One stored message.</summary>
public sealed record EmailContract
{
    /// <summary>Such as <c>eml_1</c>: its place in the feed as well.</summary>
    public required string Id { get; init; }

    /// <summary>The mailbox's id.</summary>
    public required string Mailbox { get; init; }

    /// <summary>
    /// The id of the first email of its conversation: the one that it answers by In-Reply-To or References, or its own. It never changes, and says
    /// what the sender says: it is no proof of who wrote it.
    /// </summary>
    public required string Conversation { get; init; }

    /// <summary>Which way.</summary>
    public EmailDirection Direction { get; init; }

    /// <summary>Where it stands.</summary>
    public EmailState State { get; init; }

    /// <summary>From the header.</summary>
    public string? From { get; init; }

    /// <summary>From the header.</summary>
    public string? To { get; init; }

    /// <summary>From the header.</summary>
    public string? Cc { get; init; }

    /// <summary>From the header.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>From the header.</summary>
    public string? Subject { get; init; }

    /// <summary>From the header, as written.</summary>
    public string? Date { get; init; }

    /// <summary>From the header.</summary>
    public string? MessageId { get; init; }

    /// <summary>From the header.</summary>
    public string? InReplyTo { get; init; }

    /// <summary>From the header.</summary>
    public string? References { get; init; }

    /// <summary>What comes along with it; where one email is asked for, and not in a listing.</summary>
    public IReadOnlyList<AttachmentContract>? Attachments { get; init; }

    /// <summary>Octets.</summary>
    public long Size { get; init; }

    /// <summary>Of the raw message.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The server's, incoming only.</summary>
    public string? UniqueId { get; init; }

    /// <summary>When it became durable here.</summary>
    public DateTimeOffset StoredAt { get; init; }

    /// <summary>When a consumer first acknowledged it, incoming only.</summary>
    public DateTimeOffset? AcknowledgedAt { get; init; }

    /// <summary>Outgoing only.</summary>
    public string? ReversePath { get; init; }

    /// <summary>What became of each recipient, outgoing only.</summary>
    public IReadOnlyList<Recipient>? Recipients { get; init; }

    /// <summary>Whether it goes before others of the mailbox, outgoing only.</summary>
    public EmailPriority? Priority { get; init; }

    /// <summary>The id of the outgoing email that this delivery status notification speaks of.</summary>
    public string? SpeaksOf { get; init; }

    /// <summary>The id of the email that is the whole of this one, of which only the headers are stored.</summary>
    public string? FetchedAs { get; init; }

    /// <summary>Attempts at delivery, outgoing only.</summary>
    public int? Attempts { get; init; }

    /// <summary>When it is tried next, outgoing only.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>What the last attempt to send it, or to fetch it in whole, ended with.</summary>
    public string? LastError { get; init; }

    /// <summary>A stored email as it goes over HTTP.</summary>
    public static EmailContract Of(Email email)
    {
        bool isOutgoing = email.Direction == EmailDirection.Outgoing;
        return new()
        {
            Id = email.Id.ToString(),
            Mailbox = email.Mailbox.ToString(),
            Conversation = email.Conversation.ToString(),
            Direction = email.Direction,
            State = email.State,
            From = email.Headers.From,
            To = email.Headers.To,
            Cc = email.Headers.Cc,
            ReplyTo = email.Headers.ReplyTo,
            Subject = email.Headers.Subject,
            Date = email.Headers.Date,
            MessageId = email.Headers.MessageId,
            InReplyTo = email.Headers.InReplyTo,
            References = email.Headers.References,
            Size = email.Size,
            Sha256 = email.Sha256,
            UniqueId = email.UniqueId,
            StoredAt = email.StoredAt,
            AcknowledgedAt = email.AcknowledgedAt,
            ReversePath = email.ReversePath,
            Recipients = isOutgoing ? email.Recipients : null,
            Priority = isOutgoing ? email.Priority : null,
            SpeaksOf = email.SpeaksOf?.ToString(),
            FetchedAs = email.FetchedAs?.ToString(),
            Attempts = isOutgoing ? email.Attempts : null,
            NextAttemptAt = email.NextAttemptAt,
            LastError = email.LastError,
        };
    }
}
