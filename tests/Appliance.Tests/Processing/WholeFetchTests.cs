using System.Net.Sockets;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Tests.Api;
using EmailSync.Appliance.Tests.Faults;
using EmailSync.Appliance.Tests.Store;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>A message larger than its mailbox takes is recorded with its header; then somebody wants it after all.</summary>
public sealed class WholeFetchTests
{
    private static readonly byte[] Large = Encoding.ASCII.GetBytes("Subject: plans\r\nFrom: a@example.test\r\n\r\n" + new string('x', 300_000) + "\r\n");

    [Theory, InlineData(false), InlineData(true)]
    public async Task The_next_poll_fetches_it_whole_and_once_and_its_alert_is_over(bool deletes)
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, Email headers) = await StartAsync(deletes);
        await using Rig started = rig;
        Assert.Equal("message-too-large", Assert.Single(await rig.AlertsAsync(AlertSubject.Of(headers.Id))).Code);

        Assert.True(await rig.Store.Wanted.AddAsync(headers.Id, Rig.Timeout));
        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        ReceiveReport next = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((1, deletes ? 1 : 0), (report.Stored, report.Deleted));
        Assert.Equal(0, next.Stored);
        Email whole = Assert.Single(await rig.EmailsAsync(mailbox), email => email.State == EmailState.Received);
        Assert.True(whole.Id.Value > headers.Id.Value, "It has a place in the feed of its own.");
        Assert.Equal(Large, await rig.ContentAsync(whole.Id));
        Assert.Equal(headers.UniqueId, whole.UniqueId);
        Assert.Equal(whole.Id, (await rig.Store.Emails.FindAsync(headers.Id, Rig.Timeout))!.FetchedAs);
        Assert.Empty(await rig.AlertsAsync(AlertSubject.Of(headers.Id)));
        Assert.Equal(deletes ? 0 : 1, rig.Lab.Mailboxes[0].MessageCount);
        Assert.Equal(1, rig.Lab.Journal.Count("RETR"));
    }

    [Fact]
    public async Task What_is_gone_from_the_server_is_told_and_not_asked_for_any_more()
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, Email headers) = await StartAsync();
        await using Rig started = rig;
        await DeleteElsewhereAsync(rig);
        await rig.Store.Wanted.AddAsync(headers.Id, Rig.Timeout);

        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal("The server does not have the message any more.", (await rig.Store.Emails.FindAsync(headers.Id, Rig.Timeout))!.LastError);
        Alert alert = Assert.Single(await rig.AlertsAsync(AlertSubject.Of(headers.Id)), alert => alert.Code == "message-not-fetched");
        Assert.Contains("does not have the message", alert.Text, StringComparison.Ordinal);
        Assert.Empty(await rig.Store.Wanted.ListAsync(mailbox.Id, Rig.Timeout));
    }

    [Fact]
    public async Task What_the_deployment_does_not_allow_is_not_fetched_whoever_asks()
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, Email headers) = await StartAsync();
        await using Rig started = rig;
        await rig.Store.Wanted.AddAsync(headers.Id, Rig.Timeout);

        await rig.ReceiveThrough(rig.Store, wholeFetch: new(299_999)).RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Contains("the most that is fetched is 299999", (await rig.Store.Emails.FindAsync(headers.Id, Rig.Timeout))!.LastError, StringComparison.Ordinal);
        Assert.Equal(0, rig.Lab.Journal.Count("RETR"));
    }

    [Fact]
    public async Task One_in_which_every_session_ends_is_given_up_after_three_and_holds_up_nothing()
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, Email headers) = await StartAsync();
        await using Rig started = rig;
        rig.Lab.Misbehave(Misbehaviour.CutContent(Outcome.Reset, 1000, 1));
        await rig.Store.Wanted.AddAsync(headers.Id, Rig.Timeout);

        for (int attempt = 1; attempt <= 3; attempt++)
            await Assert.ThrowsAnyAsync<IOException>(() => rig.Receive.RunAsync(mailbox, profile, Rig.Timeout));
        rig.Lab.DeliverGenerated(mailbox.EmailAddress, 1);
        Assert.Equal(1, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
        Assert.Contains("begun 3 times", (await rig.Store.Emails.FindAsync(headers.Id, Rig.Timeout))!.LastError, StringComparison.Ordinal);

        rig.Lab.Misbehave();
        await rig.Store.Wanted.AddAsync(headers.Id, Rig.Timeout);
        Assert.Equal(1, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
        Assert.Null((await rig.Store.Emails.FindAsync(headers.Id, Rig.Timeout))!.LastError);
    }

    [Fact]
    public async Task A_crash_after_it_is_stored_neither_stores_it_again_nor_leaves_its_alert()
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, Email headers) = await StartAsync();
        await using Rig started = rig;
        await rig.Store.Wanted.AddAsync(headers.Id, Rig.Timeout);

        IStore failing = FaultingStore.Wrap(rig.Store, new MethodFault("ResolveAsync"));
        AlertBook before = rig.Alerts(failing);
        await before.LoadAsync(Rig.Timeout);
        await Assert.ThrowsAsync<StorageException>(() => rig.ReceiveThrough(failing, alerts: before).RunAsync(mailbox, profile, Rig.Timeout));
        Assert.NotNull((await rig.Store.Emails.FindAsync(headers.Id, Rig.Timeout))!.FetchedAs);
        await rig.RestartAsync(isAfterCrash: true);
        AlertBook after = rig.Alerts(rig.Store);
        await after.LoadAsync(Rig.Timeout);
        await rig.ReceiveThrough(rig.Store, alerts: after).RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal(1, rig.Lab.Journal.Count("RETR"));
        Assert.Empty(await rig.AlertsAsync(AlertSubject.Of(headers.Id)));
        Assert.Equal(2, (await rig.EmailsAsync(mailbox)).Count);
        Assert.Empty(await rig.Store.Wanted.ListAsync(mailbox.Id, Rig.Timeout));
    }

    [Fact]
    public async Task An_email_is_asked_for_through_the_API_and_only_one_of_which_the_headers_are_stored()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        MailboxId mailbox = await host.Store.AddMailboxAsync("ada@example.com", Rig.Timeout);
        EmailId whole = await host.Store.ReceiveAsync(mailbox, "1", Samples.Message("whole"), Rig.Timeout);
        EmailId headers;
        await using (IncomingDraft draft = host.Store.Incoming.Begin(await host.Store.LeaseAsync(mailbox), "2"u8))
        {
            await draft.WriteAsync(Samples.Message("huge", 0), Rig.Timeout);
            headers = await draft.CommitAsync(EmailState.HeadersOnly, Rig.Timeout);
        }

        Answer asked = await host.PostAsync($"emails/{headers}/fetch");
        Assert.Equal((202, "headers-only"), (asked.Status, asked.String("state")));
        Assert.Equal(headers, Assert.Single(await host.Store.Wanted.ListAsync(mailbox, Rig.Timeout)).Email);
        Answer refused = await host.PostAsync($"emails/{whole}/fetch");
        Assert.Equal(422, refused.Status);
        Assert.Contains("stored in whole", refused.Json.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(404, (await host.PostAsync("emails/eml_999/fetch")).Status);
    }

    private static async Task<(Rig, EmailServerProfile, Mailbox, Email Headers)> StartAsync(bool deletes = false)
    {
        Rig rig = await Rig.StartAsync();
        rig.Lab.Deliver(rig.Lab.Mailboxes[0].Address, Large);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { MaximumMessageSize = 100_000, DeleteEmailsAfterProcessing = deletes });
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        return (rig, profile, mailbox, Assert.Single(await rig.EmailsAsync(mailbox)));
    }

    // Another client of the same maildrop.
    private static async Task DeleteElsewhereAsync(Rig rig)
    {
        LabMailbox account = rig.Lab.Mailboxes[0];
        using TcpClient client = new();
        await client.ConnectAsync(rig.Lab.EndPointOf(LabService.Pop3), Rig.Timeout);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"USER {account.Address}\r\nPASS {account.Password}\r\nDELE 1\r\nQUIT\r\n"), Rig.Timeout);
        using StreamReader reader = new(stream);
        await reader.ReadToEndAsync(Rig.Timeout);
        Assert.Equal(0, account.MessageCount);
    }
}
