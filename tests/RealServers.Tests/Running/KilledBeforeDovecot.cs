using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>The same against Dovecot, once, in the middle of two hundred messages.</summary>
public sealed class KilledBeforeDovecot(MailServers servers)
{
    private const int Messages = 200;
    private const int Octets = 20_000;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_maildrop_is_whole_afterwards_and_then_it_is_received_once()
    {
        MailAccount account = servers.NewAccount();
        string[] digests = [.. Enumerable.Range(0, Messages).Select(number => Deliver(account, number))];
        Random random = new(Seed.Choose());
        await using Bottleneck bottleneck = new(servers.Dovecot.Pop3sPort, random.Next(Messages / 4, Messages * 3 / 4) * Octets);
        using ApplianceFolder folder = new();
        Mailbox mailbox = await PrepareAsync(folder, bottleneck.Port, account);

        await using (ApplianceProcess killed = folder.Start([bottleneck.Port]))
        {
            using CancellationTokenSource patience = Patience.Begin();
            await killed.RunUntilAsync(bottleneck.Full.WaitAsync(patience.Token));
            await killed.KillAsync();
        }

        Assert.Equal(Messages, account.Count);
        string[] stored = await folder.PeekAsync(store => DigestsAsync(store, mailbox));
        Assert.InRange(stored.Length, 0, Messages * 3 / 4);
        Assert.Empty(stored.Except(digests));

        await using ApplianceProcess next = folder.Start([bottleneck.Port]);
        await next.WhenPrintedAsync($"Polled {mailbox.Id}: {Messages} listed, {Messages - stored.Length} new");
        await next.StopAsync();

        await using IStore store = await folder.OpenStoreAsync();
        Assert.Equal(digests.Order(StringComparer.Ordinal), (await DigestsAsync(store, mailbox)).Order(StringComparer.Ordinal));
        Assert.Equal(0, account.Count);
    }

    private static string Deliver(MailAccount account, int number)
    {
        byte[] content = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Subject: {number}\r\n\r\n{new string('.', Octets)}\r\n"));
        account.Deliver(number.ToString("D3", CultureInfo.InvariantCulture), content);
        return Convert.ToHexStringLower(SHA256.HashData(content));
    }

    private async Task<Mailbox> PrepareAsync(ApplianceFolder folder, int port, MailAccount account)
    {
        await using IStore store = await folder.OpenStoreAsync();
        EmailServerProfile profile = await store.Profiles.CreateAsync(
            new()
            {
                Name = "Dovecot",
                Incoming = new() { Location = new(HostName.Parse("localhost"), port, TlsMode.Implicit) },
                TrustedCertificates = servers.RootPem,
            },
            Cancelled);
        return await ApplianceFolder.AddMailboxAsync(
            store, profile, account.Address, account.Password, mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
    }

    private static async Task<string[]> DigestsAsync(IStore store, Mailbox mailbox) =>
        [.. (await store.Emails.ListAsync(new() { Mailbox = mailbox.Id }, after: null, limit: 1000, Cancelled)).Select(email => email.Sha256)];
}
