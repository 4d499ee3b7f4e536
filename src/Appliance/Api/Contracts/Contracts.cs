using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Api.Contracts;

/// <summary>A page of a listing.</summary>
/// <param name="Items">In order.</param>
/// <param name="Next">Give it as <c>after</c> (alerts: <c>before</c>) for the next page; null where this is the last one.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Something an administrator should know.</summary>
public sealed record AlertContract(
    string Id, string Code, AlertLevel Level, AlertScope Scope, string Subject, string Text, string Remedy,
    DateTimeOffset RaisedAt, DateTimeOffset LastSeenAt, int Count, DateTimeOffset? ResolvedAt)
{
    /// <summary>A stored alert as it goes over HTTP.</summary>
    public static AlertContract Of(Alert alert) => new(
        alert.Id.ToString(), alert.Code, alert.Level, alert.Subject.Scope, alert.Subject.Id, alert.Text, alert.Remedy,
        alert.RaisedAt, alert.LastSeenAt, alert.Count, alert.ResolvedAt);
}

/// <summary>A kind of alert.</summary>
public sealed record AlertEntryContract(string Code, AlertLevel Level, IReadOnlyList<AlertScope> Scopes, string Title, string Remedy)
{
    /// <summary>An entry of the catalogue.</summary>
    public static AlertEntryContract Of(AlertEntry entry) => new(entry.Code, entry.Level, entry.Scopes, entry.Title, entry.Remedy);
}

/// <summary>A rescan that was asked for.</summary>
/// <param name="Mailbox">The mailbox's id.</param>
/// <param name="Forgotten">Messages that were skipped, or stored with their headers only, and are judged anew.</param>
public sealed record RescanContract(string Mailbox, int Forgotten);

/// <summary>The settings.</summary>
public sealed record SettingsContract
{
    /// <summary>The profile's id or name.</summary>
    public string? DefaultProfile { get; init; }

    /// <summary>For new mailboxes.</summary>
    public DeliveryMethod? DefaultIncomingEmail { get; init; }

    /// <summary>For new mailboxes.</summary>
    public DeliveryMethod? DefaultOutgoingEmail { get; init; }

    /// <summary>A user's mailbox is processed only once approved.</summary>
    public bool? ApprovalRequiredForUsers { get; init; }

    /// <summary>A queue's mailbox is processed only once approved.</summary>
    public bool? ApprovalRequiredForQueues { get; init; }

    /// <summary>Of an email that is composed by the API, in units of 1,024 octets: 1 to 131,072.</summary>
    public int? MaximumAttachmentSizeInKilobytes { get; init; }

    /// <summary>Composed emails get a token (CRM: and 7 digits) in their subject, which leads an answer to its conversation where no reference does.</summary>
    public bool? UseTrackingTokens { get; init; }

    /// <summary>Alerts that are good to know are raised.</summary>
    public bool? AlertOnInformation { get; init; }

    /// <summary>Alerts of what may mend itself are raised.</summary>
    public bool? AlertOnWarning { get; init; }

    /// <summary>Alerts of what stands still until a person acts are raised.</summary>
    public bool? AlertOnError { get; init; }

    /// <summary>Alerts that were resolved, and information, are deleted after so many days: 1 to 3,650.</summary>
    public int? AlertRetentionDays { get; init; }

    /// <summary>Entries of the audit log are deleted after so many days: 30 to 3,650.</summary>
    public int? AuditRetentionDays { get; init; }

    /// <summary>Emails are deleted here so many days after they were stored, 1 to 36,500; null keeps them. On the server they go as leaveOnServerDays says.</summary>
    public int? EmailRetentionDays { get; init; }

    /// <summary>The stored settings as they go over HTTP.</summary>
    public static SettingsContract Of(Settings settings) => new()
    {
        DefaultProfile = settings.DefaultProfile?.ToString(),
        DefaultIncomingEmail = settings.DefaultIncomingEmail,
        DefaultOutgoingEmail = settings.DefaultOutgoingEmail,
        ApprovalRequiredForUsers = settings.ApprovalRequiredForUsers,
        ApprovalRequiredForQueues = settings.ApprovalRequiredForQueues,
        MaximumAttachmentSizeInKilobytes = settings.MaximumAttachmentSizeInKilobytes,
        UseTrackingTokens = settings.UseTrackingTokens,
        AlertOnInformation = settings.AlertOnInformation,
        AlertOnWarning = settings.AlertOnWarning,
        AlertOnError = settings.AlertOnError,
        AlertRetentionDays = settings.AlertRetentionDays,
        AuditRetentionDays = settings.AuditRetentionDays,
        EmailRetentionDays = settings.EmailRetentionDays,
    };
}

/// <summary>How the appliance stands.</summary>
/// <param name="Version">Of the program.</param>
/// <param name="Policy">The egress policy in force.</param>
/// <param name="Planned">Pieces of work that are planned.</param>
/// <param name="Waiting">Due, and waiting for a free connection.</param>
/// <param name="Late">Of those, for more than a minute.</param>
/// <param name="Running">Running now.</param>
/// <param name="Completed">Since start.</param>
/// <param name="Failed">Of those.</param>
/// <param name="EmailsReceived">Stored, incoming.</param>
/// <param name="EmailsPending">In the outbox.</param>
/// <param name="StoreCheck">The last check of everything that is stored; null where none has come to its end.</param>
public sealed record StatusContract(
    string Version, string Policy, int Planned, int Waiting, int Late, int Running, long Completed, long Failed, long EmailsReceived, long EmailsPending,
    StoreCheckContract? StoreCheck);

/// <summary>What a check of everything that is stored found.</summary>
/// <param name="CompletedAt">When it ended.</param>
/// <param name="Emails">How many emails' octets were held against their checksums.</param>
/// <param name="FaultCount">How many faults it found.</param>
/// <param name="Faults">The first ten of them.</param>
public sealed record StoreCheckContract(DateTimeOffset CompletedAt, long Emails, int FaultCount, IReadOnlyList<string> Faults);

/// <summary>What is wrong with one field.</summary>
/// <param name="Field">By its name in JSON.</param>
/// <param name="Value">What was given; null for a secret, or where nothing was.</param>
/// <param name="Reason">Why it is refused.</param>
/// <param name="Remedy">What to give instead.</param>
public sealed record Fault(string Field, string? Value, string Reason, string Remedy);

/// <summary>Problem details (RFC 9457).</summary>
public sealed record Problem
{
    /// <summary>Names the kind of problem.</summary>
    public required string Type { get; init; }

    /// <summary>The kind, in words.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>This occurrence, in words.</summary>
    public string? Detail { get; init; }

    /// <summary>Stable, for programs.</summary>
    public required string Code { get; init; }

    /// <summary>All that is wrong with the request's fields.</summary>
    public IReadOnlyList<Fault>? Errors { get; init; }
}
