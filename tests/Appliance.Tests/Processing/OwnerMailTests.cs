using System.Text;
using EmailSync.Appliance.Model;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>What no single mailbox sees, and how a profile's owner hears of it.</summary>
public sealed class OwnerMailTests
{
    [Fact]
    public async Task More_than_half_failed_within_an_hour_and_the_owner_is_mailed_from_a_mailbox_that_works()
    {
        await using Rig rig = await Rig.StartAsync(new() { Mailboxes = 4, MessagesPerMailbox = 0 });
        Mailbox sender = await AddSenderAsync(rig, 4);
        EmailServerProfile profile = await rig.AddProfileAsync(profile => profile with { Name = "Tröpfchen", OwnerEmailAddress = "owner@elsewhere.example", SendEmailAlert = true });
        Mailbox good = await rig.AddMailboxAsync(profile, 1);
        Mailbox[] bad = [await rig.AddMailboxAsync(profile, 2, "s3cret!"), await rig.AddMailboxAsync(profile, 3, "s3cret!")];

        await rig.Worker.RunAsync(bad[0].Id, Work.Receive, Rig.Timeout);
        await rig.Worker.RunAsync(good.Id, Work.Receive, Rig.Timeout);
        Assert.Empty(await rig.EmailsAsync(sender, EmailDirection.Outgoing));
        await rig.Worker.RunAsync(bad[1].Id, Work.Receive, Rig.Timeout);

        Assert.Contains("profile-failing", await CodesAsync(rig, AlertSubject.Of(profile.Id)));
        Assert.Equal([sender.Id], rig.Woken);
        Email mail = Assert.Single(await rig.EmailsAsync(sender, EmailDirection.Outgoing));
        Assert.Equal(("EmailSync alert: profile-failing", "owner@elsewhere.example"), (mail.Headers.Subject, Assert.Single(mail.Recipients).Address));
        string body = Body(await rig.ContentAsync(mail.Id));
        Assert.Contains("2 of 3 mailboxes of the profile 'Tröpfchen'", body, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret!", body, StringComparison.Ordinal);

        await rig.Store.Secrets.SetAsync(EmailSync.Appliance.Store.SecretName.Of(bad[1].Id), new(rig.Lab.Mailboxes[2].Password), Rig.Timeout);
        await rig.TestAsync(bad[1]);
        await rig.Worker.RunAsync(bad[1].Id, Work.Receive, Rig.Timeout);
        Assert.DoesNotContain("profile-failing", await CodesAsync(rig, AlertSubject.Of(profile.Id)));
        await rig.Worker.RunAsync(sender.Id, Work.Send, Rig.Timeout);
        Assert.Equal("owner@elsewhere.example", Assert.Single(rig.Lab.Outbox, sent => sent.ForwardPaths.Contains("owner@elsewhere.example")).ForwardPaths[0]);
    }

    [Fact]
    public async Task A_dead_server_counts_as_all_its_mailboxes_and_its_owner_hears_of_it_once()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UnixEpoch.AddYears(56));
        await using Rig rig = await Rig.StartAsync(new() { Mailboxes = 4, MessagesPerMailbox = 0 }, clock);
        Mailbox sender = await AddSenderAsync(rig, 4);
        EmailServerProfile profile = await DeadAsync(rig, profile => profile with { OwnerEmailAddress = "owner@elsewhere.example", SendEmailAlert = true });
        Mailbox[] mailboxes = [await rig.AddMailboxAsync(profile, 1), await rig.AddMailboxAsync(profile, 2), await rig.AddMailboxAsync(profile, 3)];

        for (int times = 0; times < 6; times++)
            await rig.Worker.RunAsync(mailboxes[0].Id, Work.Receive, Rig.Timeout);

