using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>Sessions for submission that outlive their outbox.</summary>
public sealed class SubmissionPoolTests
{
    private static readonly byte[] Content = Encoding.ASCII.GetBytes("From: a@lab.example\r\nSubject: hello\r\n\r\nhello\r\n");

    [Fact]
    public async Task The_next_email_goes_through_the_session_of_the_last()
    {
        await using Rig rig = await Rig.StartAsync(clock: new FakeTimeProvider(DateTimeOffset.UtcNow));
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);

        await SendAsync(rig, profile, mailbox);
        await SendAsync(rig, profile, mailbox);

        Assert.Equal(2, rig.Lab.Journal.MessagesAccepted);
        Assert.Equal((1, 1), (rig.Lab.Journal.ConnectionsOpened, rig.Lab.Journal.SignIns));
    }

    [Fact]
    public async Task A_session_that_nobody_needs_says_farewell()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(clock: clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        await SendAsync(rig, profile, mailbox);

        clock.Advance(SubmissionPool.IdleTime);

        await rig.Lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, Rig.Timeout);
        Assert.Contains(rig.Lab.Journal.Entries, entry => entry.Line == "QUIT");
        await SendAsync(rig, profile, mailbox);
        Assert.Equal(2, rig.Lab.Journal.ConnectionsOpened);
    }

    [Fact]
    public async Task T_10_another_mailbox_has_a_session_of_its_own_and_so_has_another_version_of_the_same_or_of_its_profile()
    {
        await using Rig rig = await Rig.StartAsync(clock: new FakeTimeProvider(DateTimeOffset.UtcNow));
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox one = await rig.AddMailboxAsync(profile);
        Mailbox two = await rig.AddMailboxAsync(profile, number: 2);

        await SendAsync(rig, profile, one);
        await SendAsync(rig, profile, two);
        one = await rig.Store.Mailboxes.UpdateAsync(one, Rig.Timeout);
        await SendAsync(rig, profile, one);
        Assert.Equal(3, rig.Lab.Journal.SignIns);

        // The profile says how the connection is protected: another version of it may mean another protection.
        profile = await rig.Store.Profiles.UpdateAsync(profile, Rig.Timeout);
        await SendAsync(rig, profile, one);
        Assert.Equal(4, rig.Lab.Journal.SignIns);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_session_that_the_server_closed_meanwhile_is_replaced_and_no_attempt_is_lost(bool politely)
    {
        await using Rig rig = await Rig.StartAsync(clock: new FakeTimeProvider(DateTimeOffset.UtcNow));
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        rig.Lab.Misbehave((politely ? Misbehaviour.ServiceNotAvailable("MAIL") : Misbehaviour.Disconnect("MAIL")) with { Skip = 1, Times = 1 });

        await SendAsync(rig, profile, mailbox);
        EmailId second = await SendAsync(rig, profile, mailbox);

        Email sent = (await rig.Store.Emails.FindAsync(second, Rig.Timeout))!;
        Assert.Equal((EmailState.Sent, 1), (sent.State, sent.Attempts));
        Assert.Equal(2, rig.Lab.Journal.ConnectionsOpened);
    }

    [Fact]
    public async Task A_session_takes_a_hundred_emails_and_no_more()
    {
        await using Rig rig = await Rig.StartAsync(clock: new FakeTimeProvider(DateTimeOffset.UtcNow));
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        for (int count = 0; count < SubmissionPool.MostEmails; count++)
            await EnqueueAsync(rig, mailbox, "user0002@lab.example");

        await SendAsync(rig, profile, mailbox);

        Assert.Equal(SubmissionPool.MostEmails + 1, rig.Lab.Journal.MessagesAccepted);
        Assert.Equal(2, rig.Lab.Journal.ConnectionsOpened);
    }

    [Theory, InlineData("452 4.5.3 too many recipients"), InlineData("552 too many recipients")]
    public async Task Recipients_over_the_servers_limit_go_into_the_next_transaction_at_once(string reply)
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        rig.Lab.Misbehave(Misbehaviour.Reply("RCPT", reply) with { Skip = 2, Times = 2 });
        EmailId id = await EnqueueAsync(rig, mailbox, "a@elsewhere.example", "b@elsewhere.example", "c@elsewhere.example", "d@elsewhere.example");

        await rig.Send.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal(
            [["a@elsewhere.example", "b@elsewhere.example"], ["c@elsewhere.example", "d@elsewhere.example"]],
            rig.Lab.Outbox.Select(message => message.ForwardPaths.ToArray()));
        Email sent = (await rig.Store.Emails.FindAsync(id, Rig.Timeout))!;
        Assert.Equal(EmailState.Sent, sent.State);
        Assert.All(sent.Recipients, recipient => Assert.Equal(RecipientState.Accepted, recipient.State));
    }

    [Fact]
    public async Task After_a_crash_between_two_transactions_only_the_others_are_in_doubt()
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        rig.Lab.Misbehave(
            Misbehaviour.Reply("RCPT", "452 4.5.3 too many recipients") with { Skip = 1, Times = 1 },
            Misbehaviour.Hang("MAIL") with { Skip = 1 });
        EmailId id = await EnqueueAsync(rig, mailbox, "a@elsewhere.example", "b@elsewhere.example");

        using (CancellationTokenSource crash = new())
        {
            Task sending = rig.Send.RunAsync(mailbox, profile, crash.Token);
            await rig.Lab.Journal.WhenAsync(journal => journal.Strikes == 2, Rig.Timeout);
            Email meanwhile = (await rig.Store.Emails.FindAsync(id, Rig.Timeout))!;
            Assert.Equal(EmailState.Sending, meanwhile.State);
            Assert.Equal([RecipientState.Accepted, RecipientState.Pending], meanwhile.Recipients.Select(recipient => recipient.State));
            await crash.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        }

        Email waiting = (await rig.Store.Emails.FindAsync(id, Rig.Timeout))!;
        Assert.Equal(EmailState.PendingSend, waiting.State);
        Assert.Equal([RecipientState.Accepted, RecipientState.Pending], waiting.Recipients.Select(recipient => recipient.State));
    }

    private static async Task<EmailId> SendAsync(Rig rig, EmailServerProfile profile, Mailbox mailbox)
    {
        EmailId id = await EnqueueAsync(rig, mailbox, "user0002@lab.example");
        Assert.Null((await rig.Send.RunAsync(mailbox, profile, Rig.Timeout)).Failure);
        return id;
    }

    private static async Task<EmailId> EnqueueAsync(Rig rig, Mailbox mailbox, params string[] recipients)
    {
        using MemoryStream content = new(Content);
        return await rig.Store.Outgoing.EnqueueAsync(new Submission(mailbox.Id, mailbox.EmailAddress, recipients), content, Rig.Timeout);
    }
}
