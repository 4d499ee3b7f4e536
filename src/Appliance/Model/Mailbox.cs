namespace EmailSync.Appliance.Model;

/// <summary>Whose mailbox it is.</summary>
public enum MailboxKind
{
    /// <summary>A person's.</summary>
    User,

    /// <summary>A queue's, such as support@.</summary>
    Queue,
}

/// <summary>How a direction of a mailbox is served.</summary>
public enum DeliveryMethod
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>By this appliance.</summary>
    ServerSideSynchronization,
}

/// <summary>Whether an administrator agreed to the mailbox being processed.</summary>
public enum EmailApproval
{
    /// <summary>No address to approve.</summary>
    Empty,

    /// <summary>Agreed.</summary>
    Approved,

    /// <summary>Waiting for an administrator.</summary>
    Pending,

    /// <summary>Refused.</summary>
    Rejected,
}

/// <summary>What Test &amp; Enable, or the last cycle, found. The numbers are the original's.</summary>
public enum EmailStatus
{
    /// <summary>Never tried.</summary>
    NotRun = 0,

    /// <summary>It worked.</summary>
    Success = 1,

    /// <summary>It failed; an alert says why.</summary>
    Failure = 2,
}

/// <summary>One address, what is done for it, its statuses, and what the engine knows about it.</summary>
public sealed record Mailbox
{
    /// <summary>150 MiB: larger messages are recorded with their headers and not fetched.</summary>
    public const long DefaultMaximumMessageSize = 150L * 1024 * 1024;

    /// <summary>Its identity; 0 until it is stored.</summary>
    public MailboxId Id { get; init; }

    /// <summary>Grows with each change an administrator makes, never with the engine's own notes: the ETag.</summary>
    public long Version { get; init; }

    /// <summary>1 to 200 characters; the address where none is given.</summary>
    public required string Name { get; init; }

    /// <summary>Unique; internationalised addresses (RFC 6531) are accepted.</summary>
    public required string EmailAddress { get; init; }

    /// <summary>A user's or a queue's.</summary>
    public MailboxKind Kind { get; init; }

    /// <summary>The profile it is reached by.</summary>
    public required ProfileId Profile { get; init; }

    /// <summary>At most 200 characters; null where the profile's credentials serve.</summary>
    public string? UserName { get; init; }

    /// <summary>The owner agreed that these credentials are used.</summary>
    public bool AllowCredentialsForEmailProcessing { get; init; }

    /// <summary>Receiving.</summary>
    public DeliveryMethod IncomingEmail { get; init; } = DeliveryMethod.ServerSideSynchronization;

    /// <summary>Sending.</summary>
    public DeliveryMethod OutgoingEmail { get; init; } = DeliveryMethod.ServerSideSynchronization;

    /// <summary>Must be <see cref="EmailApproval.Approved"/> before the mailbox is processed, while approval is required for its kind.</summary>
    public EmailApproval Approval { get; init; } = EmailApproval.Pending;

    /// <summary>Who approved or rejected.</summary>
    public string? ApprovalBy { get; init; }

    /// <summary>When it was approved or rejected.</summary>
    public DateTimeOffset? ApprovalAt { get; init; }

    /// <summary>Only emails received after this moment are processed; the later of this and the profile's is in force.</summary>
    public DateTimeOffset? ProcessEmailsReceivedAfter { get; init; }

    /// <summary>Delete on the server what is durably stored here.</summary>
    public bool DeleteEmailsAfterProcessing { get; init; }

    /// <summary>Delete this many days after storing: 0 to 3,650; null means never.</summary>
    public int? LeaveOnServerDays { get; init; }

    /// <summary>Of what is to be deleted on the server, only what a consumer has acknowledged; the other emails are kept here for as long too.</summary>
    public bool DeleteOnlyAcknowledged { get; init; }

    /// <summary>Octets; a larger message is recorded with its headers, and fetched whole only when somebody asks for it.</summary>
    public long MaximumMessageSize { get; init; } = DefaultMaximumMessageSize;

    /// <summary>What the engine knows.</summary>
    public MailboxState State { get; init; } = new();

    /// <summary>How a direction is served.</summary>
    public DeliveryMethod MethodFor(MailService service) => service == MailService.Pop3 ? IncomingEmail : OutgoingEmail;

    /// <summary>Whether the direction is asked for and was enabled by a successful test.</summary>
    public bool IsEnabledFor(MailService service) => MethodFor(service) == DeliveryMethod.ServerSideSynchronization
        && (service == MailService.Pop3 ? State.EnabledForIncoming : State.EnabledForOutgoing);
}

/// <summary>What the engine writes down about a mailbox: what an operator sees is what runs.</summary>
public sealed record MailboxState
{
    /// <summary>Receiving: what the last test or cycle found.</summary>
    public EmailStatus IncomingStatus { get; init; }

    /// <summary>Sending: what the last test or cycle found.</summary>
    public EmailStatus OutgoingStatus { get; init; }

    /// <summary>Set by a successful test only, cleared by a permanent failure.</summary>
    public bool EnabledForIncoming { get; init; }

    /// <summary>Set by a successful test only, cleared by a permanent failure.</summary>
    public bool EnabledForOutgoing { get; init; }

    /// <summary>When the next poll is due; null where none is.</summary>
    public DateTimeOffset? NextPollAt { get; init; }

    /// <summary>Not polled before this moment.</summary>
    public DateTimeOffset? PostponedUntil { get; init; }

    /// <summary>When the last poll began.</summary>
    public DateTimeOffset? LastPollStartedAt { get; init; }

    /// <summary>When the last poll succeeded.</summary>
    public DateTimeOffset? LastSuccessAt { get; init; }

    /// <summary>What the last failure was, in words.</summary>
    public string? LastError { get; init; }

    /// <summary>When Test &amp; Enable last finished.</summary>
    public DateTimeOffset? TestCompletedAt { get; init; }

    /// <summary>For how many days the server keeps mail (EXPIRE), as the last test found; 0: what was retrieved may be gone. Null where it sets no end.</summary>
    public int? ServerKeepsMailDays { get; init; }

    /// <summary>Receiving: transient failures in a row.</summary>
    public int TransientFailureCount { get; init; }

    /// <summary>Sending: transient failures in a row.</summary>
    public int OutgoingTransientFailureCount { get; init; }

    /// <summary>Polls in a row that brought nothing.</summary>
    public int ConsecutiveEmptyPolls { get; init; }

    /// <summary>Emails received, ever.</summary>
    public long MessagesReceived { get; init; }

    /// <summary>Emails sent, ever.</summary>
    public long MessagesSent { get; init; }

    /// <summary>Who is receiving or sending for the mailbox now; null where nobody is. Read only: what is recorded leaves it alone.</summary>
    public string? LeasedBy { get; init; }

    /// <summary>The state from which nothing is done for the mailbox until it is tested again.</summary>
    public MailboxState Disabled() => this with { EnabledForIncoming = false, EnabledForOutgoing = false, NextPollAt = null, PostponedUntil = null };

    /// <summary>Both directions together: failure where one failed, success where one succeeded and none failed.</summary>
    public EmailStatus MailboxStatus => (IncomingStatus, OutgoingStatus) switch
    {
        (EmailStatus.Failure, _) or (_, EmailStatus.Failure) => EmailStatus.Failure,
        (EmailStatus.Success, _) or (_, EmailStatus.Success) => EmailStatus.Success,
        _ => EmailStatus.NotRun,
    };
}
