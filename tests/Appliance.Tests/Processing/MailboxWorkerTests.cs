using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Tests.Faults;
using EmailSync.Appliance.Tests.Store;
using EmailSync.Lab;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Processing;

public sealed class MailboxWorkerTests
{
    public static TheoryData<string, string> Troubles => new()
    {
        { "a wrong password", "authentication" },
        { "an unknown host", "dns" },
        { "a closed port", "connect" },
        { "a self-signed certificate", "certificate-untrusted" },
        { "an expired certificate", "certificate-expired" },
        { "a wrong name", "certificate-name" },
    };

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task Test_and_Enable_tells_each_trouble_by_its_own_class_and_remedy(string trouble, string expected)
    {
        await using Rig rig = await TroubledAsync(trouble);
        EmailServerProfile profile = await TroubledProfileAsync(rig, trouble);
        Mailbox mailbox = await rig.AddMailboxAsync(profile, password: trouble == "a wrong password" ? "wrong" : null);

        await rig.TestAsync(mailbox);

        Mailbox tested = await rig.ReadAsync(mailbox);
        Assert.Equal((EmailStatus.Failure, EmailStatus.Failure), (tested.State.IncomingStatus, tested.State.OutgoingStatus));
        Assert.False(tested.State.EnabledForIncoming || tested.State.EnabledForOutgoing);
        Alert alert = Assert.Single(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id)));
        Assert.Equal(expected, alert.Code);
        Assert.NotEmpty(alert.Remedy);
        TestStep[] failed = [.. (await rig.LastTestAsync(mailbox)).Steps.Where(step => step.Outcome == StepOutcome.Failed)];
        Assert.Equal(2, failed.Length);
        Assert.All(failed, step => Assert.Equal(AlertCatalog.For(step.ErrorClass!.Value).Remedy, step.Advice));
    }

    [Theory]
    [InlineData("-ERR Sorry", 2)]
    [InlineData("-ERR [AUTH] Sorry", 1)]
    public async Task A_mailbox_that_worked_before_is_stopped_by_the_second_refusal_where_the_first_had_no_code(string refusal, int refusals)
    {
        // A server that announces AUTH-RESP-CODE would have given the code.
        await using Rig rig = await Rig.StartAsync(new()
        {
            Mailboxes = 1, MessagesPerMailbox = 0, Pop3Capabilities = ["TOP", "USER", "SASL PLAIN", "UIDL", "PIPELINING", "RESP-CODES"],
        });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        rig.Lab.Misbehave(Misbehaviour.RefuseSignIn(refusal));

        for (int refused = 1; refused <= refusals; refused++)
        {
            Assert.True((await rig.ReadAsync(mailbox)).State.EnabledForIncoming);
            Assert.Empty(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id)));
            WorkOutcome outcome = await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
            Assert.Equal(refused == refusals, outcome.Next?.NextPollAt is null);
        }

        Assert.False((await rig.ReadAsync(mailbox)).State.EnabledForIncoming);
        Assert.Equal("authentication", Assert.Single(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id))).Code);
    }

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task A_poll_raises_each_trouble_as_its_own_alert(string trouble, string expected)
    {
        await using Rig rig = await TroubledAsync(trouble);
        EmailServerProfile profile = await TroubledProfileAsync(rig, trouble);
        Mailbox mailbox = await rig.AddMailboxAsync(profile, password: trouble == "a wrong password" ? "wrong" : null);

        WorkOutcome outcome = await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);

        bool isMailboxes = trouble == "a wrong password";
        Alert alert = Assert.Single(await rig.AlertsAsync(isMailboxes ? AlertSubject.Of(mailbox.Id) : AlertSubject.Of(profile.Id)));
        Assert.Equal(expected, alert.Code);
        // A refused password stops the mailbox, so that the account is not locked out; trouble with the server is tried again by itself.
        Assert.Equal(isMailboxes, outcome.Next?.NextPollAt is null);
        Assert.Equal(isMailboxes, !(await rig.ReadAsync(mailbox)).State.EnabledForIncoming);
    }

    [Fact]
    public void The_six_troubles_have_six_remedies() =>
        Assert.Equal(6, Troubles.Select(row => row.Data.Item2)
            .Select(code => AlertCatalog.All.Single(entry => entry.Code == code).Remedy).Distinct().Count());

    [Fact]
    public async Task A_successful_test_enables_both_directions_and_takes_its_message_back()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 3 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { State = new() });

        WorkOutcome outcome = await rig.TestAsync(mailbox);

        Mailbox tested = await rig.ReadAsync(mailbox);
        Assert.Equal((EmailStatus.Success, EmailStatus.Success), (tested.State.IncomingStatus, tested.State.OutgoingStatus));
        Assert.True(tested.State.EnabledForIncoming && tested.State.EnabledForOutgoing);
        Assert.NotNull(outcome.Next?.NextPollAt);
        Assert.Equal(3, rig.Lab.Mailboxes[0].MessageCount);
        Assert.Equal("mailbox-enabled", Assert.Single(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id))).Code);
        Assert.Equal(
            ["preconditions", "policy", "dns", "tcp", "tls", "greeting", "capabilities", "authentication", "maildrop",
             "preconditions", "policy", "dns", "tcp", "tls", "greeting", "capabilities", "authentication", "test-message", "round-trip"],
            (await rig.LastTestAsync(mailbox)).Steps.Select(step => step.Name));
    }

    /// <summary>What a test found of one server enables nothing at another.</summary>
    [Fact]
    public async Task X_05_a_profile_that_moves_while_a_mailbox_is_tested_is_not_enabled_by_that_test()
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { State = new() });

        await TestAndMeanwhileAsync(rig, mailbox, () => rig.Store.Profiles.UpdateAsync(
            profile with { Incoming = profile.Incoming with { Location = rig.Location(LabService.Pop3) } }, Rig.Timeout).AsTask());

        Mailbox tested = await rig.ReadAsync(mailbox);
        Assert.Equal((EmailApproval.Pending, false, false), (tested.Approval, tested.State.EnabledForIncoming, tested.State.EnabledForOutgoing));
        Assert.Equal((EmailStatus.Failure, null), (tested.State.IncomingStatus, tested.State.NextPollAt));
        Assert.Contains("approve", (await rig.LastTestAsync(mailbox)).Steps[0].Advice, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_mailbox_that_is_changed_while_it_is_tested_is_tested_again_as_it_is_now()
    {
        await using Rig rig = await Rig.StartAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync(), change: mailbox => mailbox with { State = new() });

        await TestAndMeanwhileAsync(rig, mailbox, () => rig.Store.Mailboxes.UpdateAsync(mailbox with { OutgoingEmail = DeliveryMethod.None }, Rig.Timeout).AsTask());

        Mailbox tested = await rig.ReadAsync(mailbox);
        Assert.Equal((true, false), (tested.State.EnabledForIncoming, tested.State.EnabledForOutgoing));
        Assert.Equal((EmailStatus.Success, EmailStatus.NotRun), (tested.State.IncomingStatus, tested.State.OutgoingStatus));
    }

    [Fact]
    public async Task The_test_of_a_mailbox_that_is_deleted_meanwhile_ends_its_run()
    {
        await using Rig rig = await Rig.StartAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync());

        await TestAndMeanwhileAsync(rig, mailbox, () => rig.Store.Mailboxes.DeleteAsync(mailbox.Id, Rig.Timeout).AsTask());

        Assert.Equal(TestJobState.Completed, Assert.Single(rig.Tests.All).State);
        Assert.Empty(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id)));
    }

    // The test has found what it finds, and is about to write it down.
    private static async Task TestAndMeanwhileAsync(Rig rig, Mailbox mailbox, Func<Task> change)
    {
        StoreHang hang = new(nameof(IMailboxes.RecordAsync));
        MailboxWorker worker = rig.WorkerOf("here", FaultingStore.Wrap(rig.Store, hang));
        rig.Tests.Start([mailbox.Id], "somebody");
        Task<WorkOutcome> testing = worker.RunAsync(mailbox.Id, Work.Test, isAsked: true, Rig.Timeout);
        await hang.Reached.WaitAsync(Rig.Timeout);
        await change();
        hang.Release();
        await testing;
    }

    [Fact]
    public async Task Where_the_server_has_no_unique_ids_the_test_message_is_found_behind_what_was_there()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 3, Script = [Misbehaviour.Without("UIDL")] });
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync());

        await rig.TestAsync(mailbox);

        TestStep found = (await rig.LastTestAsync(mailbox)).Steps[^1];
        Assert.Equal(("round-trip", StepOutcome.Passed), (found.Name, found.Outcome));
        Assert.Equal(3, rig.Lab.Mailboxes[0].MessageCount);
    }

    [Theory]
    [InlineData(EmailApproval.Pending, "approve")]
    [InlineData(EmailApproval.Rejected, "approve")]
    public async Task A_mailbox_that_is_not_approved_is_not_tested(EmailApproval approval, string advice)
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { Approval = approval });

        await rig.TestAsync(mailbox);

        TestStep step = (await rig.LastTestAsync(mailbox)).Steps[0];
        Assert.Equal(("preconditions", ErrorClass.Configuration), (step.Name, step.ErrorClass));
        Assert.Contains(advice, step.Detail, StringComparison.Ordinal);
        Assert.Equal(0, rig.Lab.Journal.ConnectionsOpened);
    }

    [Theory]
    [InlineData("-ERR [IN-USE] maildrop already locked", "mailbox-in-use")]
    [InlineData("-ERR [LOGIN-DELAY] too soon", "quota")]
    [InlineData("-ERR [SYS/TEMP] backend unavailable", "server")]
    public async Task A_refusal_that_is_not_about_the_password_is_tried_again(string refusal, string expected)
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        rig.Lab.Misbehave(Misbehaviour.RefuseSignIn(refusal));

        WorkOutcome outcome = await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);

        Assert.Equal(expected, Assert.Single(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id))).Code);
        Assert.NotNull(outcome.Next?.NextPollAt);
        Assert.True((await rig.ReadAsync(mailbox)).State.EnabledForIncoming);

        rig.Lab.Misbehave();
        await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        Assert.Equal("mailbox-recovered", Assert.Single(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id))).Code);
    }

    [Fact]
    public async Task After_ten_transient_failures_a_mailbox_is_shown_as_failing_probed_ever_more_rarely_and_recovers_by_itself()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UnixEpoch.AddYears(56));
        await using Rig rig = await Rig.StartAsync(clock: clock);
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync());
        rig.Lab.Misbehave(Misbehaviour.RefuseSignIn("-ERR [SYS/TEMP] backend unavailable"));

        for (int failures = 1; failures <= 9; failures++)
            await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        MailboxState afterNine = (await rig.ReadAsync(mailbox)).State;
        Assert.Equal((EmailStatus.NotRun, 9), (afterNine.IncomingStatus, afterNine.TransientFailureCount));
        Assert.InRange(afterNine.NextPollAt!.Value - clock.GetUtcNow(), TimeSpan.FromMinutes(4.5), TimeSpan.FromMinutes(5.5));

        for (int failures = 10; failures <= 20; failures++)
            await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        MailboxState failing = (await rig.ReadAsync(mailbox)).State;
        Assert.Equal((EmailStatus.Failure, true), (failing.IncomingStatus, failing.EnabledForIncoming));
        Assert.InRange(failing.NextPollAt!.Value - clock.GetUtcNow(), TimeSpan.FromHours(5.4), TimeSpan.FromHours(6.6));
        Assert.Equal(["mailbox-suspended", "server"], await CodesAsync(rig, mailbox));

        rig.Lab.Misbehave();
        await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);
        MailboxState recovered = (await rig.ReadAsync(mailbox)).State;
        Assert.Equal((EmailStatus.Success, 0, null), (recovered.IncomingStatus, recovered.TransientFailureCount, recovered.PostponedUntil));
        Assert.Equal(["mailbox-recovered"], await CodesAsync(rig, mailbox));
    }

    [Fact]
    public async Task A_poll_that_works_says_nothing_about_sending()
    {
        await using Rig rig = await Rig.StartAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync(profile => profile with
        {
            Outgoing = profile.Outgoing with { Location = profile.Outgoing.Location! with { Port = rig.ClosedPort } },
        }));
        await rig.Store.SubmitAsync(new(mailbox.Id, mailbox.EmailAddress, ["b@example.com"]), Samples.Message("waits"), Rig.Timeout);

        await rig.Worker.RunAsync(mailbox.Id, Work.Send, Rig.Timeout);
        await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);

        Mailbox seen = await rig.ReadAsync(mailbox);
        Assert.Equal((0, 1), (seen.State.TransientFailureCount, seen.State.OutgoingTransientFailureCount));
        Assert.Equal("connect", Assert.Single(await rig.AlertsAsync(AlertSubject.Of(mailbox.Profile))).Code);
        Assert.Empty(await CodesAsync(rig, mailbox));
    }

    [Fact]
    public async Task An_outbox_with_nothing_due_says_nothing_about_the_server()
    {
        await using Rig rig = await Rig.StartAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync(profile => profile with
        {
            Outgoing = profile.Outgoing with { Location = profile.Outgoing.Location! with { Port = rig.ClosedPort } },
        }));
        EmailId email = await rig.Store.SubmitAsync(new(mailbox.Id, mailbox.EmailAddress, ["b@example.com"]), Samples.Message("waits"), Rig.Timeout);
        await rig.Worker.RunAsync(mailbox.Id, Work.Send, Rig.Timeout);
        await rig.Store.Outgoing.CancelAsync(email, Rig.Timeout);

        await rig.Worker.RunAsync(mailbox.Id, Work.Send, Rig.Timeout);

        Mailbox seen = await rig.ReadAsync(mailbox);
        Assert.Equal((EmailStatus.NotRun, 1), (seen.State.OutgoingStatus, seen.State.OutgoingTransientFailureCount));
        Assert.Equal("connect", Assert.Single(await rig.AlertsAsync(AlertSubject.Of(mailbox.Profile))).Code);
    }

    [Fact]
    public async Task An_alert_whose_level_is_switched_off_is_not_raised()
    {
        await using Rig rig = await Rig.StartAsync();
        await rig.Store.Settings.UpdateAsync(new Settings { AlertOnInformation = false }, Rig.Timeout);
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync());

        await rig.TestAsync(mailbox);

        Assert.Empty(await CodesAsync(rig, mailbox));
    }

    private static async Task<IEnumerable<string>> CodesAsync(Rig rig, Mailbox mailbox) =>
        (await rig.AlertsAsync(AlertSubject.Of(mailbox.Id))).Select(alert => alert.Code).Order(StringComparer.Ordinal);

    private static Task<Rig> TroubledAsync(string trouble) => Rig.StartAsync(new()
    {
        Mailboxes = 2,
        MessagesPerMailbox = 0,
        CertificateKind = trouble switch
        {
            "a self-signed certificate" => LabCertificate.SelfSigned,
            "an expired certificate" => LabCertificate.Expired,
            "a wrong name" => LabCertificate.WrongName,
            _ => LabCertificate.Valid,
        },
    });

    private static Task<EmailServerProfile> TroubledProfileAsync(Rig rig, string trouble) => rig.AddProfileAsync(profile => trouble switch
    {
        "an unknown host" => At(profile, HostName.Parse("no-such-host.invalid"), null),
        "a closed port" => At(profile, null, rig.ClosedPort),
        _ => profile,
    });

    private static EmailServerProfile At(EmailServerProfile profile, HostName? host, int? port) => profile with
    {
        Incoming = profile.Incoming with { Location = profile.Incoming.Location! with { Host = host ?? profile.Incoming.Location.Host, Port = port ?? profile.Incoming.Location.Port } },
        Outgoing = profile.Outgoing with { Location = profile.Outgoing.Location! with { Host = host ?? profile.Outgoing.Location.Host, Port = port ?? profile.Outgoing.Location.Port } },
    };
}
