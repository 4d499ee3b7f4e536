using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>The power goes while a message is being written that is too large for the database: the next start tidies up.</summary>
public sealed class KilledInALargeMessage
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_it_left_in_the_spool_is_swept_at_the_next_start()
    {
        LabOptions options = new() { Mailboxes = 1, MessagesPerMailbox = 0, Script = [Misbehaviour.CutContent(Outcome.Hang, afterOctets: 500_000)] };
        await using LabServer lab = await LabServer.StartAsync(options, Cancelled);
        byte[] message = Encoding.ASCII.GetBytes($"Subject: large\r\n\r\n{string.Concat(Enumerable.Repeat(new string('x', 76) + "\r\n", 15_000))}");
        lab.Deliver(lab.Mailboxes[0].Address, message);
        using ApplianceFolder folder = new();
        await PrepareAsync(folder, lab);
        string spool = Path.Combine(folder.DataFolder, "spool");
        int[] ports = [lab.PortOf(LabService.Pop3s)];
        await using (ApplianceProcess appliance = folder.Start(ports))
        {
            await appliance.RunUntilAsync(FolderWatch.WhenAsync(spool, () => Directory.EnumerateFiles(spool, "*.tmp").Any(file => new FileInfo(file).Length > 0)));
            await appliance.KillAsync();
        }

        Assert.Single(Directory.EnumerateFiles(spool));
        // As if it had been killed between the file and its row as well: just now, and so long ago that nobody wants it any more.
        string justNow = Orphan(spool, DateTimeOffset.UtcNow);
        string longAgo = Orphan(spool, DateTimeOffset.UtcNow - TimeSpan.FromHours(25));
        lab.Misbehave();

        await using (ApplianceProcess again = folder.Start(ports))
        {
            using CancellationTokenSource patience = Patience.Begin();
            await again.RunUntilAsync(lab.Journal.WhenAsync(journal => journal.MessagesRemoved == 1, patience.Token));
            Assert.Contains("Deleted 2 unfinished files of the spool", again.Output, StringComparison.Ordinal);
            await again.StopAsync();
        }

        Assert.Empty(Directory.EnumerateFiles(spool, "*.tmp"));
        Assert.False(File.Exists(longAgo));
        string stored = Assert.Single(Directory.EnumerateFiles(spool), file => file != justNow);
        Assert.Equal(message, await File.ReadAllBytesAsync(stored, Cancelled));
        await using IStore store = await folder.OpenStoreAsync();
        Assert.Single(await store.Emails.ListAsync(new(), null, 10, Cancelled));
    }

    private static string Orphan(string spool, DateTimeOffset writtenAt)
    {
        string file = Path.Combine(spool, $"{Guid.CreateVersion7(writtenAt):N}.eml");
        File.WriteAllText(file, "Subject: without a row\r\n\r\n");
        return file;
    }

    private static async Task PrepareAsync(ApplianceFolder folder, LabServer lab)
    {
        await using IStore store = await folder.OpenStoreAsync();
        EmailServerProfile profile = await store.Profiles.CreateAsync(
            new() { Name = "lab", Incoming = new() { Location = ApplianceFolder.At(lab, LabService.Pop3s) }, TrustedCertificates = lab.Authority.RootPem },
            Cancelled);
        await ApplianceFolder.AddMailboxAsync(
            store, profile, lab.Mailboxes[0].Address, lab.Mailboxes[0].Password, mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
    }
}
