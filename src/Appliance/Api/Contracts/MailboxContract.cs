using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Api.Contracts;

/// <summary>What an administrator writes about a mailbox. What is null is filled in from the settings and defaults.</summary>
public sealed record MailboxInput
{
    /// <summary>1 to 200 characters; the address where none is given.</summary>
    public string? Name { get; init; }

    /// <summary>Unique.</summary>
    public string? EmailAddress { get; init; }

    /// <summary>A user's or a queue's.</summary>
    public MailboxKind? Kind { get; init; }

    /// <summary>The profile's id or name.</summary>
    public string? Profile { get; init; }

    /// <summary>At most 200 characters.</summary>
    public string? UserName { get; init; }

    /// <summary>Goes in and never comes out.</summary>
    public string? Password { get; init; }

    /// <summary>For access tokens, where the profile signs in by oauth. Goes in and never comes out.</summary>
    public string? RefreshToken { get; init; }

    /// <summary>True where credentials are given.</summary>
    public bool? AllowCredentialsForEmailProcessing { get; init; }

    /// <summary>Receiving.</summary>
    public DeliveryMethod? IncomingEmail { get; init; }

    /// <summary>Sending.</summary>
    public DeliveryMethod? OutgoingEmail { get; init; }

    /// <summary><c>none</c>: POP3 and SMTP carry neither appointments nor contacts nor tasks.</summary>
    public string? AppointmentsContactsTasks { get; init; }

    /// <summary>Only emails received after this moment are processed.</summary>
    public DateTimeOffset? ProcessEmailsReceivedAfter { get; init; }

    /// <summary>Delete on the server what is stored here.</summary>
    public bool? DeleteEmailsAfterProcessing { get; init; }

    /// <summary>0 to 3650.</summary>
    public int? LeaveOnServerDays { get; init; }

    /// <summary>Of what is to be deleted on the server, only what a consumer has acknowledged.</summary>
    public bool? DeleteOnlyAcknowledged { get; init; }

    /// <summary>Octets.</summary>
    public long? MaximumMessageSize { get; init; }

    /// <summary>What a stored mailbox would be written as.</summary>
    public static MailboxInput Of(Mailbox mailbox) => new()
    {
        Name = mailbox.Name,
        EmailAddress = mailbox.EmailAddress,
        Kind = mailbox.Kind,
        Profile = mailbox.Profile.ToString(),
        UserName = mailbox.UserName,
        AllowCredentialsForEmailProcessing = mailbox.AllowCredentialsForEmailProcessing,
        IncomingEmail = mailbox.IncomingEmail,
        OutgoingEmail = mailbox.OutgoingEmail,
        ProcessEmailsReceivedAfter = mailbox.ProcessEmailsReceivedAfter,
        DeleteEmailsAfterProcessing = mailbox.DeleteEmailsAfterProcessing,
        LeaveOnServerDays = mailbox.LeaveOnServerDays,
        DeleteOnlyAcknowledged = mailbox.DeleteOnlyAcknowledged,
        MaximumMessageSize = mailbox.MaximumMessageSize,
    };
}

/// <summary>A mailbox as it is stored, with what the engine knows about it.</summary>
public sealed record MailboxContract
{
    /// <summary>Such as <c>mbx_1</c>.</summary>
    public required string Id { get; init; }

    /// <summary>As in <see cref="MailboxInput"/>.</summary>
    public required string Name { get; init; }

    /// <summary>As in <see cref="MailboxInput"/>.</summary>
    public required string EmailAddress { get; init; }

    /// <summary>As in <see cref="MailboxInput"/>.</summary>
    public MailboxKind Kind { get; init; }

    /// <summary>The profile's id.</summary>
    public required string Profile { get; init; }

    /// <summary>As in <see cref="MailboxInput"/>.</summary>
    public string? UserName { get; init; }

    /// <summary>Whether a password is stored.</summary>
    public bool IsPasswordSet { get; init; }

    /// <summary>Whether a refresh token is stored.</summary>
    public bool IsRefreshTokenSet { get; init; }

    /// <summary>As in <see cref="MailboxInput"/>.</summary>
    public bool AllowCredentialsForEmailProcessing { get; init; }

    /// <summary>As in <see cref="MailboxInput"/>.</summary>
    public DeliveryMethod IncomingEmail { get; init; }

    /// <summary>As in <see cref="MailboxInput"/>.</summary>
    public DeliveryMethod OutgoingEmail { get; init; }

    /// <summary>Always <c>none</c>.</summary>
    public string AppointmentsContactsTasks { get; init; } = "none";

    /// <summary>Whether an administrator agreed.</summary>
    public EmailApproval Approval { get; init; }

