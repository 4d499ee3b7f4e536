using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    private static readonly MailboxState FullState = new()
    {
        IncomingStatus = EmailStatus.Success,
        OutgoingStatus = EmailStatus.Failure,
        EnabledForIncoming = true,
        EnabledForOutgoing = true,
        NextPollAt = Start.AddTicks(1),
        PostponedUntil = Start.AddTicks(2),
        LastPollStartedAt = Start.AddTicks(3),
        LastSuccessAt = Start.AddTicks(4),
        LastError = "-ERR [SYS/TEMP]",
        TestCompletedAt = Start.AddTicks(5),
        ServerKeepsMailDays = 11,
        TransientFailureCount = 6,
        OutgoingTransientFailureCount = 10,
        ConsecutiveEmptyPolls = 7,
        MessagesReceived = 8,
        MessagesSent = 9,
    };

    [Fact]
    public async Task A_mailbox_comes_back_as_it_was_stored()
    {
        EmailServerProfile profile = await Store.Profiles.CreateAsync(Samples.Profile(), Cancellation);
        Mailbox full = new()
        {
            Name = "Ada",
            EmailAddress = "Ada@Example.com",
            Kind = MailboxKind.Queue,
            Profile = profile.Id,
            UserName = "ada",
            AllowCredentialsForEmailProcessing = true,
            IncomingEmail = DeliveryMethod.None,
            OutgoingEmail = DeliveryMethod.None,
            Approval = EmailApproval.Rejected,
            ApprovalBy = "root",
            ApprovalAt = Start.AddTicks(3),
            ProcessEmailsReceivedAfter = Start.AddTicks(5),
            DeleteEmailsAfterProcessing = true,
            LeaveOnServerDays = 14,
            DeleteOnlyAcknowledged = true,
            MaximumMessageSize = 5_000_000_000,
            State = FullState,
        };
        AssertEverythingIsSet(full, nameof(Mailbox.Id), nameof(Mailbox.Version));
        AssertEverythingIsSet(FullState, nameof(MailboxState.LeasedBy));

        Mailbox created = await Store.Mailboxes.CreateAsync(full, Cancellation);
        await ReopenAsync();

        Assert.Equal(full with { Id = created.Id, Version = 1 }, created);
        Assert.Equal(created, await Store.Mailboxes.FindAsync(created.Id, Cancellation));
    }

    [Theory, InlineData("ADA@example.COM"), InlineData("ada@example.com")]
    public async Task An_address_is_found_and_taken_without_case(string spelling)
    {
        MailboxId ada = await Store.AddMailboxAsync("Ada@Example.com", Cancellation);
        Mailbox bob = (await Store.Mailboxes.FindAsync(await Store.AddMailboxAsync("bob@example.com", Cancellation), Cancellation))!;

        Assert.Equal(ada, (await Store.Mailboxes.FindByAddressAsync(spelling, Cancellation))?.Id);
        DuplicateValueException taken = await Assert.ThrowsAsync<DuplicateValueException>(
            async () => await Store.Mailboxes.CreateAsync(bob with { EmailAddress = spelling }, Cancellation));
        Assert.Equal("emailAddress", taken.FieldName);
        await Assert.ThrowsAsync<DuplicateValueException>(
            async () => await Store.Mailboxes.UpdateAsync(bob with { EmailAddress = spelling }, Cancellation));
    }

    [Fact]
    public async Task An_internationalised_address_is_found_without_case()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("Jörg@Müller.example", Cancellation);
        Assert.Equal(mailbox, (await Store.Mailboxes.FindByAddressAsync("JÖRG@MÜLLER.example", Cancellation))?.Id);
    }

    [Fact]
    public async Task A_mailbox_needs_a_profile_that_exists()
    {
        await Assert.ThrowsAsync<NotStoredException>(
            async () => await Store.Mailboxes.CreateAsync(Samples.Mailbox(new(999)), Cancellation));
        Mailbox mailbox = (await Store.Mailboxes.FindAsync(await Store.AddMailboxAsync("ada@example.com", Cancellation), Cancellation))!;
        await Assert.ThrowsAsync<NotStoredException>(
            async () => await Store.Mailboxes.UpdateAsync(mailbox with { Profile = new(999) }, Cancellation));
    }

    [Fact]
    public async Task An_administrator_s_change_grows_the_version_and_keeps_the_engine_s_state()
    {
        MailboxId id = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        Mailbox read = (await Store.Mailboxes.FindAsync(id, Cancellation))!;
        await Store.Mailboxes.RecordAsync(id, state => state with { TransientFailureCount = 3 }, Cancellation);

        Mailbox updated = await Store.Mailboxes.UpdateAsync(read with { Name = "New name" }, Cancellation);

        Assert.Equal((2, 3), (updated.Version, updated.State.TransientFailureCount));
        Assert.Equal(updated, await Store.Mailboxes.FindAsync(id, Cancellation));
        await Assert.ThrowsAsync<VersionConflictException>(
            async () => await Store.Mailboxes.UpdateAsync(read with { Name = "Late" }, Cancellation));
        await Assert.ThrowsAsync<NotStoredException>(
            async () => await Store.Mailboxes.UpdateAsync(read with { Id = new(999) }, Cancellation));
    }

    [Fact]
    public async Task The_engine_s_note_changes_the_state_alone()
    {
        MailboxId id = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        Mailbox before = (await Store.Mailboxes.FindAsync(id, Cancellation))!;

        await Store.Mailboxes.RecordAsync(id, _ => FullState, Cancellation);
        await ReopenAsync();

        Assert.Equal(before with { State = FullState }, await Store.Mailboxes.FindAsync(id, Cancellation));
        await Store.Mailboxes.RecordAsync(new MailboxId(999), _ => throw new InvalidOperationException("There is nothing to change."), Cancellation);
    }

    [Fact]
    public async Task Notes_that_come_at_once_are_all_taken()
    {
        MailboxId id = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        await Parallel.ForAsync(0, 100, Cancellation, async (_, cancellationToken) =>
            await Store.Mailboxes.RecordAsync(
                id, state => state with { ConsecutiveEmptyPolls = state.ConsecutiveEmptyPolls + 1 }, cancellationToken));
        Assert.Equal(100, (await Store.Mailboxes.FindAsync(id, Cancellation))!.State.ConsecutiveEmptyPolls);
    }

    [Fact]
    public async Task Mailboxes_are_listed_in_pages()
    {
        List<MailboxId> all = [];
        for (int number = 0; number < 7; number++)
            all.Add(await Store.AddMailboxAsync($"m{number}@example.com", Cancellation));

        IReadOnlyList<Mailbox> first = await Store.Mailboxes.ListAsync(new(), null, 3, Cancellation);
        IReadOnlyList<Mailbox> second = await Store.Mailboxes.ListAsync(new(), first[^1].Id, 3, Cancellation);
        IReadOnlyList<Mailbox> third = await Store.Mailboxes.ListAsync(new(), second[^1].Id, 3, Cancellation);

        ProfileId profile = first[0].Profile;
        Assert.Equal(1, await Store.Mailboxes.CountAsync(profile, Cancellation));
        Assert.Equal(0, await Store.Mailboxes.CountAsync(new(999), Cancellation));
        Assert.Equal(all, first.Concat(second).Concat(third).Select(mailbox => mailbox.Id));
    }

    [Fact]
    public async Task A_page_has_a_limit()
    {
        await Store.AddMailboxAsync("ada@example.com", Cancellation);
        Assert.Empty(await Store.Mailboxes.ListAsync(new(), null, 0, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.Mailboxes.ListAsync(new(), null, -1, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.Emails.ListAsync(new(), null, -1, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.Alerts.ListAsync(true, null, null, -1, Cancellation));
    }

    [Fact]
    public async Task A_listing_shows_what_the_filter_says()
    {
        EmailServerProfile one = await Store.Profiles.CreateAsync(Samples.Profile("one"), Cancellation);
        EmailServerProfile two = await Store.Profiles.CreateAsync(Samples.Profile("two"), Cancellation);
        MailboxState[] states =
        [
            new(),
            new() { IncomingStatus = EmailStatus.Failure },
            new() { OutgoingStatus = EmailStatus.Failure },
            new() { IncomingStatus = EmailStatus.Failure, OutgoingStatus = EmailStatus.Failure },
        ];
        List<Mailbox> all = [];
        foreach (ProfileId profile in new[] { one.Id, two.Id })
        {
            foreach (EmailApproval approval in new[] { EmailApproval.Approved, EmailApproval.Pending })
            {
                foreach (MailboxState state in states)
                    all.Add(await Store.Mailboxes.CreateAsync(
                        Samples.Mailbox(profile, $"m{all.Count}@example.com") with { Approval = approval, State = state }, Cancellation));
            }
        }

        foreach (ProfileId? profile in new ProfileId?[] { null, one.Id })
        {
            foreach (EmailApproval? approval in new EmailApproval?[] { null, EmailApproval.Approved })
            {
                foreach (EmailStatus? status in new EmailStatus?[] { null, EmailStatus.Failure, EmailStatus.NotRun, EmailStatus.Success })
                {
                    IEnumerable<Mailbox> expected = all.Where(mailbox => (profile is null || mailbox.Profile == profile)
                        && (approval is null || mailbox.Approval == approval)
                        && (status is null || mailbox.State.IncomingStatus == status || mailbox.State.OutgoingStatus == status));
                    MailboxFilter filter = new() { Profile = profile, Approval = approval, Status = status };
                    Assert.Equal(expected, await Store.Mailboxes.ListAsync(filter, null, 100, Cancellation));
                    MailboxId? first = expected.FirstOrDefault()?.Id;
                    Assert.Equal(expected.Skip(1).Take(4), await Store.Mailboxes.ListAsync(filter, first, 4, Cancellation));
                }
            }
        }
    }

    [Fact]
    public async Task A_deleted_mailbox_leaves_its_emails_and_nothing_to_send()
    {
        MailboxId id = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId received = await Store.ReceiveAsync(id, "uid-1", Samples.Message("one"), Cancellation);
        EmailId waiting = await Store.SubmitAsync(new(id, "ada@example.com", ["bob@example.com"]), Samples.Message("two"), Cancellation);

        await Store.Mailboxes.DeleteAsync(id, Cancellation);
        await ReopenAsync();

        Assert.Null(await Store.Mailboxes.FindAsync(id, Cancellation));
        Assert.Equal(EmailState.Received, (await Store.Emails.FindAsync(received, Cancellation))!.State);
        Assert.Equal(EmailState.Canceled, (await Store.Emails.FindAsync(waiting, Cancellation))!.State);
        Assert.Empty((await Store.Incoming.KnownUniqueIdsAsync(id, Cancellation)).Hashes);
        await Assert.ThrowsAsync<NotStoredException>(async () => await Store.Mailboxes.DeleteAsync(id, Cancellation));
    }

    [Fact]
    public async Task The_last_test_of_a_mailbox_is_kept_with_its_steps_and_goes_with_it()
    {
        MailboxId id = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        TestStep[] steps =
        [
            new("dns", MailService.Pop3, StepOutcome.Passed, TimeSpan.FromMilliseconds(3), "127.0.0.1"),
            new("authentication", MailService.Submission, StepOutcome.Failed, TimeSpan.FromTicks(7), "535 no") { ErrorClass = ErrorClass.Authentication, Advice = "mend it" },
            new("round-trip", null, StepOutcome.Skipped, TimeSpan.Zero, "not needed"),
        ];
        Assert.Null(await Store.Mailboxes.FindTestAsync(id, Cancellation));
        await Store.Mailboxes.RecordTestAsync(new(id, Start, EmailStatus.Failure, EmailStatus.NotRun, []), Cancellation);
        await Store.Mailboxes.RecordTestAsync(new(id, Start.AddTicks(1), EmailStatus.Success, EmailStatus.Failure, steps), Cancellation);
        await ReopenAsync();

        EmailSync.Appliance.Model.TestResult last = (await Store.Mailboxes.FindTestAsync(id, Cancellation))!;
        Assert.Equal((id, Start.AddTicks(1), EmailStatus.Success, EmailStatus.Failure), (last.Mailbox, last.CompletedAt, last.Incoming, last.Outgoing));
        Assert.Equal(steps, last.Steps);

        await Store.Mailboxes.DeleteAsync(id, Cancellation);
        Assert.Null(await Store.Mailboxes.FindTestAsync(id, Cancellation));
        await Store.Mailboxes.RecordTestAsync(last, Cancellation);
        Assert.Null(await Store.Mailboxes.FindTestAsync(id, Cancellation));
    }

    [Fact]
    public async Task The_schedule_shows_what_is_due_and_nothing_else()
    {
        MailboxId idle = await Store.AddMailboxAsync("idle@example.com", Cancellation);
        MailboxId polled = await Store.AddMailboxAsync("polled@example.com", Cancellation);
        MailboxId sends = await Store.AddMailboxAsync("sends@example.com", Cancellation);
        MailboxId postponed = await Store.AddMailboxAsync("postponed@example.com", Cancellation);
        await Store.Mailboxes.RecordAsync(
            polled, state => state with { NextPollAt = Start.AddMinutes(1), PostponedUntil = Start }, Cancellation);
        await Store.SubmitAsync(new(sends, "", ["b@example.com"]) { SendAt = Start.AddMinutes(9) }, Samples.Message("later"), Cancellation);
        await Store.SubmitAsync(
            new(sends, "", ["b@example.com"]) { SendAt = Start.AddMinutes(2) }, Samples.Message("sooner"), Cancellation);
        await Store.Mailboxes.RecordAsync(
            postponed, state => state with { NextPollAt = Start.AddMinutes(1), PostponedUntil = Start.AddMinutes(5) }, Cancellation);
        await Store.SubmitAsync(new(postponed, "", ["b@example.com"]), Samples.Message("postponed"), Cancellation);

        async Task<ProfileId> ProfileOfAsync(MailboxId mailbox) => (await Store.Mailboxes.FindAsync(mailbox, Cancellation))!.Profile;
        MailboxSchedule[] expected =
        [
            new(polled, await ProfileOfAsync(polled), Start.AddMinutes(1), null),
            new(sends, await ProfileOfAsync(sends), null, Start.AddMinutes(2)),
            new(postponed, await ProfileOfAsync(postponed), Start.AddMinutes(5), Start),
        ];

        Assert.Equal(expected, await Store.Mailboxes.SchedulesAsync(Cancellation).ToListAsync(Cancellation));
        Assert.Equal(expected[1], await Store.Mailboxes.ScheduleAsync(sends, Cancellation));
        Assert.Null(await Store.Mailboxes.ScheduleAsync(idle, Cancellation));
        Assert.Null(await Store.Mailboxes.ScheduleAsync(new(999), Cancellation));
    }

    [Fact]
    public async Task Mailboxes_whose_poll_was_due_before_a_moment_are_found_page_by_page()
    {
        MailboxId due = await Store.AddMailboxAsync("due@example.com", Cancellation);
        MailboxId later = await Store.AddMailboxAsync("later@example.com", Cancellation);
        MailboxId postponed = await Store.AddMailboxAsync("postponed@example.com", Cancellation);
        MailboxId disabled = await Store.AddMailboxAsync("disabled@example.com", Cancellation);
        MailboxId alsoDue = await Store.AddMailboxAsync("also@example.com", Cancellation);
        await Store.Mailboxes.RecordAsync(due, state => state with { EnabledForIncoming = true, NextPollAt = Start }, Cancellation);
        await Store.Mailboxes.RecordAsync(later, state => state with { EnabledForIncoming = true, NextPollAt = Start.AddMinutes(1) }, Cancellation);
        await Store.Mailboxes.RecordAsync(postponed, state => state with { EnabledForIncoming = true, NextPollAt = Start, PostponedUntil = Start.AddMinutes(1) }, Cancellation);
        await Store.Mailboxes.RecordAsync(disabled, state => state with { NextPollAt = Start }, Cancellation);
        await Store.Mailboxes.RecordAsync(alsoDue, state => state with { EnabledForIncoming = true, NextPollAt = Start, IncomingStatus = EmailStatus.Failure }, Cancellation);
        MailboxFilter filter = new() { DueBefore = Start.AddMinutes(1) };

        Assert.Equal([due, alsoDue], (await Store.Mailboxes.ListAsync(filter, null, 10, Cancellation)).Select(mailbox => mailbox.Id));
        Assert.Equal([alsoDue], (await Store.Mailboxes.ListAsync(filter, due, 10, Cancellation)).Select(mailbox => mailbox.Id));
        Assert.Equal([alsoDue], (await Store.Mailboxes.ListAsync(filter with { Status = EmailStatus.Failure }, null, 10, Cancellation)).Select(mailbox => mailbox.Id));
        Assert.Empty(await Store.Mailboxes.ListAsync(new() { DueBefore = Start }, null, 10, Cancellation));
    }
}
