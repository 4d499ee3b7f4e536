using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>The power goes, again and again, while letters are taken out of the drop folder: each becomes one email, and no more than one.</summary>
public sealed class KilledWhileTakingFiles
{
    private const int Kills = 5;
    private const int FilesEachTime = 40;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_file_is_one_email()
    {
        Random random = new(Seed.Choose());
        await using LabServer lab = await LabServer.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = 0, RequireAuthentication = true, RecordCommands = false }, Cancelled);
        using ApplianceFolder folder = new();
        Mailbox mailbox = await PrepareAsync(folder, lab);
        string drop = Path.Combine(folder.DataFolder, "drop");
        Directory.CreateDirectory(drop);
        (string, string)[] settings = [("EmailSync__DropFolder", drop)];
        int dropped = 0;
        for (int kill = 1; kill <= Kills; kill++)
        {
            for (int count = 0; count < FilesEachTime; count++)
                Drop(drop, mailbox, ++dropped);
            using CancellationTokenSource patience = Patience.Begin();
            Task moment = Moment.Written(FilesEachTime * 2).WaitAsync(lab, folder, random, patience.Token);
            await using ApplianceProcess appliance = folder.Start([lab.PortOf(LabService.Smtps)], settings);
            await appliance.RunUntilAsync(moment);
            await appliance.KillAsync();
            TestContext.Current.TestOutputHelper!.WriteLine($"Killed; {Directory.EnumerateFiles(drop, "*.eml", SearchOption.AllDirectories).Count()} of {dropped} files are left.");
        }

        await using (ApplianceProcess last = folder.Start([lab.PortOf(LabService.Smtps)], settings))
        {
            using CancellationTokenSource patience = Patience.Begin();
            await last.RunUntilAsync(lab.Journal.WhenAsync(_ => Subjects(lab).Count == dropped, patience.Token));
            await last.StopAsync();
        }

        Assert.Empty(Directory.EnumerateFiles(drop, "*", SearchOption.AllDirectories));
        await using IStore store = await folder.OpenStoreAsync();
        IReadOnlyList<Email> emails = await store.Emails.ListAsync(new() { Mailbox = mailbox.Id }, null, 1000, Cancelled);
        Assert.Equal(Enumerable.Range(1, dropped).Select(Subject).Order(StringComparer.Ordinal), emails.Select(email => email.Headers.Subject).Order(StringComparer.Ordinal));
    }

    private static string Subject(int number) => string.Create(CultureInfo.InvariantCulture, $"letter {number}");

    private static HashSet<string> Subjects(LabServer lab) => [.. lab.Outbox.Select(message =>
        System.Text.Encoding.ASCII.GetString(message.Content.Span).Split("\r\n").First(line => line.StartsWith("Subject: ", StringComparison.Ordinal)))];

    // Under another name first, as the readme says.
    private static void Drop(string drop, Mailbox mailbox, int number)
    {
        string file = Path.Combine(drop, string.Create(CultureInfo.InvariantCulture, $"{number}.eml"));
        File.WriteAllText(file + ".tmp", $"From: {mailbox.EmailAddress}\r\nTo: someone@elsewhere.example\r\nSubject: {Subject(number)}\r\n\r\nhello\r\n");
        File.SetLastWriteTimeUtc(file + ".tmp", DateTime.UtcNow.AddMinutes(-1));
        File.Move(file + ".tmp", file);
    }

    private static async Task<Mailbox> PrepareAsync(ApplianceFolder folder, LabServer lab)
    {
        await using IStore store = await folder.OpenStoreAsync();
        EmailServerProfile profile = await store.Profiles.CreateAsync(
            new()
            {
                Name = "lab",
                Outgoing = new() { Location = ApplianceFolder.At(lab, LabService.Smtps) },
                TrustedCertificates = lab.Authority.RootPem,
            },
            Cancelled);
        LabMailbox account = lab.Mailboxes[0];
        return await ApplianceFolder.AddMailboxAsync(store, profile, account.Address, account.Password,
            mailbox => mailbox with { IncomingEmail = DeliveryMethod.None, State = new() { EnabledForOutgoing = true } });
    }
}
