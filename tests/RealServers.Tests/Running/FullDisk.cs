using System.Net;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>The appliance on a file system that has no room left, until somebody makes some.</summary>
public sealed class FullDisk
{
    private const int Messages = 200;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Readiness_is_red_until_there_is_room_again_and_no_message_is_lost()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "A file system of its own needs root on Linux");
        await using LabServer lab = await LabServer.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = Messages, MessageOctets = 60_000, Mix = MessageMix.PlainText }, Cancelled);
        using ApplianceFolder folder = new();
        Directory.CreateDirectory(folder.DataFolder);
        await Command.RunAsync("/bin/mount", "-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs", folder.DataFolder);
        try
        {
            Mailbox mailbox = await PrepareAsync(folder, lab);
            string ballast = Path.Combine(folder.DataFolder, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[54 * 1024 * 1024], Cancelled);
            await using ApplianceProcess appliance = folder.Start([lab.PortOf(LabService.Pop3s)]);
            await appliance.WhenPrintedAsync("takes no writes");
            await appliance.WhenPrintedAsync("Now listening on: http://127.0.0.1");
            using HttpClient client = new() { BaseAddress = AddressIn(appliance.Output) };
            using HttpResponseMessage red = await client.GetAsync(new Uri("/readyz", UriKind.Relative), Cancelled);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, red.StatusCode);
            Assert.Contains("full", await red.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
            Assert.NotEqual(0, lab.Mailboxes[0].MessageCount);

            File.Delete(ballast);
            await appliance.WhenPrintedAsync("takes writes again");
            using HttpResponseMessage green = await client.GetAsync(new Uri("/readyz", UriKind.Relative), Cancelled);
            Assert.Equal(HttpStatusCode.OK, green.StatusCode);
            using CancellationTokenSource patience = Patience.Begin();
            await appliance.RunUntilAsync(lab.Journal.WhenAsync(journal => journal.MessagesRemoved == Messages, patience.Token));
            await appliance.StopAsync();

            await using IStore store = await folder.OpenStoreAsync();
            Assert.Equal(Messages, (await store.Emails.ListAsync(new() { Mailbox = mailbox.Id }, null, 1000, Cancelled)).DistinctBy(email => email.Sha256).Count());
            Assert.Equal(Messages, await store.Emails.CountAsync(new(), Cancelled));
            IReadOnlyList<Alert> alerts = await store.Alerts.ListAsync(unresolvedOnly: false, AlertSubject.Appliance, null, 10, Cancelled);
            Assert.NotNull(Assert.Single(alerts).ResolvedAt);
        }
        finally
        {
            await Command.RunAsync("/bin/umount", folder.DataFolder);
        }
    }

    private static Uri AddressIn(string output)
    {
        const string Before = "Now listening on: ";
        string line = output.Split('\n').First(line => line.Contains(Before + "http://127.0.0.1", StringComparison.Ordinal));
        return new(line[(line.IndexOf(Before, StringComparison.Ordinal) + Before.Length)..].Trim());
    }

    private static async Task<Mailbox> PrepareAsync(ApplianceFolder folder, LabServer lab)
    {
        await using IStore store = await folder.OpenStoreAsync();
        EmailServerProfile profile = await store.Profiles.CreateAsync(
            new()
            {
                Name = "Lab",
                Incoming = new() { Location = ApplianceFolder.At(lab, LabService.Pop3s) },
                TrustedCertificates = lab.Authority.RootPem,
            },
            Cancelled);
        return await ApplianceFolder.AddMailboxAsync(
            store, profile, lab.Mailboxes[0].Address, lab.Mailboxes[0].Password, mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
    }
}
