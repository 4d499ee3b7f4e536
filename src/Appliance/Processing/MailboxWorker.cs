using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using Microsoft.Extensions.Logging;

namespace EmailSync.Appliance.Processing;

/// <summary>Does one piece of work for one mailbox and writes down what came of it.</summary>
public sealed partial class MailboxWorker(
    IStore store, ReceiveCycle receive, DeliveryReportReader reports, SendCycle send, TestAndEnable test, TestJobs tests,
    AlertBook alerts, ProfileWatch watch, LoginDelays delays, LeaseRules leases, RetryRules rules, PollingRules polling, TimeProvider clock, ILogger<MailboxWorker> logger)
{
    /// <summary>Does it. What was planned and is not due any more is left alone: another has done it meanwhile.</summary>
    /// <param name="id">Whose.</param>
    /// <param name="work">What.</param>
    /// <param name="isAsked">Somebody wants it now, due or not.</param>
    /// <param name="cancellationToken">The appliance stops.</param>
    /// <exception cref="OperationCanceledException">The appliance stops.</exception>
    /// <exception cref="StorageException">The disk takes no writes (<see cref="StorageHealth.Trouble"/>).</exception>
    public async Task<WorkOutcome> RunAsync(MailboxId id, Work work, bool isAsked, CancellationToken cancellationToken)
    {
        // A test changes nothing but what it finds, and somebody waits for it.
        if (work == Work.Test)
            return await RunAsync(id, work, isAsked, lease: null, cancellationToken);

        EmailDirection direction = work == Work.Send ? EmailDirection.Outgoing : EmailDirection.Incoming;
        await using LeasedTurn? turn = await LeasedTurn.TakeAsync(store.Leases, id, direction, leases, clock, logger, cancellationToken);
        if (turn is null)
            return await LeaveAsync(id, clock.GetUtcNow() + leases.Retry, cancellationToken);
        try
        {
            return await RunAsync(id, work, isAsked, turn.Lease, turn.Stop);
        }
        catch (Exception lost) when (lost is LeaseLostException
            || (lost is OperationCanceledException && turn.IsLost && !cancellationToken.IsCancellationRequested))
        {
            LogLost(id, work, turn.Lease.Token);
            return await LeaveAsync(id, clock.GetUtcNow() + leases.Retry, cancellationToken);
        }
    }

    private async Task<WorkOutcome> LeaveAsync(MailboxId id, DateTimeOffset notBefore, CancellationToken cancellationToken)
    {
        MailboxSchedule? schedule = await store.Mailboxes.ScheduleAsync(id, cancellationToken);
        MailboxSchedule? later = schedule is { } due
            ? due with { NextPollAt = Later(due.NextPollAt, notBefore), NextSendAt = Later(due.NextSendAt, notBefore) }
            : null;
        return new(later, null) { IsLeftAlone = true };
    }

    private static DateTimeOffset? Later(DateTimeOffset? due, DateTimeOffset notBefore) => due < notBefore ? notBefore : due;

    private async Task<WorkOutcome> RunAsync(MailboxId id, Work work, bool isAsked, Lease? lease, CancellationToken cancellationToken)
    {
        if (await ReadAsync(id, cancellationToken) is not var (mailbox, profile))
        {
            tests.Drop(id);
            return default;
        }

        DateTimeOffset now = clock.GetUtcNow();
        if (work == Work.Receive && !isAsked && !(mailbox.State.NextPollAt <= now && !(mailbox.State.PostponedUntil > now)))
            return await LeaveAsync(id, now, cancellationToken);

        Settings settings = await store.Settings.ReadAsync(cancellationToken);
        MailService service = work == Work.Send ? MailService.Submission : MailService.Pop3;
        // Nothing is due for it until somebody changes something, and then the scheduler is told.
        if (work != Work.Test && Readiness.WhyNot(mailbox, profile, settings, service) is { } reason)
        {
            LogNotReady(id, work, reason);
            return default;
        }

        Failure? failure = work switch
        {
            Work.Receive => await ReceiveAsync(lease!, mailbox, profile, cancellationToken),
            Work.Send => await SendAsync(lease!, mailbox, profile, cancellationToken),
            _ => await TestAsync(mailbox, profile, settings, cancellationToken),
        };
        return new(await store.Mailboxes.ScheduleAsync(id, cancellationToken), failure);
    }

    private async Task<(Mailbox Mailbox, EmailServerProfile Profile)?> ReadAsync(MailboxId id, CancellationToken cancellationToken) =>
        await store.Mailboxes.FindAsync(id, cancellationToken) is { } mailbox && await store.Profiles.FindAsync(mailbox.Profile, cancellationToken) is { } profile
            ? (mailbox, profile)
            : null;

    private async Task<Failure?> ReceiveAsync(Lease lease, Mailbox mailbox, EmailServerProfile profile, CancellationToken cancellationToken)
    {
        DateTimeOffset startedAt = clock.GetUtcNow();
        // Somebody asked for a poll, or tested, before the server takes another sign-in.
        if (delays.Earliest(mailbox.Id) is { } earliest)
        {
            await store.Mailboxes.RecordAsync(lease, state => state with { NextPollAt = earliest }, cancellationToken);
            return null;
        }

        try
        {
            ReceiveReport report = await receive.RunAsync(lease, mailbox, profile, cancellationToken);
            if (report.Stored > 0)
                await reports.ReadAsync(mailbox, cancellationToken);
            DateTimeOffset now = clock.GetUtcNow();
            double random = Random.Shared.NextDouble();
            await store.Mailboxes.RecordAsync(lease, state => state with
            {
                IncomingStatus = EmailStatus.Success,
                LastPollStartedAt = startedAt,
                LastSuccessAt = now,
                LastError = null,
                TransientFailureCount = 0,
                PostponedUntil = null,
                ConsecutiveEmptyPolls = report.Stored > 0 ? 0 : state.ConsecutiveEmptyPolls + 1,
                // Behind those that wait already.
                NextPollAt = delays.NotBefore(mailbox.Id, report.HasMore
                    ? now
                    : now + Backoff.ForPoll(profile.MinPollingInterval, report.Stored > 0 ? 0 : state.ConsecutiveEmptyPolls + 1, polling, random)),
            }, cancellationToken);
            await RecoverAsync(mailbox, profile, MailService.Pop3, cancellationToken);
            await NoteLoginDelayAsync(mailbox, profile, cancellationToken);
            LogPolled(mailbox.Id, report.Listed, report.Stored, report.Octets, report.Deleted, report.TooLarge, (now - startedAt).TotalMilliseconds);
            return null;
        }
        // A disk that takes no writes is no mailbox's failure, and could not be written down as one.
        catch (Exception exception) when (exception is not LeaseLostException
            && (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            && !(exception is StorageException && store.Health.Trouble is not null))
        {
            Failure failure = FailureClassifier.Classify(exception);
            await NoteAsync(lease, mailbox, profile, MailService.Pop3, failure, startedAt, cancellationToken);
            return failure;
        }
    }

    private async Task NoteLoginDelayAsync(Mailbox mailbox, EmailServerProfile profile, CancellationToken cancellationToken)
    {
        AlertSubject subject = AlertSubject.Of(mailbox.Id);
        if (delays.Excessive(mailbox.Id) is { } asked)
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"The server asks for {asked.TotalHours:F0} hours between two sign-ins; it gets 24.");
            await alerts.RaiseAsync(AlertCatalog.LoginDelayTooLong, subject, Words(mailbox, profile, MailService.Pop3, text), service: null, cancellationToken);
        }
        else if (alerts.Stands(subject, AlertCatalog.LoginDelayTooLong))
        {
            await alerts.ResolveAsync(subject, AlertCatalog.LoginDelayTooLong, cancellationToken);
        }
    }

    private async Task<Failure?> SendAsync(Lease lease, Mailbox mailbox, EmailServerProfile profile, CancellationToken cancellationToken)
    {
        SendReport report = await send.RunAsync(lease, mailbox, profile, cancellationToken);
        if (report.Failure is { } failure)
        {
            await NoteAsync(lease, mailbox, profile, MailService.Submission, failure, clock.GetUtcNow(), cancellationToken);
            return failure;
        }

        // Nothing was due, so nothing was found out about the server.
        if (!report.HadSession)
            return null;
        if (mailbox.State is not { OutgoingStatus: EmailStatus.Success, OutgoingTransientFailureCount: 0 })
        {
            await store.Mailboxes.RecordAsync(
                lease,
                state => state with { OutgoingStatus = EmailStatus.Success, OutgoingTransientFailureCount = 0, LastError = null },
                cancellationToken);
        }

        await RecoverAsync(mailbox, profile, MailService.Submission, cancellationToken);
        return null;
    }

    private async Task<Failure?> TestAsync(Mailbox mailbox, EmailServerProfile profile, Settings settings, CancellationToken cancellationToken)
    {
        using TestRun? run = tests.Begin(mailbox);
        // Called off before its turn came.
        if (run is null)
            return null;
        try
        {
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, run.Canceled);
            TestResult result;
            do
            {
                result = await test.RunAsync(mailbox, profile, settings, step => tests.Add(run, step), either.Token);
                if (await NoteAsync(mailbox, profile, result, cancellationToken))
                    break;
                // What was tested is not what is set any more: that is tested now.
                if (await ReadAsync(mailbox.Id, either.Token) is not { } now)
                    break;
                (mailbox, profile) = now;
                settings = await store.Settings.ReadAsync(either.Token);
            }
            while (true);
            tests.Complete(run, TestVerdict.Of(result));
        }
        catch (OperationCanceledException) when (run.Canceled.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // Broken off: nothing was found out, so nothing is written down.
            tests.Abandon(run);
        }
        catch (StorageException failure)
        {
            tests.Complete(run, TestJobs.NotRun(ErrorClass.Storage, FailureClassifier.Classify(failure).Detail));
            LogNotWritten(mailbox.Id, failure);
        }
        catch (Exception unforeseen) when (!cancellationToken.IsCancellationRequested)
        {
            // The scheduler writes it down; whoever waits for the test hears of it too.
            Failure failure = FailureClassifier.Classify(unforeseen);
            tests.Complete(run, TestJobs.NotRun(failure.Class, failure.Detail));
            throw;
        }

        return null;
    }

    // False where the mailbox or its profile was changed while it was tested, or is gone: then the result is nobody's.
    private async Task<bool> NoteAsync(Mailbox mailbox, EmailServerProfile profile, TestResult result, CancellationToken cancellationToken)
    {
        DateTimeOffset now = clock.GetUtcNow();
        bool isOfNow = await store.Mailboxes.RecordAsync(mailbox, profile, state => state with
        {
            IncomingStatus = result.Incoming,
            OutgoingStatus = result.Outgoing,
            EnabledForIncoming = result.Incoming == EmailStatus.Success,
            EnabledForOutgoing = result.Outgoing == EmailStatus.Success,
            TestCompletedAt = now,
            ServerKeepsMailDays = result.Incoming == EmailStatus.Success ? result.ServerKeepsMailDays : state.ServerKeepsMailDays,
            TransientFailureCount = 0,
            OutgoingTransientFailureCount = 0,
            PostponedUntil = null,
            LastError = result.Steps.LastOrDefault(step => step.Outcome == StepOutcome.Failed)?.Detail,
            NextPollAt = result.Incoming == EmailStatus.Success ? delays.NotBefore(mailbox.Id, now) : null,
        }, cancellationToken);
        if (!isOfNow)
            return false;
        await store.Mailboxes.RecordTestAsync(result, cancellationToken);

        AlertSubject subject = AlertSubject.Of(mailbox.Id);
        await alerts.ResolveAsync(subject, service: null, cancellationToken);
        foreach (TestStep step in result.Steps.Where(step => step.Outcome == StepOutcome.Failed))
        {
            AlertEntry entry = AlertCatalog.For(step.ErrorClass!.Value);
            await alerts.RaiseAsync(entry, subject, Words(mailbox, profile, step.Service, step.Detail), entry.IsWhole ? null : step.Service, cancellationToken);
        }

        foreach (TestStep step in result.Steps.Where(step => step is { Name: StepNames.Maildrop, Outcome: StepOutcome.Passed, Advice: not null }))
            await alerts.RaiseAsync(AlertCatalog.ServerExpiresMail, subject, Words(mailbox, profile, step.Service, step.Detail), service: null, cancellationToken);
        if (result.Incoming == EmailStatus.Success || result.Outgoing == EmailStatus.Success)
            await alerts.RaiseAsync(AlertCatalog.MailboxEnabled, subject, Enabled(mailbox, result), service: null, cancellationToken);
        await NoteForOwnerAsync(mailbox, profile, result, cancellationToken);
        LogTested(mailbox.Id, result.Incoming, result.Outgoing);
        return true;
    }

    // The owner of the profile hears of it too, once for all mailboxes; and it is over when none of them fails any more.
    private async Task NoteForOwnerAsync(Mailbox mailbox, EmailServerProfile profile, TestResult result, CancellationToken cancellationToken)
    {
        AlertSubject subject = AlertSubject.Of(profile.Id);
        TestStep? failed = result.Steps.FirstOrDefault(step => step.Outcome == StepOutcome.Failed);
        if (failed is not null)
            await alerts.RaiseAsync(AlertCatalog.TestFailed, subject, Words(mailbox, profile, failed.Service, failed.Detail), service: null, cancellationToken);
        else if (alerts.Stands(subject, AlertCatalog.TestFailed)
            && (await store.Mailboxes.ListAsync(new() { Profile = profile.Id, Status = EmailStatus.Failure }, null, 1, cancellationToken)).Count == 0)
            await alerts.ResolveAsync(subject, AlertCatalog.TestFailed, cancellationToken);
    }

    private async Task NoteAsync(
        Lease lease, Mailbox mailbox, EmailServerProfile profile, MailService service, Failure failure, DateTimeOffset startedAt, CancellationToken cancellationToken)
    {
        bool concernsServer = failure.Scope is FailureScope.Route or FailureScope.Server;
        // Credentials that were right before, and a refusal that may have another reason: one more try costs no account its lock.
        bool isFirstDoubt = failure.IsToBeConfirmed && service == MailService.Pop3
            && mailbox.State is { LastSuccessAt: not null, TransientFailureCount: 0 };
        bool disables = !failure.IsTransient && !concernsServer && !isFirstDoubt;
        bool isSuspended = false;
        DateTimeOffset now = clock.GetUtcNow();
        await store.Mailboxes.RecordAsync(lease, state =>
        {
            int failures = 1 + (service == MailService.Submission ? state.OutgoingTransientFailureCount : state.TransientFailureCount);
            isSuspended = !disables && failures == rules.MaxMailboxTransientFailures;
            bool isFailing = disables || failures >= rules.MaxMailboxTransientFailures;
            TimeSpan pause = Backoff.Spread(Backoff.ForMailbox(failures, rules), Random.Shared.NextDouble());
            if (failure.RetryAfter is { } asked && asked > pause)
                pause = LoginDelays.Bounded(asked);
            state = state with { LastError = failure.Detail };
            return service == MailService.Submission
                ? state with
                {
                    OutgoingTransientFailureCount = failures,
                    OutgoingStatus = isFailing ? EmailStatus.Failure : state.OutgoingStatus,
                    EnabledForOutgoing = state.EnabledForOutgoing && !disables,
                }
                : state with
                {
                    TransientFailureCount = failures,
                    IncomingStatus = isFailing ? EmailStatus.Failure : state.IncomingStatus,
                    EnabledForIncoming = state.EnabledForIncoming && !disables,
                    LastPollStartedAt = startedAt,
                    PostponedUntil = disables ? null : now + pause,
                    NextPollAt = disables ? null : delays.NotBefore(mailbox.Id, now + pause),
                };
        }, cancellationToken);

        LogFailed(mailbox.Id, service, failure.Class, failure.Scope, failure.IsTransient || isFirstDoubt, failure.Detail);
        if (isFirstDoubt)
            return;
        AlertSubject subject = concernsServer ? AlertSubject.Of(profile.Id) : AlertSubject.Of(mailbox.Id);
        await alerts.RaiseAsync(AlertCatalog.For(failure.Class), subject, Words(mailbox, profile, service, failure.Detail), service, cancellationToken);
        if (isSuspended)
            await alerts.RaiseAsync(
                AlertCatalog.MailboxSuspended, AlertSubject.Of(mailbox.Id), Words(mailbox, profile, service, failure.Detail), service, cancellationToken);
        await watch.NoteFailureAsync(mailbox, profile, service, failure, cancellationToken);
    }

    private async Task RecoverAsync(Mailbox mailbox, EmailServerProfile profile, MailService service, CancellationToken cancellationToken)
    {
        AlertSubject subject = AlertSubject.Of(mailbox.Id);
        if (await alerts.ResolveAsync(subject, service, cancellationToken))
            await alerts.RaiseAsync(AlertCatalog.MailboxRecovered, subject, $"{mailbox.EmailAddress} works again.", service, cancellationToken);
        await alerts.ResolveAsync(AlertSubject.Of(profile.Id), service, cancellationToken);
        await watch.NoteSuccessAsync(mailbox, profile, service, cancellationToken);
    }

    private static string Words(Mailbox mailbox, EmailServerProfile profile, MailService? service, string detail)
    {
        string direction = service switch
        {
            MailService.Pop3 => $", receiving from {profile.Incoming.Location?.ToString() ?? "nowhere"}",
            MailService.Submission => $", sending through {profile.Outgoing.Location?.ToString() ?? "nowhere"}",
            _ => "",
        };
        return $"{mailbox.EmailAddress} (profile '{profile.Name}'{direction}): {detail}";
    }

    private static string Enabled(Mailbox mailbox, TestResult result) => (result.Incoming, result.Outgoing) switch
    {
        (EmailStatus.Success, EmailStatus.Success) => $"{mailbox.EmailAddress} was tested and enabled for receiving and sending.",
        (EmailStatus.Success, _) => $"{mailbox.EmailAddress} was tested and enabled for receiving.",
        _ => $"{mailbox.EmailAddress} was tested and enabled for sending.",
    };

    [LoggerMessage(EventId = 200, Level = LogLevel.Information,
        Message = "Polled {Mailbox}: {Listed} listed, {Stored} new, {Octets} octets, {Deleted} deleted, {TooLarge} too large, {Milliseconds:F0} ms")]
    private partial void LogPolled(MailboxId mailbox, int listed, int stored, long octets, int deleted, int tooLarge, double milliseconds);

    [LoggerMessage(EventId = 203, Level = LogLevel.Debug, Message = "{Work} of {Mailbox} waits: {Reason}")]
    private partial void LogNotReady(MailboxId mailbox, Work work, string reason);

    [LoggerMessage(EventId = 201, Level = LogLevel.Warning,
        Message = "{Service} of {Mailbox} failed: {Class}, scope {Scope}, transient {IsTransient}: {Detail}")]
    private partial void LogFailed(MailboxId mailbox, MailService service, ErrorClass @class, FailureScope scope, bool isTransient, string detail);

    [LoggerMessage(EventId = 204, Level = LogLevel.Error, Message = "What a test of {Mailbox} found could not be written down")]
    private partial void LogNotWritten(MailboxId mailbox, StorageException failure);

    [LoggerMessage(EventId = 205, Level = LogLevel.Warning, Message = "{Work} of {Mailbox} ended: its lease {Token} is held by another")]
    private partial void LogLost(MailboxId mailbox, Work work, long token);

    [LoggerMessage(EventId = 202, Level = LogLevel.Information, Message = "Tested {Mailbox}: incoming {Incoming}, outgoing {Outgoing}")]
    private partial void LogTested(MailboxId mailbox, EmailStatus incoming, EmailStatus outgoing);
}
