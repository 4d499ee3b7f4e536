using EmailSync.Appliance.Model;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Tries both directions of a mailbox, step by step, and finds out whether what is sent arrives. What it finds is written down, and what
/// works is enabled, by <see cref="MailboxWorker"/>.
/// </summary>
public sealed class TestAndEnable(MailSessions sessions, TimeProvider clock)
{
    private static readonly TimeSpan RoundTripPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RoundTripPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Runs the test. Failures are in the result, not thrown.</summary>
    /// <param name="mailbox">The mailbox.</param>
    /// <param name="profile">Its profile.</param>
    /// <param name="settings">Say whether it must be approved.</param>
    /// <param name="report">Told of each step as it ends.</param>
    /// <param name="cancellationToken">Breaks it off.</param>
    /// <exception cref="OperationCanceledException">It was broken off.</exception>
    public async Task<TestResult> RunAsync(
        Mailbox mailbox, EmailServerProfile profile, Settings settings, Action<TestStep> report, CancellationToken cancellationToken)
    {
        Trial trial = new(mailbox, profile, settings, report);
        KnownMessages before = new();
        EmailStatus incoming = await TryAsync(trial, MailService.Pop3, mailbox.IncomingEmail,
            steps => ListMaildropAsync(trial, steps, before, cancellationToken), cancellationToken);
        TestMessage message = TestMessage.Compose(mailbox.EmailAddress, clock.GetUtcNow());
        EmailStatus outgoing = await TryAsync(trial, MailService.Submission, mailbox.OutgoingEmail,
            steps => SendTestMessageAsync(trial, steps, message, cancellationToken), cancellationToken);
        if (incoming == EmailStatus.Success && outgoing == EmailStatus.Success)
        {
            await TryAsync(trial, MailService.Pop3, DeliveryMethod.ServerSideSynchronization,
                steps => AwaitTestMessageAsync(trial, steps, message, before, cancellationToken), cancellationToken);
        }

        return new(mailbox.Id, clock.GetUtcNow(), incoming, outgoing, trial.Steps) { ServerKeepsMailDays = before.KeptDays };
    }

    private async Task<EmailStatus> TryAsync(
        Trial trial, MailService service, DeliveryMethod method, Func<StepRecorder, Task> attempt, CancellationToken cancellationToken)
    {
        StepRecorder steps = new(service, clock, trial.Add);
        if (method == DeliveryMethod.None)
        {
            steps.Skip(StepNames.Preconditions, "this direction is not asked for");
            return EmailStatus.NotRun;
        }

        try
        {
            await attempt(steps);
            return EmailStatus.Success;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            steps.Fail(FailureClassifier.Classify(exception));
            return EmailStatus.Failure;
        }
    }

    private async Task ListMaildropAsync(Trial trial, StepRecorder steps, KnownMessages before, CancellationToken cancellationToken)
    {
        Check(trial, MailService.Pop3, steps);
        await using Maildrop maildrop = await sessions.OpenMaildropAsync(trial.Mailbox, trial.Profile, steps, cancellationToken);
        steps.Begin(StepNames.Maildrop);
        DropListing drop = await maildrop.StatAsync(cancellationToken);
        before.Count = drop.Messages;
        before.UniqueIds = await ListUniqueIdsAsync(maildrop, cancellationToken);
        await maildrop.AskAnewAsync("EXPIRE", cancellationToken);
        int? expires = before.KeptDays = maildrop.Capabilities?.ExpireDays;
        await maildrop.QuitAsync(cancellationToken);
        string found = $"{drop.Messages} messages, {drop.Octets} octets, {(before.UniqueIds is not null ? "with unique-ids" : "no unique-ids: messages are recognised by their content")}";
        if (expires is { } days && IsSoonerThanWanted(days, trial.Mailbox))
            steps.PassWith(AlertCatalog.ServerExpiresMail, $"{found}; the server removes {(days == 0 ? "messages once they are retrieved" : $"messages that are {days} days old")} (EXPIRE {days})");
        else
            steps.Pass(found);
    }

    private static bool IsSoonerThanWanted(int days, Mailbox mailbox) =>
        // What waits for an acknowledgement stays for as long as that takes.
        mailbox.DeleteOnlyAcknowledged || (!mailbox.DeleteEmailsAfterProcessing && (mailbox.LeaveOnServerDays is not { } wanted || days < wanted));

    private async Task SendTestMessageAsync(Trial trial, StepRecorder steps, TestMessage message, CancellationToken cancellationToken)
    {
        Check(trial, MailService.Submission, steps);
        MailPath path = MailPath.Parse(trial.Mailbox.EmailAddress);
        await using SmtpSession session = await sessions.OpenSubmissionAsync(trial.Mailbox, trial.Profile, steps, cancellationToken);
        steps.Begin(StepNames.TestMessage);
        using MemoryStream content = new(message.Content, writable: false);
        TransactionResult result = await session.SendAsync(new(path, [path]), content, cancellationToken);
        if (result.Refusal is { } refusal)
        {
            Phase phase = !result.Sender.IsPositive ? Phase.Mail : result.Content is null ? Phase.Rcpt : Phase.FinalDot;
            throw new DeliveryRefusedException(FailureClassifier.OfReply(phase, refusal));
        }

        steps.Pass($"accepted: {result.Content}");
        await session.QuitAsync(cancellationToken);
    }

