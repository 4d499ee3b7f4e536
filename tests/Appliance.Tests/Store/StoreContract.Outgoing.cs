using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    private static readonly Recipient[] Refused = [new("bob@example.com", RecipientState.Failed, 550, "5.1.1", "no such user")];

    [Theory, InlineData(0), InlineData(100), InlineData(Threshold), InlineData(Threshold + 1), InlineData(5_000_000)]
    public async Task A_submitted_email_waits_with_its_octets(int size)
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        byte[] message = new byte[size];
        new Random(size).NextBytes(message);

        EmailId id = await Store.SubmitAsync(
            new(mailbox, "ada@example.com", ["bob@example.com", "eve@example.com"]), message, Cancellation);
        await ReopenAsync();

        Email email = (await Store.Emails.FindAsync(id, Cancellation))!;
        Assert.Equal(
            (EmailDirection.Outgoing, EmailState.PendingSend, "ada@example.com"), (email.Direction, email.State, email.ReversePath));
        Assert.Equal([new("bob@example.com"), new("eve@example.com")], email.Recipients);
        Assert.Equal((size, 0, Start, null), (email.Size, email.Attempts, email.NextAttemptAt, email.LastError));
        Assert.Equal(message, await Store.ReadContentAsync(id, Cancellation));
    }

    [Fact]
    public async Task A_submission_needs_a_mailbox_and_a_recipient()
    {
        await Assert.ThrowsAsync<NotStoredException>(
            async () => await Store.SubmitAsync(new(new(999), "", ["bob@example.com"]), [], Cancellation));
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.SubmitAsync(new(mailbox, "", []), [], Cancellation));
    }

    [Theory, InlineData(10), InlineData(Threshold + 1)]
    public async Task An_idempotency_key_stands_for_one_email(int size)
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId other = await Store.AddMailboxAsync("bob@example.com", Cancellation);
        Submission submission = new(mailbox, "ada@example.com", ["bob@example.com"]) { IdempotencyKey = "key" };
        EmailId first = await Store.SubmitAsync(submission, new byte[size], Cancellation);

        Assert.Equal(first, await Store.SubmitAsync(submission, new byte[size], Cancellation));
        foreach ((Submission changed, int changedSize) in new[]
        {
            (submission, size + 1),
            (submission with { ReversePath = "" }, size),
            (submission with { ForwardPaths = ["eve@example.com"] }, size),
        })
            await Assert.ThrowsAsync<IdempotencyConflictException>(
                async () => await Store.SubmitAsync(changed, new byte[changedSize], Cancellation));

        Assert.NotEqual(first, await Store.SubmitAsync(submission with { Mailbox = other }, new byte[size], Cancellation));
        Assert.NotEqual(first, await Store.SubmitAsync(submission with { IdempotencyKey = null }, new byte[size], Cancellation));
    }

    [Fact]
    public async Task An_idempotency_key_that_comes_many_times_at_once_stands_for_one_email()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        Submission submission = new(mailbox, "ada@example.com", ["bob@example.com"]) { IdempotencyKey = "key" };

        EmailId[] ids = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(_ => Store.SubmitAsync(submission, Samples.Message("one"), Cancellation).AsTask()));

        Assert.Single(ids.Distinct());
        Assert.Equal(1, await Store.Emails.CountAsync(new(), Cancellation));
    }

    [Fact]
    public async Task Emails_are_claimed_in_the_order_of_their_turn_and_each_once()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId other = await Store.AddMailboxAsync("bob@example.com", Cancellation);
        EmailId late = await Store.SubmitAsync(new(mailbox, "", ["b@example.com"]) { SendAt = Start.AddMinutes(5) }, [], Cancellation);
        EmailId first = await Store.SubmitAsync(new(mailbox, "", ["b@example.com"]), [], Cancellation);
        EmailId second = await Store.SubmitAsync(new(mailbox, "", ["b@example.com"]), [], Cancellation);
        await Store.SubmitAsync(new(other, "", ["b@example.com"]), [], Cancellation);

        Email claimed = (await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(mailbox), Start, Cancellation))!;
        Assert.Equal((first, EmailState.Sending), (claimed.Id, claimed.State));
        Assert.Equal(EmailState.Sending, (await Store.Emails.FindAsync(first, Cancellation))!.State);
        Assert.Equal(second, (await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(mailbox), Start, Cancellation))?.Id);
        Assert.Null(await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(mailbox), Start.AddMinutes(5).AddTicks(-1), Cancellation));
        Assert.Equal(late, (await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(mailbox), Start.AddMinutes(5), Cancellation))?.Id);
    }

    [Fact]
    public async Task Claims_that_come_at_once_never_take_the_same_email()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        for (int number = 0; number < 20; number++)
            await Store.SubmitAsync(new(mailbox, "", ["b@example.com"]), [], Cancellation);

        Lease lease = await Store.LeaseOutboxAsync(mailbox);
        Email?[] claims = await Task.WhenAll(
            Enumerable.Range(0, 40).Select(_ => Store.Outgoing.ClaimAsync(lease, Start, Cancellation).AsTask()));

        Assert.Equal(20, claims.OfType<Email>().Select(email => email.Id).Distinct().Count());
        Assert.Equal(20, claims.Count(email => email is null));
    }

    [Theory, InlineData(EmailState.Sent), InlineData(EmailState.PendingSend), InlineData(EmailState.Failed)]
    public async Task What_an_attempt_came_to_may_be_said_twice(EmailState state)
    {
        (_, EmailId id) = await ClaimOneAsync();
        DeliveryOutcome outcome = new(
            state, [new("bob@example.com", RecipientState.Accepted, 250)], state == EmailState.PendingSend ? Start.AddMinutes(5) : null, "said");

        await Store.Outgoing.RecordAsync(await Store.LeaseOutboxAsync(id), id, outcome, Cancellation);
        await Store.Outgoing.RecordAsync(await Store.LeaseOutboxAsync(id), id, outcome, Cancellation);

        Email email = (await Store.Emails.FindAsync(id, Cancellation))!;
        Assert.Equal((state, 1), (email.State, email.Attempts));
    }

    [Fact]
    public async Task What_an_attempt_came_to_is_written_down_and_counted()
    {
        (MailboxId mailbox, EmailId id) = await ClaimOneAsync();
        Recipient[] deferred = [new("bob@example.com", RecipientState.Pending, 451, "4.7.1", "greylisted")];
        await Store.Outgoing.RecordAsync(await Store.LeaseOutboxAsync(id), id, new(EmailState.PendingSend, deferred, Start.AddMinutes(5), "451 greylisted"), Cancellation);
        await ReopenAsync();

        Email waiting = (await Store.Emails.FindAsync(id, Cancellation))!;
        Assert.Equal(
            (EmailState.PendingSend, 1, Start.AddMinutes(5), "451 greylisted"),
            (waiting.State, waiting.Attempts, waiting.NextAttemptAt, waiting.LastError));
        Assert.Equal(deferred, waiting.Recipients);
        Assert.Null(await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(mailbox), Start, Cancellation));

        await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(mailbox), Start.AddMinutes(5), Cancellation);
        Recipient[] accepted = [new("bob@example.com", RecipientState.Accepted, 250, "2.0.0", "queued")];
        await Store.Outgoing.RecordAsync(await Store.LeaseOutboxAsync(id), id, new(EmailState.Sent, accepted, null, null), Cancellation);

        Email sent = (await Store.Emails.FindAsync(id, Cancellation))!;
        Assert.Equal((EmailState.Sent, 2, null, null), (sent.State, sent.Attempts, sent.NextAttemptAt, sent.LastError));
        Assert.Equal(accepted, sent.Recipients);
        Assert.Equal(1, (await Store.Mailboxes.FindAsync(mailbox, Cancellation))!.State.MessagesSent);
    }

    [Fact]
    public async Task Only_an_email_that_is_being_sent_can_have_an_outcome()
    {
        (_, EmailId id) = await ClaimOneAsync();
        DeliveryOutcome sent = new(EmailState.Sent, [], null, null);
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await Store.Outgoing.RecordAsync(await Store.LeaseOutboxAsync(id), id, sent with { State = EmailState.PendingSend }, Cancellation));
        await Store.Outgoing.RecordAsync(await Store.LeaseOutboxAsync(id), id, sent, Cancellation);

        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await Store.Outgoing.RecordAsync(await Store.LeaseOutboxAsync(id), id, sent with { State = EmailState.Failed }, Cancellation));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Store.Outgoing.ReleaseAsync(await Store.LeaseOutboxAsync(id), id, Start, Cancellation));
        await Assert.ThrowsAsync<NotStoredException>(async () => await Store.Outgoing.RecordAsync(await Store.LeaseOutboxAsync(new EmailId(999)), new(999), sent, Cancellation));
    }

    [Fact]
    public async Task A_released_email_counts_no_attempt()
    {
        (MailboxId mailbox, EmailId id) = await ClaimOneAsync();
        await Store.Outgoing.ReleaseAsync(await Store.LeaseOutboxAsync(id), id, Start.AddMinutes(1), Cancellation);

        Email email = (await Store.Emails.FindAsync(id, Cancellation))!;
        Assert.Equal((EmailState.PendingSend, 0, Start.AddMinutes(1)), (email.State, email.Attempts, email.NextAttemptAt));
        Assert.Equal(Start.AddMinutes(1), (await Store.Mailboxes.ScheduleAsync(mailbox, Cancellation))?.NextSendAt);
    }

    [Fact]
    public async Task What_a_crash_left_in_sending_is_found_and_what_is_being_sent_now_is_not()
    {
        (MailboxId mailbox, EmailId interrupted) = await ClaimOneAsync();
        Assert.Empty(await Store.Outgoing.FindInterruptedAsync(mailbox: null, Cancellation));
        await ReopenAsync();

        EmailId another = await Store.SubmitAsync(new(mailbox, "", ["b@example.com"]), [], Cancellation);
        await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(mailbox), Start, Cancellation);
        Assert.Equal([interrupted], (await Store.Outgoing.FindInterruptedAsync(mailbox: null, Cancellation)).Select(email => email.Id));

        await Store.Outgoing.RecordAsync(await Store.LeaseOutboxAsync(interrupted), interrupted, new(EmailState.Uncertain, [], null, "in doubt"), Cancellation);
        Assert.Empty(await Store.Outgoing.FindInterruptedAsync(mailbox: null, Cancellation));
        await ReopenAsync();
        Assert.Equal([another], (await Store.Outgoing.FindInterruptedAsync(mailbox: null, Cancellation)).Select(email => email.Id));
    }

    [Theory]
    [InlineData(EmailState.PendingSend, true, true)]
    [InlineData(EmailState.Sending, false, false)]
    [InlineData(EmailState.Sent, false, false)]
    [InlineData(EmailState.Failed, false, true)]
    [InlineData(EmailState.Uncertain, true, true)]
    [InlineData(EmailState.Canceled, true, false)]
    public async Task An_email_is_canceled_or_tried_again_where_its_state_allows_it(EmailState state, bool cancels, bool retries)
    {
        EmailId canceled = await BringIntoAsync(state, "ada@example.com");
        Assert.Equal(cancels, await Store.Outgoing.CancelAsync(canceled, Cancellation));
        Assert.Equal(cancels ? EmailState.Canceled : state, (await Store.Emails.FindAsync(canceled, Cancellation))!.State);

        Clock.Advance(TimeSpan.FromHours(1));
        EmailId retried = await BringIntoAsync(state, "bob@example.com");
        Assert.Equal(retries, await Store.Outgoing.RetryAsync(retried, Cancellation));
        Email email = (await Store.Emails.FindAsync(retried, Cancellation))!;
        Assert.Equal(retries ? EmailState.PendingSend : state, email.State);
        if (retries)
            Assert.Equal((Start.AddHours(1), RecipientState.Pending), (email.NextAttemptAt, email.Recipients[0].State));
    }

    [Fact]
    public async Task An_email_that_does_not_exist_is_neither_canceled_nor_tried_again()
    {
        Assert.False(await Store.Outgoing.CancelAsync(new(999), Cancellation));
        Assert.False(await Store.Outgoing.RetryAsync(new(999), Cancellation));
    }

    [Fact]
    public async Task Nothing_waits_in_the_outbox_of_a_deleted_mailbox()
    {
        (MailboxId mailbox, EmailId deferred) = await ClaimOneAsync();
        EmailId released = await Store.SubmitAsync(new(mailbox, "", ["b@example.com"]), [], Cancellation);
        await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(mailbox), Start, Cancellation);
        EmailId failed = await BringIntoAsync(EmailState.Failed, "bob@example.com");
        await Store.Mailboxes.DeleteAsync(mailbox, Cancellation);
        await Store.Mailboxes.DeleteAsync((await Store.Emails.FindAsync(failed, Cancellation))!.Mailbox, Cancellation);

        await Store.Outgoing.RecordAsync(await Store.LeaseOutboxAsync(deferred), deferred, new(EmailState.PendingSend, [], Start, "deferred"), Cancellation);
        await Store.Outgoing.ReleaseAsync(await Store.LeaseOutboxAsync(released), released, Start, Cancellation);
        Assert.False(await Store.Outgoing.RetryAsync(failed, Cancellation));

        Assert.Equal(0, await Store.Emails.CountAsync(new() { State = EmailState.PendingSend }, Cancellation));
        Assert.Equal(2, await Store.Emails.CountAsync(new() { State = EmailState.Canceled }, Cancellation));
    }

    private async Task<(MailboxId Mailbox, EmailId Email)> ClaimOneAsync(string address = "ada@example.com")
    {
        MailboxId mailbox = await Store.AddMailboxAsync(address, Cancellation);
        EmailId id = await Store.SubmitAsync(new(mailbox, address, ["bob@example.com"]), Samples.Message("one"), Cancellation);
        Assert.Equal(id, (await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(mailbox), Clock.GetUtcNow(), Cancellation))?.Id);
        return (mailbox, id);
    }

    private async Task<EmailId> BringIntoAsync(EmailState state, string address)
    {
        (_, EmailId id) = await ClaimOneAsync(address);
        switch (state)
        {
            case EmailState.Sending:
                break;
            case EmailState.PendingSend:
                await Store.Outgoing.ReleaseAsync(await Store.LeaseOutboxAsync(id), id, Start.AddDays(1), Cancellation);
                break;
            case EmailState.Canceled:
                await Store.Outgoing.ReleaseAsync(await Store.LeaseOutboxAsync(id), id, Start.AddDays(1), Cancellation);
                await Store.Outgoing.CancelAsync(id, Cancellation);
                break;
            default:
                await Store.Outgoing.RecordAsync(await Store.LeaseOutboxAsync(id), id, new(state, Refused, null, "550 no such user"), Cancellation);
                break;
        }

        return id;
    }
}
