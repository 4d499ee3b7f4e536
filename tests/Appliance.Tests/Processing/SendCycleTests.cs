using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Tests.Store;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.Processing;

public sealed class SendCycleTests
{
    private static readonly byte[] Content = Encoding.ASCII.GetBytes(
        "From: user0001@lab.example\r\nTo: user0002@lab.example\r\nSubject: hello\r\nMessage-ID: <1@lab.example>\r\n\r\n.dot\r\n.\r\nend\r\n");

    [Fact]
    public async Task Sends_what_is_due_and_writes_down_each_recipients_reply()
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        EmailId id = await EnqueueAsync(rig, mailbox, "user0002@lab.example", "somebody@elsewhere.example");

        Assert.Null((await rig.Send.RunAsync(mailbox, profile, Rig.Timeout)).Failure);

        Email sent = (await rig.Store.Emails.FindAsync(id, Rig.Timeout))!;
        Assert.Equal(EmailState.Sent, sent.State);
        Assert.All(sent.Recipients, recipient => Assert.Equal((RecipientState.Accepted, 250), (recipient.State, recipient.ReplyCode)));
        SubmittedMessage arrived = Assert.Single(rig.Lab.Outbox);
        Assert.Equal(mailbox.EmailAddress, arrived.ReversePath);
        Assert.Equal(["user0002@lab.example", "somebody@elsewhere.example"], arrived.ForwardPaths);
        Assert.Equal(Content, arrived.Content.ToArray());
    }

    [Fact]
    public async Task One_session_sends_the_whole_outbox()
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        for (int count = 0; count < 10; count++)
            await EnqueueAsync(rig, mailbox, "user0002@lab.example");

        await rig.Send.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal(10, rig.Lab.Mailboxes[1].MessageCount);
        Assert.Equal(1, rig.Lab.Journal.ConnectionsOpened);
    }

    [Fact]
    public async Task A_refused_recipient_is_that_recipients_trouble()
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        rig.Lab.Misbehave(Misbehaviour.RefuseRecipient("nobody@lab.example", "550 5.1.1 no such user"));
        EmailId id = await EnqueueAsync(rig, mailbox, "user0002@lab.example", "nobody@lab.example");

        await rig.Send.RunAsync(mailbox, profile, Rig.Timeout);

        Email sent = (await rig.Store.Emails.FindAsync(id, Rig.Timeout))!;
        Assert.Equal(EmailState.Sent, sent.State);
        Assert.Equal([RecipientState.Accepted, RecipientState.Failed], sent.Recipients.Select(recipient => recipient.State));
        Assert.Equal((550, "5.1.1"), (sent.Recipients[1].ReplyCode, sent.Recipients[1].EnhancedCode));
        Assert.Equal("email-failed", Assert.Single(await rig.AlertsAsync(AlertSubject.Of(id))).Code);
        Assert.Equal(1, rig.Lab.Mailboxes[1].MessageCount);
    }

    [Fact]
    public async Task A_greylisted_recipient_is_tried_again_and_the_others_are_not()
    {
        Microsoft.Extensions.Time.Testing.FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(clock: clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        rig.Lab.Misbehave(Misbehaviour.Greylist("slow@elsewhere.example"));
        EmailId id = await EnqueueAsync(rig, mailbox, "user0002@lab.example", "slow@elsewhere.example");

        await rig.Send.RunAsync(mailbox, profile, Rig.Timeout);
        Email waiting = (await rig.Store.Emails.FindAsync(id, Rig.Timeout))!;
        await rig.Send.RunAsync(mailbox, profile, Rig.Timeout);
        clock.Advance(TimeSpan.FromMinutes(10));
        await rig.Send.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal(EmailState.PendingSend, waiting.State);
        Assert.Equal([RecipientState.Accepted, RecipientState.Pending], waiting.Recipients.Select(recipient => recipient.State));
        Assert.Equal(EmailState.Sent, (await rig.Store.Emails.FindAsync(id, Rig.Timeout))!.State);
        Assert.Equal([["user0002@lab.example"], ["slow@elsewhere.example"]], rig.Lab.Outbox.Select(message => message.ForwardPaths.ToArray()));
    }

    [Fact]
    public async Task Refused_content_fails_for_every_recipient()
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        rig.Lab.Misbehave(Misbehaviour.Reply(Misbehaviour.FinalDot, "554 5.7.1 spam"));
        EmailId id = await EnqueueAsync(rig, mailbox, "user0002@lab.example");

        Assert.Null((await rig.Send.RunAsync(mailbox, profile, Rig.Timeout)).Failure);

        Email failed = (await rig.Store.Emails.FindAsync(id, Rig.Timeout))!;
        Assert.Equal((EmailState.Failed, 554), (failed.State, failed.Recipients[0].ReplyCode));
    }

    [Theory]
    [InlineData(WhenUncertain.Resend, EmailState.PendingSend)]
    [InlineData(WhenUncertain.Hold, EmailState.Uncertain)]
    public async Task A_connection_lost_behind_the_final_dot_leaves_the_outcome_in_doubt(WhenUncertain choice, EmailState expected)
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync(profile => profile with { WhenUncertain = choice });
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        rig.Lab.Misbehave(Misbehaviour.DisconnectAfter(Misbehaviour.FinalDot));
        EmailId id = await EnqueueAsync(rig, mailbox, "user0002@lab.example");

        await rig.Send.RunAsync(mailbox, profile, Rig.Timeout);

        Email email = (await rig.Store.Emails.FindAsync(id, Rig.Timeout))!;
        Assert.Equal(expected, email.State);
        Assert.Equal("uncertain", Assert.Single(await rig.AlertsAsync(AlertSubject.Of(id))).Code);
    }

    [Theory]
    [InlineData(WhenUncertain.Resend, EmailState.PendingSend)]
    [InlineData(WhenUncertain.Hold, EmailState.Uncertain)]
    public async Task What_a_crash_left_in_the_middle_of_sending_is_in_doubt(WhenUncertain choice, EmailState expected)
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync(profile => profile with { WhenUncertain = choice });
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        EmailId id = await EnqueueAsync(rig, mailbox, "user0002@lab.example");
        // The process that claimed it is gone: a store that was opened since knows it as interrupted.
        await rig.Store.Outgoing.ClaimAsync(await rig.Store.LeaseOutboxAsync(mailbox.Id), rig.Clock.GetUtcNow(), Rig.Timeout);
        await rig.RestartAsync();

        await rig.Send.RecoverAsync(Rig.Timeout);

        Assert.Equal(expected, (await rig.Store.Emails.FindAsync(id, Rig.Timeout))!.State);
    }

    [Fact]
    public async Task Without_a_session_the_email_waits_and_no_attempt_is_counted()
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, password: "wrong");
        EmailId id = await EnqueueAsync(rig, mailbox, "user0002@lab.example");

        Failure? failure = (await rig.Send.RunAsync(mailbox, profile, Rig.Timeout)).Failure;

        Assert.Equal(ErrorClass.Authentication, failure!.Class);
        Email email = (await rig.Store.Emails.FindAsync(id, Rig.Timeout))!;
        Assert.Equal((EmailState.PendingSend, 0), (email.State, email.Attempts));
    }

    private static async Task<EmailId> EnqueueAsync(Rig rig, Mailbox mailbox, params string[] recipients)
    {
        using MemoryStream content = new(Content);
        return await rig.Store.Outgoing.EnqueueAsync(new Submission(mailbox.Id, mailbox.EmailAddress, recipients), content, Rig.Timeout);
    }
}
