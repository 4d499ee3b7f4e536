using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Tests.Api;
using EmailSync.Appliance.Tests.Processing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Scheduling;

/// <summary>
/// A disk that takes no writes, here a spool folder that is gone; the whole process on a file system without room is in
/// <c>RealServers.Tests/Running/FullDisk.cs</c>.
/// </summary>
public sealed class StorageWatchTests
{
    [Fact]
    public async Task N_07_mail_stays_on_its_server_an_alert_stands_and_all_goes_on_when_the_disk_is_back()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 0 }, clock);
        byte[] message = Encoding.ASCII.GetBytes("Subject: large\r\n\r\n" + new string('x', 300_000) + "\r\n");
        rig.Lab.Deliver(rig.Lab.Mailboxes[0].Address, message);
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync(), change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
        AlertBook alerts = rig.Alerts(rig.Store);
        using StorageWatch watch = new(rig.Store, alerts, rig.Tests, clock, NullLogger<StorageWatch>.Instance);
        using MissingFolder spool = new(Path.Combine(rig.Folder, "spool"));

        await Assert.ThrowsAsync<StorageException>(() => rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout));
        Assert.NotNull(rig.Store.Health.Trouble);
        await watch.LookAsync(Rig.Timeout);
        await watch.LookAsync(Rig.Timeout);
        Alert alert = Assert.Single(await rig.AlertsAsync(AlertSubject.Appliance));
        Assert.Equal(("store-failing", null), (alert.Code, alert.ResolvedAt));
        Assert.NotNull(rig.Store.Health.Trouble);
        Assert.Equal((1, 0), (rig.Lab.Mailboxes[0].MessageCount, rig.Lab.Journal.Count("DELE")));

        spool.Dispose();
        await watch.LookAsync(Rig.Timeout);

        Assert.Null(rig.Store.Health.Trouble);
        Assert.Empty(await rig.AlertsAsync(AlertSubject.Appliance));
        Assert.Null((await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout)).Failure);
        Assert.Equal(message, await rig.ContentAsync(Assert.Single(await rig.EmailsAsync(mailbox)).Id));
        Assert.Equal(0, rig.Lab.Mailboxes[0].MessageCount);
    }

    [Fact]
    public async Task Who_waits_for_a_test_is_told_that_the_disk_is_full_and_waits_no_longer()
    {
        await using Rig rig = await Rig.StartAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync());
        TestJobStatus started = rig.Tests.Start([mailbox.Id], "somebody");
        using StorageWatch watch = new(rig.Store, rig.Alerts(rig.Store), rig.Tests, rig.Clock, NullLogger<StorageWatch>.Instance);
        await watch.LookAsync(Rig.Timeout);
        Assert.Equal(TestJobState.Running, rig.Tests.Find(started.Id)!.State);

        rig.Store.Health.Fail("There is no room on the disk.");
        await watch.LookAsync(Rig.Timeout);

        TestJobStatus ended = rig.Tests.Find(started.Id)!;
        Assert.Equal((TestJobState.Completed, 1), (ended.State, ended.Failed));
        TestStep step = Assert.Single(Assert.Single(rig.Tests.Verdicts(started.Id, 0, 10)).Event!.Verdict!.FailedSteps);
        Assert.Equal((ErrorClass.Storage, "There is no room on the disk.", AlertCatalog.For(ErrorClass.Storage).Remedy), (step.ErrorClass, step.Detail, step.Advice));
        Assert.Null(rig.Tests.Begin(mailbox));
    }

    [Fact]
    public async Task Readiness_is_red_and_says_why_and_is_green_when_a_probe_succeeds()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        using (MissingFolder spool = new(Path.Combine(host.Folder, "spool")))
        {
            await Assert.ThrowsAsync<StorageException>(async () => await host.Store.ProbeAsync(ApiHost.Timeout));
            (int status, string text) = await ReadyAsync(host);
            Assert.Equal(503, status);
            Assert.StartsWith("not ready since ", text, StringComparison.Ordinal);
            Assert.Contains("data folder", text, StringComparison.Ordinal);
        }

        await host.Store.ProbeAsync(ApiHost.Timeout);
        Assert.Equal((200, "ok"), await ReadyAsync(host));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.Folder, "spool")));
    }

    private static async Task<(int Status, string Text)> ReadyAsync(ApiHost host)
    {
        using HttpResponseMessage answer = await host.Tcp.GetAsync(new Uri("/readyz", UriKind.Relative), ApiHost.Timeout);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(ApiHost.Timeout));
    }

    private sealed class MissingFolder : IDisposable
    {
        private readonly string _folder;

        public MissingFolder(string folder)
        {
            _folder = folder;
            Directory.Move(folder, folder + "-away");
        }

        public void Dispose()
        {
            if (!Directory.Exists(_folder))
                Directory.Move(_folder + "-away", _folder);
        }
    }
}
