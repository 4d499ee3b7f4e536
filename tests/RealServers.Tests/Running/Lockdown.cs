using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>
/// Gov mode, from outside: whatever stands in the database, and however it came there, the process opens no connection but implicit TLS to
/// 995 and 465.
/// </summary>
public sealed class Lockdown
{
    private static readonly (string Name, string Value)[] GovMode =
    [
        ("EmailSync__GovMode", "true"),
        // What would admit more in commercial mode admits nothing here.
        ("EmailSync__AllowNonSslEmail", "true"),
        ("EmailSync__AllowBasicAuthenticationOnNonSecureChannel", "true"),
        ("EmailSync__AllowAnonymousSmtp", "true"),
    ];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_listener_on_another_port_is_ever_spoken_to()
    {
        RequireRoot();
        // An address of loopback that nothing else on the machine listens on.
        IPAddress address = IPAddress.Parse("127.77.14.1");
        int other = Command.FreePorts(1)[0];
        TcpListener[] listeners = [.. new[] { 25, 110, 465, 587, 995, other }.Select(port => new TcpListener(address, port))];
        try
        {
            Array.ForEach(listeners, listener => listener.Start());
            using ApplianceFolder folder = new();
            await AssertPolicyRefusesAsync(folder, await ForceAsync(folder, address.ToString(), other), _ => { });

            Assert.All(listeners, listener => Assert.False(listener.Pending(), $"{listener.LocalEndpoint} was connected to."));
        }
        finally
        {
            Array.ForEach(listeners, listener => listener.Dispose());
        }
    }

    [Theory]
    [InlineData("9.9.9.9")]
    [InlineData("mail.example.com")]
    public async Task In_a_network_of_its_own_the_process_sends_nothing_at_all(string host)
    {
        NetworkOfItsOwn.Require();
        using ApplianceFolder folder = new();

        await AssertPolicyRefusesAsync(
            folder,
            await ForceAsync(folder, host, other: 2995),
            appliance => Assert.Equal((0, 0), (NetworkOfItsOwn.ConnectionsOpened(appliance.Id), NetworkOfItsOwn.DatagramsSent(appliance.Id))),
            NetworkOfItsOwn.Wrapper);
    }

    // The counters count: a connection that nobody answers, and a question to a name server.
    [Theory]
    [InlineData("9.9.9.9", true)]
    [InlineData("mail.example.com", false)]
    public async Task In_commercial_mode_the_same_process_is_seen_to_try(string host, bool isConnecting)
    {
        NetworkOfItsOwn.Require();
        using ApplianceFolder folder = new();
        Forced forced = (await ForceAsync(folder, host, other: 2995)).First(forced => forced.Location is { Port: 110, Security: TlsMode.StartTls });

        await using ApplianceProcess appliance = folder.Start([], [], NetworkOfItsOwn.Wrapper);
        await appliance.WhenPrintedAsync($"of {forced.Mailbox.Id} failed: ");

        Assert.NotEqual(0, isConnecting ? NetworkOfItsOwn.ConnectionsOpened(appliance.Id) : NetworkOfItsOwn.DatagramsSent(appliance.Id));
        await appliance.KillAsync();
    }

    [Fact]
    public async Task A_mailbox_on_995_and_465_is_served()
    {
        RequireRoot();
        await using RevocationServer revocation = new();
        await using LabServer lab = await StartLabAsync(revocation.Authority);
        using ApplianceFolder folder = new();
        EmailId outgoing;
        await using (IStore store = await folder.OpenStoreAsync())
        {
            EmailServerProfile profile = await store.Profiles.CreateAsync(
                new()
                {
                    Name = "government",
                    Incoming = new() { Location = ApplianceFolder.At(lab, LabService.Pop3s) },
                    Outgoing = new() { Location = ApplianceFolder.At(lab, LabService.Smtps) },
                    TrustedCertificates = lab.Authority.RootPem,
                },
                Cancelled);
            LabMailbox account = lab.Mailboxes[0];
            Mailbox mailbox = await ApplianceFolder.AddMailboxAsync(store, profile, account.Address, account.Password);
            outgoing = await store.Outgoing.EnqueueAsync(
                new(mailbox.Id, account.Address, ["x@elsewhere.example"]), new MemoryStream("Subject: x\r\n\r\n"u8.ToArray()), Cancelled);
        }

        await using ApplianceProcess appliance = folder.Start([], GovMode);
        await appliance.WhenPrintedAsync(": 10 listed, 10 new");
        await appliance.WhenPrintedAsync($"{outgoing} is Sent");
        await appliance.StopAsync();

        Assert.True(Assert.Single(lab.Outbox).IsEncrypted);
        Assert.Empty(lab.Journal.Violations);
    }