    private async Task AwaitTestMessageAsync(
        Trial trial, StepRecorder steps, TestMessage message, KnownMessages before, CancellationToken cancellationToken)
    {
        steps.Begin(StepNames.RoundTrip);
        long startedAt = clock.GetTimestamp();
        while (true)
        {
            bool isFound;
            try
            {
                isFound = await FindAndDeleteAsync(trial, message, before, cancellationToken);
            }
            catch (SignInTooSoonException early)
            {
                steps.Skip(StepNames.RoundTrip, $"{early.Message}. The test message is left in the maildrop.");
                return;
            }

            if (isFound)
            {
                steps.Pass("the test message arrived, and was deleted from the maildrop");
                return;
            }

            if (clock.GetElapsedTime(startedAt) >= RoundTripPatience)
            {
                steps.Fail(new(ErrorClass.RoundTrip, FailureScope.Mailbox, true, false,
                    $"The test message {message.MessageId} was accepted and did not arrive within {RoundTripPatience.TotalSeconds:F0} seconds."));
                return;
            }

            await Task.Delay(RoundTripPause, clock, cancellationToken);
        }
    }

    private async Task<bool> FindAndDeleteAsync(Trial trial, TestMessage message, KnownMessages before, CancellationToken cancellationToken)
    {
        await using Maildrop maildrop = await sessions.OpenMaildropAsync(trial.Mailbox, trial.Profile, steps: null, cancellationToken);
        List<int> fresh = await ListNewAsync(maildrop, before, cancellationToken);
        bool isFound = false;
        foreach (int number in fresh)
        {
            using MemoryStream header = new();
            if (maildrop.Capabilities is { HasTop: false })
                await maildrop.RetrieveAsync(number, header, cancellationToken: cancellationToken);
            else
                await maildrop.TopAsync(number, 0, header, cancellationToken: cancellationToken);
            if (!message.IsIn(header.ToArray()))
                continue;
            await maildrop.DeleteAsync(number, cancellationToken);
            isFound = true;
            break;
        }

        await maildrop.QuitAsync(cancellationToken);
        return isFound;
    }

    private static async Task<HashSet<string>?> ListUniqueIdsAsync(Maildrop maildrop, CancellationToken cancellationToken)
    {
        HashSet<string> uniqueIds = [];
        try
        {
            await foreach (UniqueIdListing listing in maildrop.ListUniqueIdsAsync(cancellationToken))
                uniqueIds.Add(listing.UniqueId);
            return uniqueIds;
        }
        catch (Pop3NegativeResponseException)
        {
            return null;
        }
    }

    // Without unique-ids what is new stands behind what was there: servers number in the order of arrival.
    private static async Task<List<int>> ListNewAsync(Maildrop maildrop, KnownMessages before, CancellationToken cancellationToken)
    {
        List<int> fresh = [];
        if (before.UniqueIds is { } known)
        {
            await foreach (UniqueIdListing listing in maildrop.ListUniqueIdsAsync(cancellationToken))
            {
                if (known.Add(listing.UniqueId))
                    fresh.Add(listing.MessageNumber);
            }

            return fresh;
        }

        int count = (await maildrop.StatAsync(cancellationToken)).Messages;
        for (int number = before.Count + 1; number <= count; number++)
            fresh.Add(number);
        return fresh;
    }

    private static void Check(Trial trial, MailService service, StepRecorder steps)
    {
        steps.Begin(StepNames.Preconditions);
        if (Readiness.WhyNotTestable(trial.Mailbox, trial.Profile, trial.Settings, service) is { } reason)
            throw new NotReadyException(reason);
        steps.Pass("profile active, mailbox approved, credentials given");
    }

    /// <summary>What lay in the maildrop before the test message was sent.</summary>
    private sealed class KnownMessages
    {
        public int Count { get; set; }

        public HashSet<string>? UniqueIds { get; set; }

        public int? KeptDays { get; set; }
    }

    private sealed class Trial(Mailbox mailbox, EmailServerProfile profile, Settings settings, Action<TestStep> report)
    {
        private readonly List<TestStep> _steps = [];

        public Mailbox Mailbox => mailbox;

        public EmailServerProfile Profile => profile;

        public Settings Settings => settings;

        public IReadOnlyList<TestStep> Steps => _steps;

        public void Add(TestStep step)
        {
            _steps.Add(step);
            report(step);
        }
    }
}
