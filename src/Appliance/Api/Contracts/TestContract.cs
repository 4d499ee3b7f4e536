using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Api.Contracts;

/// <summary>Who is to be tested: mailboxes, or all mailboxes of a profile.</summary>
public sealed record TestJobInput
{
    /// <summary>Ids or addresses.</summary>
    public IReadOnlyList<string>? Mailboxes { get; init; }

    /// <summary>An id or a name.</summary>
    public string? Profile { get; init; }
}

/// <summary>A run of tests as it stands.</summary>
/// <param name="Id">Such as <c>tst_1</c>.</param>
/// <param name="State">Where it stands.</param>
/// <param name="RequestedBy">Who asked for it.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="EndedAt">When it ended.</param>
/// <param name="Total">Mailboxes in it.</param>
/// <param name="Completed">Of those, tested.</param>
/// <param name="Succeeded">Of those, without a failed step.</param>
/// <param name="Failed">Of those, with a failed step.</param>
public sealed record TestJobContract(
    string Id, TestJobState State, string RequestedBy, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, int Total, int Completed, int Succeeded, int Failed)
{
    /// <summary>A run as it goes over HTTP.</summary>
    public static TestJobContract Of(TestJobStatus status) => new(
        status.Id.ToString(), status.State, status.RequestedBy, status.StartedAt, status.EndedAt,
        status.Total, status.Succeeded + status.Failed, status.Succeeded, status.Failed);
}

/// <summary>Something that happened in a run of tests.</summary>
/// <param name="Mailbox">The mailbox's id.</param>
/// <param name="EmailAddress">Its address.</param>
/// <param name="Step">The step that ended; null where the mailbox's test did.</param>
/// <param name="Incoming">What receiving came to, once the test ended.</param>
/// <param name="Outgoing">What sending came to, once the test ended.</param>
/// <param name="FailedSteps">Those that failed, once the test ended.</param>
public sealed record TestEventContract(
    string Mailbox, string EmailAddress, StepContract? Step, EmailStatus? Incoming, EmailStatus? Outgoing, IReadOnlyList<StepContract>? FailedSteps)
{
    /// <summary>An event as it goes over HTTP.</summary>
    public static TestEventContract Of(TestEvent happened) => new(
        happened.Mailbox.ToString(), happened.EmailAddress, happened.Step is { } step ? StepContract.Of(step) : null,
        happened.Verdict?.Incoming, happened.Verdict?.Outgoing,
        happened.Verdict is { } verdict ? [.. verdict.FailedSteps.Select(StepContract.Of)] : null);
}

/// <summary>One entry of the stream of a run: what happened, and how the run stands.</summary>
/// <param name="Event">What happened; null for the status alone.</param>
/// <param name="Job">How the run stands.</param>
public sealed record TestNewsContract(TestEventContract? Event, TestJobContract Job);

/// <summary>The last test of one mailbox.</summary>
/// <param name="Mailbox">The mailbox's id.</param>
/// <param name="IsComplete">It has ended.</param>
/// <param name="CompletedAt">When it ended.</param>
/// <param name="Incoming">What receiving came to.</param>
/// <param name="Outgoing">What sending came to.</param>
/// <param name="Steps">So far.</param>
public sealed record TestContract(
    string Mailbox, bool IsComplete, DateTimeOffset? CompletedAt, EmailStatus Incoming, EmailStatus Outgoing, IReadOnlyList<StepContract> Steps);

/// <summary>One step of a test or a probe.</summary>
public sealed record StepContract(
    string Name, MailService? Service, StepOutcome Outcome, double Milliseconds, string Detail, ErrorClass? ErrorClass, string? Advice)
{
    /// <summary>A step as it goes over HTTP.</summary>
    public static StepContract Of(TestStep step) =>
        new(step.Name, step.Service, step.Outcome, step.Elapsed.TotalMilliseconds, step.Detail, step.ErrorClass, step.Advice);
}
