using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>A message that cannot be fetched: the rest of its mailbox is received, and somebody is told.</summary>
public sealed class PoisonTests
{
    private const int Poison = 3;

    [Theory]
    [InlineData(Outcome.Reset, 0)]
    [InlineData(Outcome.Reset, 200)]
    [InlineData(Outcome.Disconnect, 200)]
    public async Task A_message_that_ends_the_session_is_left_out_after_three_attempts_and_told_of(Outcome outcome, int octets)
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, _) = await StartAsync(Misbehaviour.CutContent(outcome, octets, Poison));
        await using Rig started = rig;

        for (int attempt = 1; attempt <= 3; attempt++)
        {
            await Assert.ThrowsAnyAsync<IOException>(() => rig.Receive.RunAsync(mailbox, profile, Rig.Timeout));
            Assert.Equal(attempt == 1 ? 2 : 4, (await rig.EmailsAsync(mailbox)).Count);
        }

        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((0, 1), (report.Stored, report.Held));
        Alert alert = Assert.Single(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id)));
        Assert.Equal(("message-quarantined", AlertLevel.Warning), (alert.Code, alert.Level));
        Assert.Contains(rig.Lab.Mailboxes[0].UniqueIds[Poison - 1], alert.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret subject", alert.Text, StringComparison.Ordinal);
        rig.Lab.DeliverGenerated(mailbox.EmailAddress, 1);
        Assert.Equal(1, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
    }

    [Fact]
    public async Task What_is_left_out_is_tried_again_ever_more_rarely_and_the_alert_ends_with_it()
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, FakeTimeProvider clock) = await StartAsync(Misbehaviour.CutContent(Outcome.Reset, 0, Poison));
        await using Rig started = rig;
        for (int attempt = 1; attempt <= 3; attempt++)
            await Assert.ThrowsAnyAsync<IOException>(() => rig.Receive.RunAsync(mailbox, profile, Rig.Timeout));
        clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(1, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Held);
        clock.Advance(TimeSpan.FromMinutes(2));
        await Assert.ThrowsAnyAsync<IOException>(() => rig.Receive.RunAsync(mailbox, profile, Rig.Timeout));
        clock.Advance(TimeSpan.FromMinutes(90));
        Assert.Equal(1, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Held);

        rig.Lab.Misbehave();
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal((1, 0), (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)) is { } report ? (report.Stored, report.Held) : default);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        Assert.Empty(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id)));
        Assert.Empty(await rig.Store.Suspects.ListAsync(mailbox.Id, Rig.Timeout));
    }

    [Fact]
    public async Task A_rescan_lifts_the_quarantine()
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, _) = await StartAsync(Misbehaviour.CutContent(Outcome.Reset, 0, Poison));
        await using Rig started = rig;
        for (int attempt = 1; attempt <= 3; attempt++)
            await Assert.ThrowsAnyAsync<IOException>(() => rig.Receive.RunAsync(mailbox, profile, Rig.Timeout));
        rig.Lab.Misbehave();

        Assert.Equal(1, await rig.Store.Incoming.ForgetSkippedAsync(mailbox.Id, Rig.Timeout));
        Assert.Equal(1, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
    }

    [Fact]
    public async Task A_message_that_the_server_refuses_is_left_out_after_three_attempts()
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, _) = await StartAsync(
            Misbehaviour.Reply("RETR", "-ERR cannot read message") with { Argument = $"RETR {Poison}" });
        await using Rig started = rig;

        for (int attempt = 1; attempt <= 3; attempt++)
            Assert.Equal(1, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Refused);

        Assert.Equal((0, 1), (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)) is { } report ? (report.Refused, report.Held) : default);
        Assert.Equal("message-quarantined", Assert.Single(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id))).Code);
    }

    [Theory]
    [InlineData("-ERR cannot read messages")]
    [InlineData("-ERR [SYS/TEMP] storage is away")]
    public async Task A_server_that_gives_no_message_at_all_puts_none_into_quarantine(string reply)
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, _) = await StartAsync(Misbehaviour.Reply("RETR", reply));
        await using Rig started = rig;
        for (int attempt = 1; attempt <= 5; attempt++)
            await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        rig.Lab.Misbehave();

        Assert.Equal(5, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
    }

    [Fact]
    public async Task A_message_whose_header_ends_the_session_blocks_nothing_where_the_date_is_asked_for()
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, _) = await StartAsync(Misbehaviour.Reset("TOP") with { Argument = $"TOP {Poison} " });
        await using Rig started = rig;
        profile = profile with { ProcessEmailsReceivedAfter = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero) };

        for (int attempt = 1; attempt <= 3; attempt++)
            await Assert.ThrowsAnyAsync<IOException>(() => rig.Receive.RunAsync(mailbox, profile, Rig.Timeout));

        Assert.Equal(1, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Held);
        Assert.Equal(4, (await rig.EmailsAsync(mailbox)).Count);
    }

    [Theory]
    [InlineData("RETR", true)]
    [InlineData("RETR", false)]
    [InlineData("TOP", true)]
    public async Task A_message_that_nothing_but_its_content_tells_from_others_is_left_out_as_well(string at, bool hasTop)
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = 0 }, clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
        // Neither UIDL, nor Message-ID or Received; and the third and the fourth are of one size.
        for (int number = 1; number <= 5; number++)
            rig.Lab.Deliver(mailbox.EmailAddress, Encoding.ASCII.GetBytes($"Subject: {number}\r\n\r\n{new string('x', 500 + (number == 4 ? 3 : number))}\r\n"));
        List<Misbehaviour> script = [Misbehaviour.Without("UIDL"), Misbehaviour.Reset(at) with { Argument = at == "TOP" ? $"TOP {Poison} " : $"RETR {Poison}" }];
        if (!hasTop)
            script.Add(Misbehaviour.Without("TOP"));
        rig.Lab.Misbehave([.. script]);

        // Where only its header is poison, it is fetched without it.
        int failures = 0;
        while (await EndsInItAsync())
            Assert.InRange(++failures, 1, 3);

        Assert.Equal(at == "TOP" ? (5, 0) : (4, 1), ((await rig.EmailsAsync(mailbox)).Count, rig.Lab.Mailboxes[0].MessageCount));
        Assert.Equal(at == "TOP" ? [] : ["message-quarantined"], (await rig.AlertsAsync(AlertSubject.Of(mailbox.Id))).Select(alert => alert.Code));

        async Task<bool> EndsInItAsync()
        {
            try
            {
                await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
                return false;
            }
            catch (IOException)
            {
                return true;
            }
        }
    }

    [Fact]
    public async Task A_message_that_kills_the_process_is_left_out_in_the_end()
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, FakeTimeProvider clock) = await StartAsync(Misbehaviour.CutContent(Outcome.Hang, 100, Poison));
        await using Rig started = rig;
        int crashes = 0;
        while (await DiesAsync())
        {
            Assert.InRange(++crashes, 1, 6);
            await rig.RestartAsync(isAfterCrash: true);
        }

        Assert.Equal(4, (await rig.EmailsAsync(mailbox)).Count);
        Assert.Equal("message-quarantined", Assert.Single(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id))).Code);
        // Not soon: it may kill again.
        Assert.Equal(clock.GetUtcNow().AddDays(1), Assert.Single(await rig.Store.Suspects.ListAsync(mailbox.Id, Rig.Timeout)).RetryAt);

        // The server hangs in the middle of the message: there the process dies, and nobody writes anything down.
        async Task<bool> DiesAsync()
        {
            using CancellationTokenSource death = CancellationTokenSource.CreateLinkedTokenSource(Rig.Timeout);
            long strikes = rig.Lab.Journal.Strikes;
            Task<ReceiveReport> cycle = rig.Receive.RunAsync(mailbox, profile, death.Token);
            await Task.WhenAny(cycle, rig.Lab.Journal.WhenAsync(journal => journal.Strikes > strikes, Rig.Timeout));
            if (cycle.IsCompleted)
                return (await cycle).Held == 0;
            await death.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cycle);
            await rig.Lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, Rig.Timeout);
            return true;
        }
    }

    [Fact]
    public async Task A_failing_disk_is_no_fault_of_the_message()
    {
        (Rig rig, EmailServerProfile profile, Mailbox mailbox, _) = await StartAsync();
        await using Rig started = rig;
        for (int call = 1; call <= 12; call++)
        {
            try
            {
                await rig.ReceiveThrough(Faults.FaultingStore.Wrap(rig.Store, new(call, isDone: false))).RunAsync(mailbox, profile, Rig.Timeout);
            }
            catch (StorageException)
            {
                // On purpose.
            }

            // The server gives the maildrop free when it sees that the session is gone.
            await rig.Lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, Rig.Timeout);
        }

        Assert.Empty(await rig.Store.Suspects.ListAsync(mailbox.Id, Rig.Timeout));
    }

    private static async Task<(Rig Rig, EmailServerProfile Profile, Mailbox Mailbox, FakeTimeProvider Clock)> StartAsync(params Misbehaviour[] script)
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        Rig rig = await Rig.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = 0, Script = script }, clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        for (int number = 1; number <= 5; number++)
            rig.Lab.Deliver(mailbox.EmailAddress, Encoding.ASCII.GetBytes($"Message-ID: <{number}@example.com>\r\nSubject: secret subject {number}\r\n\r\n{new string('x', 500)}\r\n"));
        return (rig, profile, mailbox, clock);
    }
}
