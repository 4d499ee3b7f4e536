namespace EmailSync.Appliance.Model;

/// <summary>
/// How often, and how far apart, a failing mailbox and a deferred email are tried again. Set by the deployment under the original's names,
/// and fixed while the process runs.
/// </summary>
public sealed record RetryRules
{
    /// <summary>So often in a row a mailbox may fail for a passing reason before it is shown as failing: 1 to 1,000.</summary>
    public int MaxMailboxTransientFailures { get; init; } = 10;

    /// <summary>The pause after each of those failures, in seconds: 1 to 86,400. Beyond them it doubles, up to six hours.</summary>
    public int MailboxBackoffOnTransientError { get; init; } = 300;

    /// <summary>After so many attempts an email is given up, 1 to 10,000; null means that <see cref="EmailDeliveryLifetimeHours"/> alone decides.</summary>
    public int? MaximumEmailDeliveryAttempts { get; init; }

    /// <summary>After so many hours an email is given up: 1 to 8,760. Five days are RFC 5321 section 4.5.4.1's least.</summary>
    public int EmailDeliveryLifetimeHours { get; init; } = 120;

    /// <summary>The shortest pause between two attempts at an email, in seconds: 1 to 86,400.</summary>
    public int EmailDeliveryShortestBackoff { get; init; } = 300;

    /// <summary>The longest pause between two attempts at an email, in seconds: 1 to 86,400.</summary>
    public int EmailDeliveryLongestBackoff { get; init; } = 4000;
}
