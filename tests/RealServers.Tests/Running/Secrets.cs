using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using EmailSync.Protocols.Wire;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>A password goes to the mail server, and nowhere else: not to the disk, not to the log, not to what others see of the process.</summary>
public sealed class Secrets
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_are_nowhere_to_be_found()
    {
        Canary ofMailbox = new();
        Canary ofProfile = new();
        Canary wrong = new();
        Canary ofSending = new();
        await using LabServer lab = await LabServer.StartAsync(new() { Mailboxes = 0, RecordCommands = false, RequireAuthentication = true }, Cancelled);
        LabMailbox own = lab.AddMailbox("own@lab.example", ofMailbox.Password);
        LabMailbox service = lab.AddMailbox("service@lab.example", ofProfile.Password);
        LabMailbox sender = lab.AddMailbox("sender@lab.example", ofSending.Password);
        lab.AddMailbox("locked@lab.example");
        lab.DeliverGenerated(own.Address, 30);
        using ApplianceFolder folder = new();
        await using (IStore store = await folder.OpenStoreAsync())
            await PrepareAsync(store, lab);

        await using ApplianceProcess appliance = folder.Start(
            [.. Enum.GetValues<LabService>().Select(lab.PortOf)], ("Logging__LogLevel__Default", "Trace"));
        using CancellationTokenSource patience = Patience.Begin();
        // Every password was used, also the one that nobody takes.
        await appliance.RunUntilAsync(lab.Journal.WhenAsync(
            journal => journal.SignIns >= 4 && journal.SignInsRefused >= 1 && journal.MessagesAccepted >= 1, patience.Token));
        await appliance.WhenPrintedAsync("Authentication");
        Canary[] canaries = [ofMailbox, ofProfile, wrong, ofSending];
        AssertAbsent(canaries, $"/proc/{appliance.Id}/cmdline", "emailsync.dll");
        AssertAbsent(canaries, $"/proc/{appliance.Id}/environ", "EmailSync__DataFolder");
        // Killed, it leaves its log and its temporary files behind as they were.
        await appliance.KillAsync();

        Assert.Contains("dbug:", appliance.Output, StringComparison.Ordinal);
        AssertAbsent(canaries, "the log", Encoding.UTF8.GetBytes(appliance.Output));
        AssertAbsentFromFiles(canaries, folder.DataFolder);

        async Task PrepareAsync(IStore store, LabServer lab)
        {
            EmailServerProfile profile = await store.Profiles.CreateAsync(Profile("own", CredentialRetrieval.UserOrQueue), Cancelled);
            await ApplianceFolder.AddMailboxAsync(store, profile, own.Address, ofMailbox.Password);
            await ApplianceFolder.AddMailboxAsync(store, profile, "locked@lab.example", wrong.Password);
            Mailbox sending = await ApplianceFolder.AddMailboxAsync(store, profile, sender.Address, ofSending.Password);
            await store.Outgoing.EnqueueAsync(new(sending.Id, sender.Address, ["x@elsewhere.example"]), new MemoryStream("Subject: x\r\n\r\n"u8.ToArray()), Cancelled);

            EmailServerProfile shared = await store.Profiles.CreateAsync(Profile("shared", CredentialRetrieval.Profile), Cancelled);
            await store.Secrets.SetAsync(SecretName.Of(shared.Id, SecretKind.Incoming), new Secret(ofProfile.Password), Cancelled);
            await ApplianceFolder.AddMailboxAsync(store, shared, service.Address, "not used");
        }

        EmailServerProfile Profile(string name, CredentialRetrieval credentials) => new()
        {
            Name = name,
            Incoming = new()
            {
                Location = ApplianceFolder.At(lab, LabService.Pop3),
                CredentialRetrieval = credentials,
                UserName = credentials == CredentialRetrieval.Profile ? service.Address : null,
                AuthenticationProtocol = credentials == CredentialRetrieval.Profile ? AuthenticationProtocol.Plain : AuthenticationProtocol.Login,
            },
            Outgoing = new() { Location = ApplianceFolder.At(lab, LabService.Smtp) },
            TrustedCertificates = lab.Authority.RootPem,
        };
    }

    [Fact]
    public void The_search_finds_a_password_in_every_form()
    {
        Canary canary = new();
        byte[] octets = Encoding.UTF8.GetBytes(canary.Password);

        Assert.Equal(["UTF-8"], canary.FormsIn([1, 2, .. octets, 3]));
        Assert.Equal(["UTF-16"], canary.FormsIn([1, 2, .. Encoding.Unicode.GetBytes(canary.Password), 3]));
        Assert.Equal(["hexadecimal"], canary.FormsIn(Encoding.ASCII.GetBytes(Convert.ToHexString([1, .. octets]))));
        Assert.Equal(["hexadecimal in lower case"], canary.FormsIn(Encoding.ASCII.GetBytes(Convert.ToHexStringLower([.. octets, 2]))));
        for (int before = 0; before < 9; before++)
        {
            foreach (byte[] after in (byte[][])[[], [9], [8, 7]])
            {
                string digits = Convert.ToBase64String([.. Enumerable.Repeat((byte)0xA5, before), .. octets, .. after]);
                Assert.Equal([$"base64 behind {before % 3} octets"], canary.FormsIn(Encoding.ASCII.GetBytes(digits)));
            }
        }
    }

    private static void AssertAbsentFromFiles(Canary[] canaries, string folder)
    {
        string[] files = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".sock", StringComparison.Ordinal))];
        Assert.Contains(files, file => file.EndsWith("emailsync.db", StringComparison.Ordinal));
        Assert.Contains(files, file => file.EndsWith(".xml", StringComparison.Ordinal));
        foreach (string file in files)
            AssertAbsent(canaries, file, file.EndsWith("emailsync.db", StringComparison.Ordinal) ? "own@lab.example" : "");
    }

    /// <summary>Looks through a file that is known to hold something else.</summary>
    private static void AssertAbsent(Canary[] canaries, string file, string present)
    {
        byte[] octets = File.ReadAllBytes(file);
        Assert.True(octets.AsSpan().IndexOf(Encoding.UTF8.GetBytes(present)) >= 0, $"{file} does not hold what it is known to hold.");
        AssertAbsent(canaries, file, octets);
    }

    private static void AssertAbsent(Canary[] canaries, string place, byte[] octets) =>
        Assert.All(canaries, canary => Assert.True(
            !canary.FormsIn(octets).Any(), $"A password is in {place}: {string.Join(", ", canary.FormsIn(octets))}."));
}
