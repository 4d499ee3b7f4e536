namespace EmailSync.Appliance.Model;

/// <summary>What an administrator sets once for the whole appliance.</summary>
public sealed record Settings
{
    /// <summary>Grows with each change: the ETag.</summary>
    public long Version { get; init; }

    /// <summary>The profile of mailboxes that name none.</summary>
    public ProfileId? DefaultProfile { get; init; }

    /// <summary>Receiving, for new mailboxes.</summary>
    public DeliveryMethod DefaultIncomingEmail { get; init; } = DeliveryMethod.ServerSideSynchronization;

    /// <summary>Sending, for new mailboxes.</summary>
    public DeliveryMethod DefaultOutgoingEmail { get; init; } = DeliveryMethod.ServerSideSynchronization;

    /// <summary>A user's mailbox is processed only once approved.</summary>
    public bool ApprovalRequiredForUsers { get; init; } = true;

    /// <summary>A queue's mailbox is processed only once approved.</summary>
    public bool ApprovalRequiredForQueues { get; init; } = true;

    /// <summary>The largest attachment of an email that is composed by the API, in units of 1,024 octets: 1 to 131,072.</summary>
    public int MaximumAttachmentSizeInKilobytes { get; init; } = 5120;

    /// <summary>
    /// Emails that are composed by the API get a <see cref="TrackingToken"/> in their subject, and a token in a subject leads to its conversation
    /// where no reference does.
    /// </summary>
    public bool UseTrackingTokens { get; init; }

    /// <summary>Alerts that are good to know are raised.</summary>
    public bool AlertOnInformation { get; init; } = true;

    /// <summary>Alerts of what may mend itself are raised.</summary>
    public bool AlertOnWarning { get; init; } = true;

    /// <summary>Alerts of what stands still until a person acts are raised.</summary>
    public bool AlertOnError { get; init; } = true;

    /// <summary>Alerts that were resolved, and information, are deleted after so many days: 1 to 3,650.</summary>
    public int AlertRetentionDays { get; init; } = 30;

    /// <summary>Entries of the audit log are deleted after so many days: 30 to 3,650.</summary>
    public int AuditRetentionDays { get; init; } = 365;

    /// <summary>Emails are deleted here so many days after they were stored, 1 to 36,500; null keeps them.</summary>
    public int? EmailRetentionDays { get; init; }

    /// <summary>Whether alerts of a level are raised.</summary>
    public bool Alerts(AlertLevel level) => level switch
    {
        AlertLevel.Information => AlertOnInformation,
        AlertLevel.Warning => AlertOnWarning,
        _ => AlertOnError,
    };

    /// <summary>Whether a mailbox of this kind needs approval.</summary>
    public bool RequiresApproval(MailboxKind kind) => kind == MailboxKind.User ? ApprovalRequiredForUsers : ApprovalRequiredForQueues;
}
