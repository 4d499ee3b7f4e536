namespace EmailSync.Appliance.Model;

/// <summary>How much an alert matters.</summary>
public enum AlertLevel
{
    /// <summary>Good to know.</summary>
    Information,

    /// <summary>Something degrades; it may mend itself.</summary>
    Warning,

    /// <summary>Something stands still until a person acts.</summary>
    Error,
}

/// <summary>What an alert is about.</summary>
public enum AlertScope
{
    /// <summary>One email.</summary>
    Message,

    /// <summary>One mailbox.</summary>
    Mailbox,

    /// <summary>One profile.</summary>
    Profile,

    /// <summary>One mail host, for all profiles that use it.</summary>
    Host,

    /// <summary>The appliance itself.</summary>
    Appliance,
}

/// <summary>What an alert is about, and which one of those.</summary>
/// <param name="Scope">The kind.</param>
/// <param name="Id">The id's text form, or the host's name.</param>
public readonly record struct AlertSubject(AlertScope Scope, string Id)
{
    /// <summary>About the appliance itself.</summary>
    public static AlertSubject Appliance { get; } = new(AlertScope.Appliance, "appliance");

    /// <summary>About a mailbox.</summary>
    public static AlertSubject Of(MailboxId mailbox) => new(AlertScope.Mailbox, mailbox.ToString());

    /// <summary>About a profile.</summary>
    public static AlertSubject Of(ProfileId profile) => new(AlertScope.Profile, profile.ToString());

    /// <summary>About an email.</summary>
    public static AlertSubject Of(EmailId email) => new(AlertScope.Message, email.ToString());
}

/// <summary>Something an administrator should know. At most one unresolved alert stands for a code and a subject.</summary>
public sealed record Alert
{
    /// <summary>Its identity; 0 until it is stored.</summary>
    public AlertId Id { get; init; }

    /// <summary>The code in the catalogue, such as <c>authentication</c>.</summary>
    public required string Code { get; init; }

    /// <summary>How much it matters.</summary>
    public required AlertLevel Level { get; init; }

    /// <summary>What it is about.</summary>
    public required AlertSubject Subject { get; init; }

    /// <summary>What happened, with the server's own words; never a secret.</summary>
    public required string Text { get; init; }

    /// <summary>How to mend it.</summary>
    public required string Remedy { get; init; }

    /// <summary>When it was first raised.</summary>
    public DateTimeOffset RaisedAt { get; init; }

    /// <summary>When it was last raised.</summary>
    public DateTimeOffset LastSeenAt { get; init; }

    /// <summary>How often it was raised.</summary>
    public int Count { get; init; } = 1;

    /// <summary>When it was resolved; null while it stands.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }
}
