using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Processing;

/// <summary>One mailbox's test while it runs. What changes in it changes under the gate of <see cref="TestJobs"/>.</summary>
public sealed class TestRun : IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();

    internal TestRun(Mailbox mailbox, List<TestJob> jobs) => (Mailbox, Jobs) = (mailbox, jobs);

    /// <summary>Whose.</summary>
    public Mailbox Mailbox { get; }

    /// <summary>Every run that it was asked for in was called off.</summary>
    public CancellationToken Canceled => _cancellation.Token;

    internal List<TestJob> Jobs { get; }

    internal List<TestStep> Steps { get; } = [];

    /// <inheritdoc />
    public void Dispose() => _cancellation.Dispose();

    internal void Cancel()
    {
        try
        {
            _cancellation.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in the same moment: there is nothing left to break off.
        }
    }
}

/// <summary>One run of tests over mailboxes, as <see cref="TestJobs"/> keeps it.</summary>
internal sealed class TestJob(TestJobId id, string requestedBy, DateTimeOffset startedAt, int total)
{
    private DateTimeOffset? _endedAt;

    public TestJobId Id => id;

    public int Total => total;

    public TestJobState State { get; private set; }

    public int Succeeded { get; set; }

    public int Failed { get; set; }

    public List<TestEvent> Log { get; } = [];

    public TestJobStatus Status => new(id, State, requestedBy, startedAt, _endedAt, total, Succeeded, Failed);

    public void End(TestJobState state, DateTimeOffset now) => (State, _endedAt) = (state, now);
}
