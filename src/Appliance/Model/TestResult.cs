namespace EmailSync.Appliance.Model;

/// <summary>How a step ended.</summary>
public enum StepOutcome
{
    /// <summary>It worked.</summary>
    Passed,

    /// <summary>It failed; the steps after it were not tried.</summary>
    Failed,

    /// <summary>It was not needed.</summary>
    Skipped,
}

/// <summary>One step of a probe or of Test &amp; Enable.</summary>
/// <param name="Name">Stable: <c>policy</c>, <c>dns</c>, <c>tcp</c>, <c>tls</c>, <c>greeting</c>, <c>capabilities</c>, <c>authentication</c>, …</param>
/// <param name="Service">Which direction it belongs to; null for both.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Detail">What was found; on failure what happened, with the server's words; never a secret.</param>
public sealed record TestStep(string Name, MailService? Service, StepOutcome Outcome, TimeSpan Elapsed, string Detail)
{
    /// <summary>The class of the failure.</summary>
    public ErrorClass? ErrorClass { get; init; }

    /// <summary>What to do about the failure, or about what should be known of a step that passed.</summary>
    public string? Advice { get; init; }
}

/// <summary>What Test &amp; Enable found for one mailbox, step by step.</summary>
/// <param name="Mailbox">The mailbox.</param>
/// <param name="CompletedAt">When it finished.</param>
/// <param name="Incoming">What receiving came to.</param>
/// <param name="Outgoing">What sending came to.</param>
/// <param name="Steps">In the order in which they were taken.</param>
public sealed record TestResult(
    MailboxId Mailbox, DateTimeOffset CompletedAt, EmailStatus Incoming, EmailStatus Outgoing, IReadOnlyList<TestStep> Steps)
{
    /// <summary>For how many days the server keeps mail (EXPIRE); null where it sets no end, or was not asked.</summary>
    public int? ServerKeepsMailDays { get; init; }
}
