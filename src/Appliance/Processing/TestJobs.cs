using System.Runtime.CompilerServices;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Processing;

/// <summary>A test as it stands: its steps so far, and its result once it has ended.</summary>
/// <param name="Steps">So far.</param>
/// <param name="Result">Null while it runs, or waits for a connection.</param>
public sealed record TestProgress(IReadOnlyList<TestStep> Steps, TestResult? Result);

/// <summary>What is told to whoever watches a run of tests.</summary>
/// <param name="Number">The event's place in the run, from 1; the last one told where nothing happened but the status changed.</param>
/// <param name="Event">What happened; null for the status alone.</param>
/// <param name="Status">How the run stands.</param>
public sealed record TestNews(int Number, TestEvent? Event, TestJobStatus Status);

/// <summary>
/// Runs of Test &amp; Enable: who is to be tested, how far it is, and who watches. The scheduler decides when a mailbox has its turn, within
/// its limits of connections. A run goes on whether or not anybody watches; it ends with the process, and mailboxes whose turn had not come
/// are then as they were.
/// </summary>
public sealed class TestJobs(TimeProvider clock)
{
    /// <summary>Up to so many mailboxes every step is told; beyond, what each test came to. The steps of each last test are in the store.</summary>
    public const int MailboxesToldStepByStep = 50;

    private const int EndedJobsKept = 20;
    private const int NewsAtOnce = 500;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, TestJob> _jobs = [];
    private readonly Dictionary<MailboxId, List<TestJob>> _waiting = [];
    private readonly Dictionary<MailboxId, TestRun> _running = [];
    private TaskCompletionSource _changed = NewSignal();
    private long _last;

    /// <summary>Completes when anything changes after it was read.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>Every run that is known, oldest first.</summary>
    public IReadOnlyList<TestJobStatus> All
    {
        get
        {
            lock (_gate)
                return [.. _jobs.Values.Select(job => job.Status)];
        }
    }

    /// <summary>Begins a run. The caller wakes the mailboxes.</summary>
    public TestJobStatus Start(IReadOnlyCollection<MailboxId> mailboxes, string requestedBy)
    {
        lock (_gate)
        {
            HashSet<MailboxId> distinct = [.. mailboxes];
            TestJob job = new(new(++_last), requestedBy, clock.GetUtcNow(), distinct.Count);
            _jobs.Add(job.Id.Value, job);
            foreach (MailboxId mailbox in distinct)
            {
                if (!_waiting.TryGetValue(mailbox, out List<TestJob>? jobs))
                    _waiting[mailbox] = jobs = [];
                jobs.Add(job);
            }

            EndWhereDone(job);
            Trim();
            return Signal(job.Status);
        }
    }

    /// <summary>How a run stands; null where there is none.</summary>
    public TestJobStatus? Find(TestJobId id)
    {
        lock (_gate)
            return _jobs.GetValueOrDefault(id.Value)?.Status;
    }

    /// <summary>The test of a mailbox that runs now or waits for its turn; null where there is none.</summary>
    public TestProgress? Find(MailboxId mailbox)
    {
        lock (_gate)
            return _waiting.ContainsKey(mailbox) ? new([], null) : _running.GetValueOrDefault(mailbox) is { } run ? new([.. run.Steps], null) : null;
    }

    /// <summary>Calls a run off: what waits is not begun, what runs is broken off. Null where there is no such run.</summary>
    public TestJobStatus? Cancel(TestJobId id)
    {
        List<TestRun> orphans = [];
        TestJobStatus status;
        lock (_gate)
        {
            if (!_jobs.TryGetValue(id.Value, out TestJob? job))
                return null;
            if (job.State != TestJobState.Running)
                return job.Status;
            job.End(TestJobState.Canceled, clock.GetUtcNow());
            foreach ((MailboxId mailbox, List<TestJob> jobs) in _waiting.ToArray())
            {
                if (jobs.Remove(job) && jobs.Count == 0)
                    _waiting.Remove(mailbox);
            }

            foreach (TestRun run in _running.Values)
            {
                if (run.Jobs.Remove(job) && run.Jobs.Count == 0)
                    orphans.Add(run);
            }

            status = Signal(job.Status);
        }

        // Outside the gate: who hears of it may come back here.
        orphans.ForEach(run => run.Cancel());
        return status;
    }

    /// <summary>A mailbox has its turn. Null where nobody wants its test any more.</summary>
    public TestRun? Begin(Mailbox mailbox)
    {
        lock (_gate)
        {
            if (!_waiting.Remove(mailbox.Id, out List<TestJob>? jobs))
                return null;
            TestRun run = new(mailbox, jobs);
            _running[mailbox.Id] = run;
            return run;
        }
    }