    private static void RequireRoot() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "Ports below 1024 are root's");

    private static async Task<LabServer> StartLabAsync(LabCertificateAuthority authority)
    {
        Dictionary<LabService, int> listeners = new() { [LabService.Pop3s] = 995, [LabService.Smtps] = 465 };
        try
        {
            return await LabServer.StartAsync(new() { Listeners = listeners, Authority = authority, RequireAuthentication = true }, Cancelled);
        }
        catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            Assert.Skip("Something else on this machine listens on port 995 or 465");
            throw;
        }
    }

    /// <summary>Runs the appliance in Gov mode until it has refused everything that was forced on it, and looks at it then.</summary>
    private static async Task AssertPolicyRefusesAsync(
        ApplianceFolder folder, IReadOnlyList<Forced> forced, Action<ApplianceProcess> look, params string[] wrapper)
    {
        await using ApplianceProcess appliance = folder.Start([.. forced.Select(entry => entry.Location.Port).Distinct()], GovMode, wrapper);
        await appliance.WhenPrintedAsync(lines => forced.All(entry => lines.Any(line =>
            line.Contains($"{entry.Service} of {entry.Mailbox.Id} failed: Policy", StringComparison.Ordinal))));
        look(appliance);
        await appliance.StopAsync();

        await using IStore store = await folder.OpenStoreAsync();
        foreach (Forced entry in forced)
        {
            Alert alert = Assert.Single(await store.Alerts.ListAsync(unresolvedOnly: true, AlertSubject.Of(entry.Mailbox.Profile), null, 10, Cancelled));
            Assert.Equal("policy", alert.Code);
            Assert.Contains(entry.Location.ToString(), alert.Text, StringComparison.Ordinal);
        }
    }

    /// <summary>Writes profiles that no form would take straight into the store, each with a mailbox that is due.</summary>
    private static async Task<IReadOnlyList<Forced>> ForceAsync(ApplianceFolder folder, string host, int other)
    {
        (MailService Service, int Port, TlsMode Security)[] rows =
        [
            (MailService.Pop3, 110, TlsMode.StartTls), (MailService.Pop3, 110, TlsMode.None), (MailService.Pop3, 110, TlsMode.Implicit),
            (MailService.Pop3, 995, TlsMode.StartTls), (MailService.Pop3, 995, TlsMode.None),
            (MailService.Pop3, 465, TlsMode.Implicit), (MailService.Pop3, other, TlsMode.Implicit),
            (MailService.Submission, 25, TlsMode.StartTls), (MailService.Submission, 25, TlsMode.None),
            (MailService.Submission, 587, TlsMode.StartTls), (MailService.Submission, 587, TlsMode.Implicit), (MailService.Submission, 587, TlsMode.None),
            (MailService.Submission, 465, TlsMode.StartTls), (MailService.Submission, 465, TlsMode.None),
            (MailService.Submission, 995, TlsMode.Implicit), (MailService.Submission, other, TlsMode.Implicit),
        ];
        await using IStore store = await folder.OpenStoreAsync();
        List<Forced> forced = [];
        foreach ((MailService service, int port, TlsMode security) in rows)
        {
            ServerSide side = new() { Location = new(HostName.Parse(host), port, security) };
            EmailServerProfile profile = new()
            {
                Name = string.Create(CultureInfo.InvariantCulture, $"{service} {port} {security}"),
                ConnectionTimeout = TimeSpan.FromSeconds(1),
            };
            profile = await store.Profiles.CreateAsync(
                service == MailService.Pop3 ? profile with { Incoming = side } : profile with { Outgoing = side }, Cancelled);
            Mailbox mailbox = await ApplianceFolder.AddMailboxAsync(store, profile, string.Create(CultureInfo.InvariantCulture, $"user{forced.Count}@example.com"), "x");
            if (service == MailService.Submission)
                await store.Outgoing.EnqueueAsync(
                    new(mailbox.Id, mailbox.EmailAddress, ["x@elsewhere.example"]), new MemoryStream("Subject: x\r\n\r\n"u8.ToArray()), Cancelled);
            forced.Add(new(service, side.Location, mailbox));
        }

        return forced;
    }

    private sealed record Forced(MailService Service, ServerLocation Location, Mailbox Mailbox);
}
