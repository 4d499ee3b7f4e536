using System.Globalization;
using System.Net;
using System.Text.Json;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>
/// The kernel says that the disk failed, while mail keeps coming: a flush, a write, or all that changes anything, as on a file system that
/// was made read-only. What was not durable is still on the server, everybody is told, and all goes on by itself when the disk does.
/// </summary>
public sealed class FailingDisk
{
    private const int Mailboxes = 3;
    private const int FirstMessages = 60;

    private const string Flush = "fsync,fdatasync:error=EIO";
    private const string Write = "pwrite64,pwritev:error=EIO";
    private const string ReadOnly = "pwrite64,pwritev,fsync,fdatasync,ftruncate,fallocate,rename,unlink:error=EROFS";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Flush, 1, false)]
    [InlineData(Flush, 6, true)]
    [InlineData(Write, 30, false)]
    [InlineData(ReadOnly, 1, false)]
    public async Task Nothing_is_lost_everybody_is_told_and_it_goes_on_by_itself(string fault, int fromCall, bool isKilledMeanwhile)
    {
        SystemCalls.Require();
        Random random = new(Seed.Choose());
        await using LabServer lab = await LabServer.StartAsync(new() { Mailboxes = Mailboxes, MessagesPerMailbox = 0, RecordCommands = false }, Cancelled);
        using ApplianceFolder folder = new();
        (Mailbox Mailbox, LabMailbox Account)[] mailboxes = await folder.AddMailboxesAsync(lab, deletes: _ => true);
        Ledger ledger = new(lab, mailboxes, random);
        ledger.DeliverSome(FirstMessages);
        int[] ports = [lab.PortOf(LabService.Pop3s)];
        await using ApplianceProcess appliance = folder.Start(ports);
        using CancellationTokenSource patience = Patience.Begin();
        await appliance.RunUntilAsync(lab.Journal.WhenAsync(journal => journal.MessagesRemoved > 0, patience.Token));

        await using FailingCalls failing = await FailingCalls.BeginAsync(
            appliance.Id, fault.Split(':')[0], string.Create(CultureInfo.InvariantCulture, $"{fault}:when={fromCall}+"), folder.Notes);
        Task red = appliance.WhenPrintedAsync("takes no writes");
        await ledger.DeliverUntilAsync(red, Cancelled);
        await red;
        using CancellationTokenSource ending = Patience.Begin();
        await appliance.RunUntilAsync(lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, ending.Token));
        using HttpClient client = folder.Client();
        Assert.Contains("not ready since", await ReadyAsync(client, HttpStatusCode.ServiceUnavailable), StringComparison.Ordinal);
        long removed = lab.Journal.MessagesRemoved;
        Assert.InRange(removed, 1, await ReceivedAsync(client));
        ledger.DeliverSome(FirstMessages);
        // The disk is tried, and is as it was.
        await failing.WhenMoreFailedAsync(1);
        Assert.Equal(removed, lab.Journal.MessagesRemoved);
        await ReadyAsync(client, HttpStatusCode.ServiceUnavailable);

        if (isKilledMeanwhile)
        {
            await appliance.KillAsync();
            await folder.PeekAsync(ledger.AssertNothingIsLostAsync);
            await using ApplianceProcess again = folder.Start(ports);
            await FinishAsync(again, lab, ledger);
        }
        else
        {
            await failing.EndAsync();
            await appliance.WhenPrintedAsync("takes writes again");
            await ReadyAsync(client, HttpStatusCode.OK);
            await FinishAsync(appliance, lab, ledger);
        }

        await using IStore store = await folder.OpenStoreAsync();
        await ledger.AssertEverythingIsStoredAsync(store);
        IReadOnlyList<Alert> alerts = await store.Alerts.ListAsync(unresolvedOnly: false, AlertSubject.Appliance, null, 10, Cancelled);
        Assert.All(alerts, alert => Assert.NotNull(alert.ResolvedAt));
        // What could not be written before it was killed is told by the log alone.
        Assert.True(isKilledMeanwhile || alerts.Count(alert => alert.Code == "store-failing") == 1);
    }

    private static async Task FinishAsync(ApplianceProcess appliance, LabServer lab, Ledger ledger)
    {
        using CancellationTokenSource patience = Patience.Begin();
        await appliance.RunUntilAsync(lab.Journal.WhenAsync(journal => journal.MessagesRemoved == ledger.Delivered, patience.Token));
        await appliance.StopAsync();
    }

    private static async Task<string> ReadyAsync(HttpClient client, HttpStatusCode expected)
    {
        using HttpResponseMessage answer = await client.GetAsync(new Uri("/readyz", UriKind.Relative), Cancelled);
        Assert.Equal(expected, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(Cancelled);
    }

    private static async Task<long> ReceivedAsync(HttpClient client)
    {
        using JsonDocument status = JsonDocument.Parse(await client.GetStringAsync(new Uri("status", UriKind.Relative), Cancelled));
        return status.RootElement.GetProperty("emailsReceived").GetInt64();
    }
}