    /// <summary>A step of a test ended.</summary>
    public void Add(TestRun run, TestStep step)
    {
        lock (_gate)
        {
            run.Steps.Add(step);
            foreach (TestJob job in run.Jobs.Where(job => job.Total <= MailboxesToldStepByStep))
                job.Log.Add(new(run.Mailbox.Id, run.Mailbox.EmailAddress) { Step = step });
            Signal();
        }
    }

    /// <summary>A test ended, and what it came to is written down.</summary>
    public void Complete(TestRun run, TestVerdict verdict)
    {
        lock (_gate)
        {
            _running.Remove(run.Mailbox.Id);
            foreach (TestJob job in run.Jobs)
                Count(job, new(run.Mailbox.Id, run.Mailbox.EmailAddress) { Verdict = verdict });
            Signal();
        }
    }

    /// <summary>A test was broken off.</summary>
    public void Abandon(TestRun run)
    {
        lock (_gate)
        {
            _running.Remove(run.Mailbox.Id);
            Signal();
        }
    }

    /// <summary>A mailbox is gone: whoever waits for its test waits no longer.</summary>
    public void Drop(MailboxId mailbox)
    {
        lock (_gate)
        {
            if (!_waiting.Remove(mailbox, out List<TestJob>? jobs))
                return;
            TestVerdict gone = NotRun(ErrorClass.Configuration, "The mailbox was deleted before its turn came.");
            foreach (TestJob job in jobs)
                Count(job, new(mailbox, mailbox.ToString()) { Verdict = gone });
            Signal();
        }
    }

    /// <summary>No test can begin, and what it found could not be written down: whoever waits for one is told so, and need not wait.</summary>
    public void FailWaiting(ErrorClass why, string detail)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0)
                return;
            TestVerdict verdict = NotRun(why, detail);
            foreach ((MailboxId mailbox, List<TestJob> jobs) in _waiting)
                jobs.ForEach(job => Count(job, new(mailbox, mailbox.ToString()) { Verdict = verdict }));
            _waiting.Clear();
            Signal();
        }
    }

    /// <summary>What each mailbox tested so far came to, in the order in which the tests ended.</summary>
    /// <param name="id">The run.</param>
    /// <param name="after">The number of the last one seen; 0 for the first page.</param>
    /// <param name="limit">At most so many.</param>
    public IReadOnlyList<TestNews> Verdicts(TestJobId id, int after, int limit)
    {
        lock (_gate)
        {
            return !_jobs.TryGetValue(id.Value, out TestJob? job) ? [] :
            [
                .. job.Log.Select((happened, index) => new TestNews(index + 1, happened, job.Status))
                    .Skip(after).Where(news => news.Event!.Verdict is not null).Take(limit),
            ];
        }
    }

    /// <summary>What happens in a run, from after the event of a number on, until it ends; the status at least whenever it changed.</summary>
    public async IAsyncEnumerable<TestNews> WatchAsync(TestJobId id, int after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        TestJobStatus? told = null;
        // Held from here on: whoever watches hears the end, also of a run that is forgotten meanwhile.
        TestJob? job = Hold(id);
        while (job is not null)
        {
            Task changed = Changed;
            (List<TestEvent> events, TestJobStatus status) = Look(job, after);
            foreach (TestEvent happened in events)
                yield return new(++after, happened, status);
            if (events.Count == NewsAtOnce)
                continue;
            if (status != told)
                yield return new(after, null, told = status);
            if (status.State != TestJobState.Running)
                yield break;
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>What a test came to that could not be begun, or not be written down.</summary>
    internal static TestVerdict NotRun(ErrorClass why, string detail) => new(EmailStatus.NotRun, EmailStatus.NotRun,
    [
        new(StepNames.Preconditions, null, StepOutcome.Failed, TimeSpan.Zero, detail) { ErrorClass = why, Advice = AlertCatalog.For(why).Remedy },
    ]);

    private TestJob? Hold(TestJobId id)
    {
        lock (_gate)
            return _jobs.GetValueOrDefault(id.Value);
    }

    private (List<TestEvent> Events, TestJobStatus Status) Look(TestJob job, int after)
    {
        lock (_gate)
            return ([.. job.Log.Skip(after).Take(NewsAtOnce)], job.Status);
    }

    private void Count(TestJob job, TestEvent ended)
    {
        job.Log.Add(ended);
        if (ended.Verdict!.FailedSteps.Count == 0)
            job.Succeeded++;
        else
            job.Failed++;
        EndWhereDone(job);
    }

    private void EndWhereDone(TestJob job)
    {
        if (job.State == TestJobState.Running && job.Succeeded + job.Failed == job.Total)
            job.End(TestJobState.Completed, clock.GetUtcNow());
    }

    private void Trim()
    {
        long[] ended = [.. _jobs.Values.Where(job => job.State != TestJobState.Running).Select(job => job.Id.Value)];
        foreach (long id in ended.SkipLast(EndedJobsKept))
            _jobs.Remove(id);
    }

    private T Signal<T>(T value)
    {
        Signal();
        return value;
    }

    private void Signal() => Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
