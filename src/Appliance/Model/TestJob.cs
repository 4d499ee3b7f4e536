using System.Diagnostics.CodeAnalysis;

namespace EmailSync.Appliance.Model;

/// <summary>The identity of a run of Test &amp; Enable over mailboxes. Text form <c>tst_12</c>; counted from each start of the appliance.</summary>
public readonly record struct TestJobId(long Value) : IParsable<TestJobId>
{
    /// <inheritdoc />
    public override string ToString() => IdText.Format("tst_", Value);

    /// <inheritdoc />
    public static TestJobId Parse(string s, IFormatProvider? provider) => new(IdText.Parse("tst_", s));

    /// <inheritdoc />
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out TestJobId result)
    {
        bool parsed = IdText.TryParse("tst_", s, out long value);
        result = new(value);
        return parsed;
    }
}

/// <summary>Where a run of tests stands.</summary>
public enum TestJobState
{
    /// <summary>Mailboxes are tested, or wait for a connection.</summary>
    Running,

    /// <summary>Every mailbox was tested.</summary>
    Completed,

    /// <summary>It was called off; what had been tested by then stays written down.</summary>
    Canceled,
}

/// <summary>A run of tests at a moment.</summary>
/// <param name="Id">Its identity.</param>
/// <param name="State">Where it stands.</param>
/// <param name="RequestedBy">Who asked for it.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="EndedAt">When it ended; null while it runs.</param>
/// <param name="Total">Mailboxes in it.</param>
/// <param name="Succeeded">Of those, tested with every step passed or not needed.</param>
/// <param name="Failed">Of those, tested with a step that failed, or gone before their turn.</param>
public sealed record TestJobStatus(
    TestJobId Id, TestJobState State, string RequestedBy, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, int Total, int Succeeded, int Failed);

/// <summary>Something that happened in a run of tests: a step of a mailbox ended, or its test did.</summary>
/// <param name="Mailbox">Which mailbox.</param>
/// <param name="EmailAddress">Its address.</param>
public sealed record TestEvent(MailboxId Mailbox, string EmailAddress)
{
    /// <summary>The step that ended; null where the test did.</summary>
    public TestStep? Step { get; init; }

    /// <summary>What the test came to; null where a step ended.</summary>
    public TestVerdict? Verdict { get; init; }
}

/// <summary>What the test of one mailbox came to, in short.</summary>
/// <param name="Incoming">Receiving.</param>
/// <param name="Outgoing">Sending.</param>
/// <param name="FailedSteps">Those that failed, with their advice.</param>
public sealed record TestVerdict(EmailStatus Incoming, EmailStatus Outgoing, IReadOnlyList<TestStep> FailedSteps)
{
    /// <summary>The short form of a result.</summary>
    public static TestVerdict Of(TestResult result) =>
        new(result.Incoming, result.Outgoing, [.. result.Steps.Where(step => step.Outcome == StepOutcome.Failed)]);
}
