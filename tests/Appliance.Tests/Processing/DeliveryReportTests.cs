using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>Delivery status notifications that come back, and the emails that they speak of.</summary>
public sealed class DeliveryReportTests
{
    private static readonly byte[] Content = Encoding.ASCII.GetBytes(
        "From: user0001@lab.example\r\nSubject: hello\r\nMessage-ID: <1@lab.example>\r\n\r\nhello\r\n");

    [Theory]
    [InlineData("eml_1", "<other@lab.example>")]
    [InlineData(null, "<1@lab.example>")]
    [InlineData("somebody else's", "<1@lab.example>")]
    public async Task An_email_that_came_back_shows_it_and_the_notification_says_of_which_it_speaks(string? envelopeId, string messageId)
    {
        await using Rig rig = await Rig.StartAsync();
        (Mailbox mailbox, EmailServerProfile profile, EmailId sent) = await SendAsync(rig, "gone@elsewhere.example", "there@elsewhere.example");

        await ReceiveAsync(rig, mailbox, Notification(envelopeId, messageId, "gone@elsewhere.example"));

        Email email = (await rig.Store.Emails.FindAsync(sent, Rig.Timeout))!;
        Assert.Equal(EmailState.Bounced, email.State);
        Assert.Equal([RecipientState.Bounced, RecipientState.Accepted], email.Recipients.Select(recipient => recipient.State));
        Assert.Equal(("5.1.1", "550 5.1.1 no such user"), (email.Recipients[0].EnhancedCode, email.Recipients[0].ReplyText));
        Assert.Equal(sent, Assert.Single(await rig.EmailsAsync(mailbox)).SpeaksOf);
        Assert.Equal("email-bounced", Assert.Single(await rig.AlertsAsync(AlertSubject.Of(sent))).Code);
        Assert.Equal(profile.Id, mailbox.Profile);
    }

    [Fact]
    public async Task A_notification_that_an_email_is_late_changes_nothing_of_it()
    {
        await using Rig rig = await Rig.StartAsync();
        (Mailbox mailbox, _, EmailId sent) = await SendAsync(rig, "slow@elsewhere.example");

        await ReceiveAsync(rig, mailbox, Notification("eml_1", "<1@lab.example>", "slow@elsewhere.example", action: "delayed"));

        Assert.Equal(EmailState.Sent, (await rig.Store.Emails.FindAsync(sent, Rig.Timeout))!.State);
        Assert.Equal(sent, Assert.Single(await rig.EmailsAsync(mailbox)).SpeaksOf);
    }

    [Fact]
    public async Task Nobody_can_speak_of_an_email_of_another_mailbox()
    {
        await using Rig rig = await Rig.StartAsync();
        (_, EmailServerProfile profile, EmailId sent) = await SendAsync(rig, "there@elsewhere.example");
        Mailbox other = await rig.AddMailboxAsync(profile, number: 2);

        await ReceiveAsync(rig, other, Notification("eml_1", "<1@lab.example>", "there@elsewhere.example"));

        Assert.Equal(EmailState.Sent, (await rig.Store.Emails.FindAsync(sent, Rig.Timeout))!.State);
        Assert.Null(Assert.Single(await rig.EmailsAsync(other)).SpeaksOf);
    }

    [Theory]
    [InlineData("Content-Type: multipart/report; report-type=delivery-status\r\n\r\nno parts at all")]
    [InlineData("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n")]
    [InlineData("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\0\0:\r\n\r\nAction failed\r\n\r\n--b")]
    public async Task What_is_no_notification_inside_is_read_once_and_blocks_nothing(string message)
    {
        await using Rig rig = await Rig.StartAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync());

        await ReceiveAsync(rig, mailbox, Encoding.ASCII.GetBytes(message));

        Assert.Null(Assert.Single(await rig.EmailsAsync(mailbox)).SpeaksOf);
        Assert.Empty(await rig.Store.Reports.UnreadAsync(mailbox.Id, 10, Rig.Timeout));
    }

    [Fact]
    public void Text_of_a_stranger_is_short_and_without_control_characters()
    {
        byte[] message = Notification(null, "<1@lab.example>", "a@b.example", diagnostic: new string('x', 5000) + "\t\u0007");

        Recipient failed = Assert.Single(DeliveryReport.Read(message, Rig.Timeout)!.Failed);

        Assert.Equal(200, failed.ReplyText!.Length);
        Assert.DoesNotContain(failed.ReplyText, char.IsControl);
    }

    private static async Task<(Mailbox Mailbox, EmailServerProfile Profile, EmailId Sent)> SendAsync(Rig rig, params string[] recipients)
    {
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        using MemoryStream content = new(Content);
        EmailId id = await rig.Store.Outgoing.EnqueueAsync(new(mailbox.Id, mailbox.EmailAddress, recipients), content, Rig.Timeout);
        await rig.Worker.RunAsync(mailbox.Id, Work.Send, Rig.Timeout);
        Assert.Equal(EmailState.Sent, (await rig.Store.Emails.FindAsync(id, Rig.Timeout))!.State);
        return (mailbox, profile, id);
    }

    private static async Task ReceiveAsync(Rig rig, Mailbox mailbox, byte[] message)
    {
        rig.Lab.Deliver(mailbox.EmailAddress, message);
        Assert.Null((await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout)).Failure);
    }

    private static byte[] Notification(
        string? envelopeId, string messageId, string recipient, string action = "failed", string diagnostic = "550 5.1.1 no such user") =>
        Encoding.ASCII.GetBytes(string.Join("\r\n",
            "From: MAILER-DAEMON@mx.elsewhere.example",
            "To: user0001@lab.example",
            "Subject: Undelivered Mail Returned to Sender",
            "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=delivery-status;",
            "\tboundary=\"B\"",
            "",
            "--B",
            "Content-Type: text/plain",
            "",
            "I'm sorry to have to inform you.",
            "",
            "--B",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.elsewhere.example",
            envelopeId is null ? "X-Queue-ID: 4711" : $"Original-Envelope-Id: {envelopeId}",
            "",
            $"Final-Recipient: rfc822; {recipient}",
            $"Action: {action}",
            "Status: 5.1.1",
            $"Diagnostic-Code: smtp; {diagnostic}",
            "",
            "--B",
            "Content-Type: text/rfc822-headers",
            "",
            "From: user0001@lab.example",
            $"Message-ID: {messageId}",
            "Subject: hello",
            "",
            "--B--",
            ""));
}
