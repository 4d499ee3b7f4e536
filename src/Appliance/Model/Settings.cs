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

    /// <summary>Whether a mailbox of this kind needs approval.</summary>
    public bool RequiresApproval(MailboxKind kind) => kind == MailboxKind.User ? ApprovalRequiredForUsers : ApprovalRequiredForQueues;
}
