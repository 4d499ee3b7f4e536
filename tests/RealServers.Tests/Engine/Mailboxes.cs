using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.RealServers.Tests.Servers;
using TestResult = EmailSync.Appliance.Model.TestResult;

namespace EmailSync.RealServers.Tests.Engine;

/// <summary>A mailbox's life between Postfix and Dovecot: it is tested, sends, receives, and its trouble is named.</summary>
public sealed class Mailboxes(MailServers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TlsMode.Implicit)]
    [InlineData(TlsMode.StartTls)]
    public async Task It_is_tested_both_ways_and_enabled(TlsMode security)
    {
        await using Bench bench = await Bench.StartAsync(servers);
        MailAccount account = servers.NewAccount();
        account.Deliver("1", "Subject: was here before\r\n\r\n"u8);
        Mailbox mailbox = await bench.AddMailboxAsync(await bench.AddProfileAsync(security), account);

        (TestResult result, Mailbox tested) = await bench.TestAsync(mailbox);

        Assert.Equal((EmailStatus.Success, EmailStatus.Success), (result.Incoming, result.Outgoing));
        Assert.All(result.Steps, step => Assert.Equal(StepOutcome.Passed, step.Outcome));
        Assert.Equal("round-trip", result.Steps[^1].Name);
        Assert.True(tested.State is { EnabledForIncoming: true, EnabledForOutgoing: true });
        Assert.Equal(["mailbox-enabled"], (await bench.AlertsAsync(AlertSubject.Of(mailbox.Id))).Select(alert => alert.Code));
        // The test message is gone again, and nothing else is.
        Assert.Equal(1, account.Count);
    }

    [Fact]
    public async Task What_one_mailbox_sends_another_receives()
    {
        await using Bench bench = await Bench.StartAsync(servers);
        EmailServerProfile profile = await bench.AddProfileAsync();
        MailAccount to = servers.NewAccount();
        Mailbox sender = (await bench.TestAsync(await bench.AddMailboxAsync(profile, servers.NewAccount()))).Mailbox;
        Mailbox receiver = (await bench.TestAsync(await bench.AddMailboxAsync(profile, to, deletes: true))).Mailbox;
        byte[] message = Encoding.UTF8.GetBytes(
            $"From: <{sender.EmailAddress}>\r\nTo: <{to.Address}>\r\nSubject: Grüße\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n"
            + $"Message-ID: <{Guid.NewGuid():N}@example.test>\r\n\r\n.\r\n..dots\r\n\r\n");
        using MemoryStream content = new(message);

        await bench.Store.Outgoing.EnqueueAsync(new(sender.Id, sender.EmailAddress, [to.Address, "nobody@example.test"]), content, Cancelled);
        await bench.RunAsync(sender, Work.Send);

        Email sent = Assert.Single(await bench.EmailsAsync(sender, EmailDirection.Outgoing));
        Assert.Equal(EmailState.Sent, sent.State);
        Assert.Equal(["Accepted 250", "Failed 550"], sent.Recipients.Select(recipient => $"{recipient.State} {recipient.ReplyCode}"));

        await to.ReceiveAsync(1);
        await bench.RunAsync(receiver, Work.Receive);

        Email received = Assert.Single(await bench.EmailsAsync(receiver));
        Assert.EndsWith(Encoding.Latin1.GetString(message), Encoding.Latin1.GetString(await bench.ContentAsync(received)), StringComparison.Ordinal);
        Assert.Equal("Grüße", received.Headers.Subject);
        Assert.Equal(sent.Headers.MessageId, received.Headers.MessageId);
        Assert.Equal(0, to.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_maildrop_is_received_once_and_emptied_where_that_is_asked_for(bool deletes)
    {
        const int Count = 50;
        await using Bench bench = await Bench.StartAsync(servers);
        MailAccount account = servers.NewAccount();
        byte[][] messages = [.. Enumerable.Range(10, Count).Select(number => Encoding.ASCII.GetBytes($"Subject: {number}\r\n\r\n.{new string('x', number * 100)}\r\n"))];
        Mailbox mailbox = (await bench.TestAsync(await bench.AddMailboxAsync(await bench.AddProfileAsync(), account, deletes: deletes))).Mailbox;
        for (int number = 0; number < Count; number++)
            account.Deliver($"{number + 10}", messages[number]);

        await bench.RunAsync(mailbox, Work.Receive);
        await bench.RunAsync(mailbox, Work.Receive);

        IReadOnlyList<Email> emails = await bench.EmailsAsync(mailbox);
        Assert.Equal(messages, await Task.WhenAll(emails.Select(bench.ContentAsync)));
        Assert.Equal(deletes ? 0 : Count, account.Count);
    }

    [Fact]
    public async Task A_wrong_password_is_named_in_both_directions_and_the_mailbox_stands_still()
    {
        await using Bench bench = await Bench.StartAsync(servers);
        Mailbox mailbox = await bench.AddMailboxAsync(await bench.AddProfileAsync(), servers.NewAccount(), password: "wrong");

        (TestResult result, Mailbox tested) = await bench.TestAsync(mailbox);

        AssertFails(result, "authentication", ErrorClass.Authentication);
        Assert.True(tested.State is { EnabledForIncoming: false, EnabledForOutgoing: false, NextPollAt: null });
        Alert alert = Assert.Single(await bench.AlertsAsync(AlertSubject.Of(mailbox.Id)));
        Assert.Equal("authentication", alert.Code);
        Assert.DoesNotContain("wrong", alert.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TlsMode.Implicit)]
    [InlineData(TlsMode.StartTls)]
    public async Task A_certificate_that_nobody_vouched_for_is_named_and_no_password_is_sent(TlsMode security)
    {
        await using Bench bench = await Bench.StartAsync(servers);
        Mailbox mailbox = await bench.AddMailboxAsync(await bench.AddProfileAsync(security, isTrusted: false), servers.NewAccount());

        (TestResult result, Mailbox tested) = await bench.TestAsync(mailbox);

        AssertFails(result, "tls", ErrorClass.CertificateUntrusted);
        Assert.DoesNotContain(result.Steps, step => step.Name == "authentication");
        Assert.True(tested.State is { EnabledForIncoming: false, EnabledForOutgoing: false });
    }

    [Fact]
    public async Task A_09_a_password_that_was_changed_at_the_server_stops_the_mailbox_at_the_next_poll()
    {
        await using Bench bench = await Bench.StartAsync(servers);
        Mailbox mailbox = (await bench.TestAsync(await bench.AddMailboxAsync(await bench.AddProfileAsync(), servers.NewAccount()))).Mailbox;
        await bench.Store.Secrets.SetAsync(SecretName.Of(mailbox.Id), new("what it was before"), Cancelled);

        Failure failure = (await bench.Worker.RunAsync(mailbox.Id, Work.Receive, isAsked: true, Cancelled)).Failure!;

        Assert.Equal((ErrorClass.Authentication, FailureScope.Mailbox, false), (failure.Class, failure.Scope, failure.IsTransient));
        Mailbox stopped = (await bench.Store.Mailboxes.FindAsync(mailbox.Id, Cancelled))!;
        Assert.True(stopped.State is { EnabledForIncoming: false, IncomingStatus: EmailStatus.Failure, NextPollAt: null });
    }

    private static void AssertFails(TestResult result, string step, ErrorClass failure)
    {
        Assert.Equal((EmailStatus.Failure, EmailStatus.Failure), (result.Incoming, result.Outgoing));
        Assert.Equal(
            [(step, failure, MailService.Pop3), (step, failure, MailService.Submission)],
            result.Steps.Where(taken => taken.Outcome == StepOutcome.Failed).Select(taken => (taken.Name, taken.ErrorClass!.Value, taken.Service!.Value)));
    }
}
