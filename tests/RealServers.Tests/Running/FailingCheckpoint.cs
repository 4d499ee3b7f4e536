using System.Globalization;
using System.Net;
using System.Text;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using EmailSync.RealServers.Tests.Servers;
using Microsoft.Data.Sqlite;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>
/// The disk takes the database's log, and not the database: nothing is lost, but the log would grow for ever, and what is only in the log must
/// never be thrown away with it.
/// </summary>
public sealed class FailingCheckpoint
{
    // A page each for more than a checkpoint's distance.
    private const int Messages = 300;
    private const int Octets = 100_000;

    private const string Flush = "fsync,fdatasync";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_database_that_cannot_be_flushed_is_told_of_and_tried_again()
    {
        SystemCalls.Require();
        await using LabServer lab = await LabServer.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = 0 }, Cancelled);
        using ApplianceFolder folder = new();
        await folder.AddMailboxesAsync(lab, deletes: _ => true);
        await using ApplianceProcess appliance = folder.Start([lab.PortOf(LabService.Pop3s)]);
        await appliance.WhenPrintedAsync("Application started");
        await using FailingCalls failing = await FailingCalls.BeginAsync(appliance.Id, Flush, $"{Flush}:error=EIO", folder.Notes, folder.DatabaseFile);

        Deliver(lab, Messages);
        await appliance.WhenPrintedAsync("takes no writes");
        await failing.WhenMoreFailedAsync(1);
        using HttpClient client = folder.Client();
        using HttpResponseMessage red = await client.GetAsync(new Uri("/readyz", UriKind.Relative), Cancelled);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, red.StatusCode);

        await failing.EndAsync();
        await appliance.WhenPrintedAsync("takes writes again");
        await FinishAsync(appliance, lab, Messages);
        await AssertAllAreStoredAsync(folder, Messages);
    }

    [Fact]
    public async Task What_a_failed_flush_may_have_lost_is_written_again_before_any_flush_counts()
    {
        SystemCalls.Require();
        await using LabServer lab = await LabServer.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = 0 }, Cancelled);
        using ApplianceFolder folder = new();
        await folder.AddMailboxesAsync(lab, deletes: _ => true);
        await using ApplianceProcess appliance = folder.Start([lab.PortOf(LabService.Pop3s)]);
        await appliance.WhenPrintedAsync("Application started");
        await using FailingCalls failing = await FailingCalls.BeginAsync(
            appliance.Id, $"pwrite64,{Flush}", $"{Flush}:error=EIO:when=1", folder.Notes, folder.DatabaseFile);

        Deliver(lab, 50);
        using CancellationTokenSource patience = Patience.Begin();
        await appliance.RunUntilAsync(lab.Journal.WhenAsync(journal => journal.MessagesRemoved == 50, patience.Token));
        // Somebody reads, as a backup does, while so much comes that the log is copied up to what is read, without a flush.
        await using (SqliteConnection reader = new($"Data Source={folder.DatabaseFile};Mode=ReadOnly;Pooling=False"))
        {
            await reader.OpenAsync(Cancelled);
            await using SqliteTransaction read = reader.BeginTransaction(deferred: true);
            await using SqliteCommand count = new("SELECT count(*) FROM email", reader, read);
            Assert.Equal(50L, await count.ExecuteScalarAsync(Cancelled));
            Deliver(lab, Messages);
            await appliance.RunUntilAsync(lab.Journal.WhenAsync(journal => journal.MessagesRemoved == 50 + Messages, patience.Token));
        }

        int before = failing.Calls.Count(call => call.Contains("pwrite64", StringComparison.Ordinal));
        Assert.NotEqual(0, before);
        Assert.Equal(0, failing.Failed);
        Deliver(lab, 50);
        await FinishAsync(appliance, lab, 100 + Messages);

        Assert.Equal(1, failing.Failed);
        AssertNoFlushCountsThatCannot(failing.Calls);
        await AssertAllAreStoredAsync(folder, 100 + Messages);
    }

    // After a flush that failed the system has dropped what was to be written, or may have, and takes it for written.
    private static void AssertNoFlushCountsThatCannot(IEnumerable<string> calls)
    {
        HashSet<long> unflushed = [];
        HashSet<long> lost = [];
        foreach (string call in calls)
        {
            if (SystemCalls.OffsetWritten(call) is { } offset)
            {
                unflushed.Add(offset);
                lost.Remove(offset);
            }
            else if (call.Contains("= -1 EIO", StringComparison.Ordinal))
            {
                lost.UnionWith(unflushed);
                unflushed.Clear();
            }
            else if (call.Contains("sync", StringComparison.Ordinal) && call.Contains("= 0", StringComparison.Ordinal))
            {
                Assert.Empty(lost);
                unflushed.Clear();
            }
        }

        Assert.Empty(unflushed);
    }

    private static void Deliver(LabServer lab, int count)
    {
        for (; count > 0; count--)
        {
            lab.Deliver(lab.Mailboxes[0].Address, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"From: <a@sender.example>\r\nSubject: {Guid.NewGuid()}\r\n\r\n{new string('x', Octets)}\r\n")));
        }
    }

    private static async Task FinishAsync(ApplianceProcess appliance, LabServer lab, int messages)
    {
        using CancellationTokenSource patience = Patience.Begin();
        await appliance.RunUntilAsync(lab.Journal.WhenAsync(journal => journal.MessagesRemoved == messages, patience.Token));
        await appliance.StopAsync();
    }

    private static async Task AssertAllAreStoredAsync(ApplianceFolder folder, int messages)
    {
        await using IStore store = await folder.OpenStoreAsync();
        Assert.Equal(messages, (await store.Emails.ListAsync(new(), null, 1000, Cancelled)).DistinctBy(email => email.Sha256).Count());
        Assert.Equal(messages, await store.Emails.CountAsync(new(), Cancelled));
    }
}
