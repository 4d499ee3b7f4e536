using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>
/// The power goes, again and again, while mail keeps coming: at the end every message is there, and there once. EMAILSYNC_TEST_KILLS=1000 is
/// the same for a night.
/// </summary>
public sealed class KilledWhileReceiving
{
    private const int Mailboxes = 6;
    private const int NewMessagesEachTime = 15;

    private static readonly Moment[] Moments =
    [
        // Exactly there: one session stands still at that point, the others go on, and then the process is killed.
        Moment.Struck(random => Misbehaviour.CutContent(Outcome.Hang, afterOctets: 100) with { Skip = random.Next(40) }),
        Moment.Struck(random => Misbehaviour.Hang("DELE") with { Skip = random.Next(20) }),
        Moment.Struck(random => Misbehaviour.HangAfter("DELE") with { Skip = random.Next(20) }),
        Moment.Struck(random => Misbehaviour.Hang("QUIT") with { Skip = random.Next(6) }),
        Moment.Struck(random => Misbehaviour.HangAfter("QUIT") with { Skip = random.Next(6) }),

        // At about that time: nothing stands still.
        Moment.Seen("RETR", 80),
        Moment.Seen("DELE", 40),
        Moment.Seen("* removed", 30),
        Moment.Seen("QUIT", 12),
        Moment.Seen("UIDL", 8),
        Moment.Seen("* signed in", 10),
        Moment.Written(60),
        Moment.Written(60),
    ];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_lost_and_nothing_is_stored_twice()
    {
        Random random = new(Seed.Choose());
        foreach (int kills in Kills.InFolders())
            await KillAsync(kills, random);
    }

    private static async Task KillAsync(int kills, Random random)
    {
        await using LabServer lab = await LabServer.StartAsync(new() { Mailboxes = Mailboxes, MessagesPerMailbox = 0, RecordCommands = false }, Cancelled);
        using ApplianceFolder folder = new();
        // Every other mailbox empties its maildrop.
        (Mailbox Mailbox, LabMailbox Account)[] mailboxes = await folder.AddMailboxesAsync(lab, deletes: number => number % 2 == 0);
        Ledger ledger = new(lab, mailboxes, new Random(random.Next()));

        foreach (Moment next in Kills.Choose(Moments, kills, random))
        {
            foreach (LabMailbox account in lab.Mailboxes)
            {
                for (int count = 0; count < NewMessagesEachTime; count++)
                    ledger.Deliver(account);
            }

            using CancellationTokenSource patience = Patience.Begin();
            Task moment = next.WaitAsync(lab, folder, random, patience.Token);
            await using ApplianceProcess appliance = folder.Start([lab.PortOf(LabService.Pop3s)]);
            Task arrivals = ledger.DeliverUntilAsync(moment, patience.Token);
            await appliance.RunUntilAsync(moment);
            await appliance.KillAsync();
            await arrivals;
            lab.Misbehave();
            await lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, patience.Token);
            int stored = await folder.PeekAsync(ledger.AssertNothingIsLostAsync);
            TestContext.Current.TestOutputHelper!.WriteLine($"Killed at {next}; {stored} messages are stored.");
        }

        await PollAllAsync(folder, lab, mailboxes);
        if (await RescanWhatIsHeldAsync(folder, ledger))
            await PollAllAsync(folder, lab, mailboxes);

        await using IStore store = await folder.OpenStoreAsync();
        await ledger.AssertEverythingIsStoredAsync(store);
        Assert.All(mailboxes.Where(entry => entry.Mailbox.DeleteEmailsAfterProcessing), entry => Assert.Equal(0, entry.Account.MessageCount));
        Assert.Empty(lab.Journal.Violations);
    }

    private static async Task PollAllAsync(ApplianceFolder folder, LabServer lab, (Mailbox Mailbox, LabMailbox Account)[] mailboxes)
    {
        await using ApplianceProcess appliance = folder.Start([lab.PortOf(LabService.Pop3s)]);
        // Nothing new in a listing of everything: then all is stored that is not held, and what was to be deleted is.
        await appliance.WhenPrintedAsync(lines => mailboxes.All(entry => lines.Any(line =>
            line.Contains($"Polled {entry.Mailbox.Id}:", StringComparison.Ordinal) && line.Contains(" 0 new,", StringComparison.Ordinal))));
        await appliance.StopAsync();
    }

    /// <summary>
    /// A message in whose attempts the process died three times is held, whoever killed it: that, and nothing else, may be missing, and somebody was
    /// told. It would be tried again by itself after a day; an operator's rescan tries it at once.
    /// </summary>
    private static async Task<bool> RescanWhatIsHeldAsync(ApplianceFolder folder, Ledger ledger)
    {
        await using IStore store = await folder.OpenStoreAsync();
        IReadOnlyList<(Mailbox Mailbox, string UniqueId)> missing = await ledger.MissingAsync(store);
        TestContext.Current.TestOutputHelper!.WriteLine($"{missing.Count} messages are held.");
        foreach (IGrouping<MailboxId, string> held in missing.GroupBy(message => message.Mailbox.Id, message => message.UniqueId))
        {
            UniqueIdHash[] suspects = [.. (await store.Suspects.ListAsync(held.Key, Cancelled)).Where(suspect => suspect.Attempts >= 3).Select(suspect => suspect.Message)];
            Assert.All(held, uniqueId => Assert.Contains(UniqueIdHash.Of(Encoding.ASCII.GetBytes(uniqueId)), suspects));
            Assert.Contains(await store.Alerts.ListAsync(unresolvedOnly: true, AlertSubject.Of(held.Key), null, 10, Cancelled), alert => alert.Code == "message-quarantined");
            await store.Incoming.ForgetSkippedAsync(held.Key, Cancelled);
        }

        return missing.Count > 0;
    }
}