    /// <summary>Who approved or rejected.</summary>
    public string? ApprovalBy { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset? ApprovalAt { get; init; }

    /// <summary>As in <see cref="MailboxInput"/>.</summary>
    public DateTimeOffset? ProcessEmailsReceivedAfter { get; init; }

    /// <summary>As in <see cref="MailboxInput"/>.</summary>
    public bool DeleteEmailsAfterProcessing { get; init; }

    /// <summary>As in <see cref="MailboxInput"/>.</summary>
    public int? LeaveOnServerDays { get; init; }

    /// <summary>As in <see cref="MailboxInput"/>.</summary>
    public bool DeleteOnlyAcknowledged { get; init; }

    /// <summary>As in <see cref="MailboxInput"/>.</summary>
    public long MaximumMessageSize { get; init; }

    /// <summary>Receiving.</summary>
    public EmailStatus IncomingEmailStatus { get; init; }

    /// <summary>Sending.</summary>
    public EmailStatus OutgoingEmailStatus { get; init; }

    /// <summary>Always <c>not-run</c>.</summary>
    public EmailStatus AppointmentsContactsTasksStatus { get; init; }

    /// <summary>Both directions together.</summary>
    public EmailStatus MailboxStatus { get; init; }

    /// <summary>Set by a successful test only.</summary>
    public bool EnabledForIncoming { get; init; }

    /// <summary>Set by a successful test only.</summary>
    public bool EnabledForOutgoing { get; init; }

    /// <summary>When the next poll is due.</summary>
    public DateTimeOffset? NextPollAt { get; init; }

    /// <summary>Not polled before this moment.</summary>
    public DateTimeOffset? PostponedUntil { get; init; }

    /// <summary>For so long its poll has been due and has not begun; only where that is more than a minute.</summary>
    public long? LateBySeconds { get; init; }

    /// <summary>When the last poll began.</summary>
    public DateTimeOffset? LastPollStartedAt { get; init; }

    /// <summary>When the last poll succeeded.</summary>
    public DateTimeOffset? LastSuccessAt { get; init; }

    /// <summary>What the last failure was.</summary>
    public string? LastError { get; init; }

    /// <summary>When Test &amp; Enable last finished.</summary>
    public DateTimeOffset? TestCompletedAt { get; init; }

    /// <summary>
    /// For how many days the server keeps mail (EXPIRE, RFC 2449 section 6.7), as the last Test &amp; Enable found; 0: what was retrieved may be gone.
    /// Null where the server sets no end, or says nothing of it.
    /// </summary>
    public int? ServerKeepsMailDays { get; init; }

    /// <summary>Receiving, in a row.</summary>
    public int TransientFailureCount { get; init; }

    /// <summary>Sending, in a row.</summary>
    public int OutgoingTransientFailureCount { get; init; }

    /// <summary>In a row.</summary>
    public int ConsecutiveEmptyPolls { get; init; }

    /// <summary>Ever.</summary>
    public long MessagesReceived { get; init; }

    /// <summary>Ever.</summary>
    public long MessagesSent { get; init; }

    /// <summary>The machine and process that receives or sends for it at this moment.</summary>
    public string? LeasedBy { get; init; }

    /// <summary>A stored mailbox as it goes over HTTP.</summary>
    public static MailboxContract Of(Mailbox mailbox, bool isPasswordSet) => new()
    {
        Id = mailbox.Id.ToString(),
        Name = mailbox.Name,
        EmailAddress = mailbox.EmailAddress,
        Kind = mailbox.Kind,
        Profile = mailbox.Profile.ToString(),
        UserName = mailbox.UserName,
        IsPasswordSet = isPasswordSet,
        AllowCredentialsForEmailProcessing = mailbox.AllowCredentialsForEmailProcessing,
        IncomingEmail = mailbox.IncomingEmail,
        OutgoingEmail = mailbox.OutgoingEmail,
        Approval = mailbox.Approval,
        ApprovalBy = mailbox.ApprovalBy,
        ApprovalAt = mailbox.ApprovalAt,
        ProcessEmailsReceivedAfter = mailbox.ProcessEmailsReceivedAfter,
        DeleteEmailsAfterProcessing = mailbox.DeleteEmailsAfterProcessing,
        LeaveOnServerDays = mailbox.LeaveOnServerDays,
        DeleteOnlyAcknowledged = mailbox.DeleteOnlyAcknowledged,
        MaximumMessageSize = mailbox.MaximumMessageSize,
        IncomingEmailStatus = mailbox.State.IncomingStatus,
        OutgoingEmailStatus = mailbox.State.OutgoingStatus,
        MailboxStatus = mailbox.State.MailboxStatus,
        EnabledForIncoming = mailbox.State.EnabledForIncoming,
        EnabledForOutgoing = mailbox.State.EnabledForOutgoing,
        NextPollAt = mailbox.State.NextPollAt,
        PostponedUntil = mailbox.State.PostponedUntil,
        LastPollStartedAt = mailbox.State.LastPollStartedAt,
        LastSuccessAt = mailbox.State.LastSuccessAt,
        LastError = mailbox.State.LastError,
        TestCompletedAt = mailbox.State.TestCompletedAt,
        ServerKeepsMailDays = mailbox.State.ServerKeepsMailDays,
        TransientFailureCount = mailbox.State.TransientFailureCount,
        OutgoingTransientFailureCount = mailbox.State.OutgoingTransientFailureCount,
        ConsecutiveEmptyPolls = mailbox.State.ConsecutiveEmptyPolls,
        MessagesReceived = mailbox.State.MessagesReceived,
        MessagesSent = mailbox.State.MessagesSent,
        LeasedBy = mailbox.State.LeasedBy,
    };
}
