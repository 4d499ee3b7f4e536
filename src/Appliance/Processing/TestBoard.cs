using System.Collections.Concurrent;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Processing;

/// <summary>A test as it stands: its steps so far, and its result once it has ended.</summary>
/// <param name="Steps">So far.</param>
/// <param name="Result">Null while it runs, or waits for a connection.</param>
public sealed record TestProgress(IReadOnlyList<TestStep> Steps, TestResult? Result);

/// <summary>Where whoever asked for a test watches it: the last test of each mailbox since the appliance started.</summary>
public sealed class TestBoard
{
    private readonly ConcurrentDictionary<MailboxId, TestProgress> _tests = new();
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>The last test of a mailbox, running or ended; null where none was asked for.</summary>
    public TestProgress? Find(MailboxId mailbox) => _tests.GetValueOrDefault(mailbox);

    /// <summary>A test was asked for.</summary>
    public void Begin(MailboxId mailbox) => Post(mailbox, new([], null));

    /// <summary>A step ended.</summary>
    public void Add(MailboxId mailbox, TestStep step)
    {
        TestProgress known = _tests.GetValueOrDefault(mailbox) ?? new([], null);
        Post(mailbox, known with { Steps = [.. known.Steps, step] });
    }

    /// <summary>A test ended.</summary>
    public void Complete(TestResult result) => Post(result.Mailbox, new(result.Steps, result));

    /// <summary>
    /// Waits until a mailbox's test stands differently from <paramref name="seen"/>, and returns how it stands.
    /// </summary>
    public async Task<TestProgress> NextAsync(MailboxId mailbox, TestProgress? seen, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed = Volatile.Read(ref _changed).Task;
            if (Find(mailbox) is { } progress && progress != seen)
                return progress;
            await changed.WaitAsync(cancellationToken);
        }
    }

    private void Post(MailboxId mailbox, TestProgress progress)
    {
        _tests[mailbox] = progress;
        Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