        Assert.Equal(["connect", "profile-failing"], await CodesAsync(rig, AlertSubject.Of(profile.Id)));
        Assert.Equal(
            ["EmailSync alert: connect", "EmailSync alert: profile-failing"],
            (await rig.EmailsAsync(sender, EmailDirection.Outgoing)).Select(mail => mail.Headers.Subject).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Without_sendEmailAlert_the_alert_stands_and_no_mail_of_it_is_sent()
    {
        await using Rig rig = await Rig.StartAsync(new() { Mailboxes = 2, MessagesPerMailbox = 0 });
        Mailbox sender = await AddSenderAsync(rig, 2);
        EmailServerProfile profile = await rig.AddProfileAsync(profile => profile with { OwnerEmailAddress = "owner@elsewhere.example" });
        Mailbox bad = await rig.AddMailboxAsync(profile, 1, "wrong");

        await rig.Worker.RunAsync(bad.Id, Work.Receive, Rig.Timeout);

        Assert.Equal(["profile-failing"], await CodesAsync(rig, AlertSubject.Of(profile.Id)));
        Assert.Empty(await rig.EmailsAsync(sender, EmailDirection.Outgoing));
    }

    [Fact]
    public async Task Where_no_mailbox_can_send_an_alert_says_so()
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync(profile => profile with { OwnerEmailAddress = "owner@elsewhere.example", SendEmailAlert = true });
        Mailbox bad = await rig.AddMailboxAsync(profile, 1, "wrong");

        await rig.Worker.RunAsync(bad.Id, Work.Receive, Rig.Timeout);

        Assert.Equal(["owner-not-told", "profile-failing"], await CodesAsync(rig, AlertSubject.Of(profile.Id)));

        await rig.Store.Secrets.SetAsync(EmailSync.Appliance.Store.SecretName.Of(bad.Id), new(rig.Lab.Mailboxes[0].Password), Rig.Timeout);
        await rig.TestAsync(bad);
        await rig.Worker.RunAsync(bad.Id, Work.Receive, Rig.Timeout);
        Assert.Empty(await CodesAsync(rig, AlertSubject.Of(profile.Id)));
    }

    [Fact]
    public async Task One_dropped_connection_of_an_only_mailbox_is_no_news()
    {
        await using Rig rig = await Rig.StartAsync();
        Mailbox only = await rig.AddMailboxAsync(await rig.AddProfileAsync());
        rig.Lab.Misbehave(EmailSync.Lab.Misbehaviour.RefuseSignIn("-ERR [SYS/TEMP] backend unavailable"));

        await rig.Worker.RunAsync(only.Id, Work.Receive, Rig.Timeout);
        await rig.Worker.RunAsync(only.Id, Work.Receive, Rig.Timeout);
        Assert.Empty(await CodesAsync(rig, AlertSubject.Of(only.Profile)));
        await rig.Worker.RunAsync(only.Id, Work.Receive, Rig.Timeout);
        Assert.Equal(["profile-failing"], await CodesAsync(rig, AlertSubject.Of(only.Profile)));

        rig.Lab.Misbehave();
        await rig.Worker.RunAsync(only.Id, Work.Receive, Rig.Timeout);
        Assert.Empty(await CodesAsync(rig, AlertSubject.Of(only.Profile)));
    }

    [Fact]
    public async Task A_host_that_fails_for_two_profiles_is_one_alert_on_the_host()
    {
        await using Rig rig = await Rig.StartAsync();
        string host = $"localhost:{rig.ClosedPort}";
        Mailbox one = await rig.AddMailboxAsync(await DeadAsync(rig), 1);
        Mailbox two = await rig.AddMailboxAsync(await DeadAsync(rig), 2);

        await rig.Worker.RunAsync(one.Id, Work.Receive, Rig.Timeout);
        Assert.Empty(await CodesAsync(rig, new(AlertScope.Host, host)));
        await rig.Worker.RunAsync(two.Id, Work.Receive, Rig.Timeout);
        await rig.Worker.RunAsync(two.Id, Work.Receive, Rig.Timeout);

        Alert alert = Assert.Single(await rig.AlertsAsync(new(AlertScope.Host, host)));
        Assert.Equal(("host-failing", 1), (alert.Code, alert.Count));
    }

    private static async Task<Mailbox> AddSenderAsync(Rig rig, int number)
    {
        Mailbox sender = await rig.AddMailboxAsync(await rig.AddProfileAsync(), number);
        await rig.Store.Mailboxes.RecordAsync(sender.Id, state => state with { OutgoingStatus = EmailStatus.Success }, Rig.Timeout);
        return sender;
    }

    private static Task<EmailServerProfile> DeadAsync(Rig rig, Func<EmailServerProfile, EmailServerProfile>? change = null) => rig.AddProfileAsync(profile =>
    {
        profile = profile with { Incoming = profile.Incoming with { Location = profile.Incoming.Location! with { Port = rig.ClosedPort } } };
        return change?.Invoke(profile) ?? profile;
    });

    private static async Task<IEnumerable<string>> CodesAsync(Rig rig, AlertSubject subject) =>
        (await rig.AlertsAsync(subject)).Select(alert => alert.Code).Order(StringComparer.Ordinal);

    private static string Body(byte[] message)
    {
        string text = Encoding.ASCII.GetString(message);
        return Encoding.UTF8.GetString(Convert.FromBase64String(text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]));
    }
}
