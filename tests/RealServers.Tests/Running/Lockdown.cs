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
            await ForcedProfiles.AssertRefusedAsync(folder, await ForcedProfiles.WriteAsync(folder, address.ToString(), other), _ =>
            {
                Assert.All(listeners, listener => Assert.False(listener.Pending(), $"{listener.LocalEndpoint} was connected to."));
                return Task.CompletedTask;
            });
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

        await ForcedProfiles.AssertRefusedAsync(
            folder,
            await ForcedProfiles.WriteAsync(folder, host, other: 2995),
            appliance =>
            {
                Assert.Equal((0, 0), (NetworkOfItsOwn.ConnectionsOpened(appliance.Id), NetworkOfItsOwn.DatagramsSent(appliance.Id)));
                return Task.CompletedTask;
            },
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
        ForcedProfile forced = (await ForcedProfiles.WriteAsync(folder, host, other: 2995)).First(forced => forced.Location is { Port: 110, Security: TlsMode.StartTls });

        await using ApplianceProcess appliance = folder.Start([], [], NetworkOfItsOwn.Wrapper);
        await appliance.WhenPrintedAsync($"of {forced.Mailbox.Id} failed: ");

        Assert.NotEqual(0, isConnecting ? NetworkOfItsOwn.ConnectionsOpened(appliance.Id) : NetworkOfItsOwn.DatagramsSent(appliance.Id));
        await appliance.KillAsync();
    }

    /// <summary>Beside everything that is forbidden, one mailbox that is not: what the firewall lets out is its mail, and it drops nothing.</summary>
    [Fact]
    public async Task Behind_a_firewall_nothing_is_dropped_and_what_is_admitted_goes_out()
    {
        Firewall.Require();
        using ApplianceFolder folder = new();
        IReadOnlyList<ForcedProfile> forced = await ForcedProfiles.WriteAsync(folder, "9.9.9.9", other: 2995);
        MailboxId admitted;
        await using (IStore store = await folder.OpenStoreAsync())
        {
            EmailServerProfile profile = await store.Profiles.CreateAsync(
                new() { Name = "admitted", Incoming = new() { Location = new(HostName.Parse("9.9.9.9"), 995, TlsMode.Implicit) }, ConnectionTimeout = TimeSpan.FromSeconds(1) },
                Cancelled);
            admitted = (await ApplianceFolder.AddMailboxAsync(store, profile, "admitted@example.com", "x")).Id;
        }

        await ForcedProfiles.AssertRefusedAsync(
            folder, forced,
            async appliance =>
            {
                await appliance.WhenPrintedAsync($"Pop3 of {admitted} failed: ");
                (long letOut, long dropped) = await Firewall.CountAsync(appliance.Id);
                Assert.Equal(0, dropped);
                Assert.NotEqual(0, letOut);
            },
            await Firewall.WrapAsync(folder.DataFolder));
    }

    // The firewall's counters count.
    [Fact]
    public async Task In_commercial_mode_the_same_firewall_drops_what_is_forbidden_in_Gov_mode()
    {
        Firewall.Require();
        using ApplianceFolder folder = new();
        ForcedProfile forced = (await ForcedProfiles.WriteAsync(folder, "9.9.9.9", other: 2995)).First(forced => forced.Location is { Port: 110, Security: TlsMode.StartTls });

        await using ApplianceProcess appliance = folder.Start([], [], await Firewall.WrapAsync(folder.DataFolder));
        await appliance.WhenPrintedAsync($"of {forced.Mailbox.Id} failed: ");

        Assert.NotEqual(0, (await Firewall.CountAsync(appliance.Id)).Forbidden);
        await appliance.KillAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_mailbox_on_995_and_465_is_served_and_its_servers_revocation_list_asked_for_once(bool isEncrypted)
    {
        RequireRoot();
        using ApplianceFolder folder = new();
        await using RevocationServer revocation = new(isEncrypted);
        await ServeAsync(folder, revocation, isEncrypted ? ForcedProfiles.GovMode : WithHttp, []);
        Assert.Equal(1, revocation.Asked);
    }

    /// <summary>Every call of the kernel by which the process could reach another, while it serves one mailbox and refuses all that is forbidden.</summary>
    [Fact]
    public async Task Of_all_sockets_that_the_process_opens_none_leads_anywhere_else()
    {
        RequireRoot();
        SystemCalls.Require();
        using ApplianceFolder folder = new();
        await ForcedProfiles.WriteAsync(folder, "9.9.9.9", other: 2995);
        await using RevocationServer revocation = new();
        SystemCalls calls = new(folder.DataFolder);

        int process = await ServeAsync(folder, revocation, WithHttp, calls.Wrapper);

        IReadOnlyList<(string Call, int Port)> reached = await calls.ReadAsync(process);
        Assert.Contains(reached, each => each.Port == 995);
        Assert.Contains(reached, each => each.Port == 465);
        // A revocation list, as the operator allows it; a resolver asks on 53, and sorts addresses by connecting datagrams to port 0, which sends nothing.
        Assert.Contains(reached, each => each.Port == 80);
        Assert.DoesNotContain(reached, each => each.Port is not (995 or 465 or 80 or 53 or 0));
        Assert.All(reached.Where(each => each.Port == 80), each => Assert.Contains($"\"{RevocationServer.Address}\"", each.Call, StringComparison.Ordinal));
    }

    /// <summary>The same mailbox, of whose servers' certificate only HTTP on port 80 would tell: nothing goes there, and no word of the mailbox to its servers.</summary>
    [Fact]
    public async Task Where_HTTP_is_not_allowed_no_socket_leads_to_port_80_and_no_password_to_a_server_that_cannot_be_checked()
    {
        RequireRoot();
        SystemCalls.Require();
        using ApplianceFolder folder = new();
        await using RevocationServer revocation = new();
        await using LabServer lab = await StartLabAsync(revocation.Authority);
        await WriteServedMailboxAsync(folder, lab);
        SystemCalls calls = new(folder.DataFolder);

        await using ApplianceProcess appliance = folder.Start([], ForcedProfiles.GovMode, calls.Wrapper);
        await appliance.WhenPrintedAsync(lines => ((string[])["Pop3", "Submission"]).All(service => lines.Any(line =>
            line.Contains($"{service} of ", StringComparison.Ordinal) && line.Contains("failed: CertificateRevoked", StringComparison.Ordinal)
            && line.Contains("admits it with AllowHttpForRevocationLists", StringComparison.Ordinal))));
        await appliance.StopAsync();

        IReadOnlyList<(string Call, int Port)> reached = await calls.ReadAsync(appliance.Id);
        Assert.Contains(reached, each => each.Port == 995);
        Assert.Contains(reached, each => each.Port == 465);
        Assert.DoesNotContain(reached, each => each.Port is not (995 or 465 or 53 or 0));
        Assert.Equal((0, 0, 0), (revocation.Asked, lab.Journal.Count("USER") + lab.Journal.Count("AUTH"), lab.Journal.Count("EHLO") + lab.Journal.Count("CAPA")));
    }

    private static (string Name, string Value)[] WithHttp => [.. ForcedProfiles.GovMode, ("EmailSync__AllowHttpForRevocationLists", "true")];

    private static async Task<EmailId> WriteServedMailboxAsync(ApplianceFolder folder, LabServer lab)
    {
        await using IStore store = await folder.OpenStoreAsync();
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
        return await store.Outgoing.EnqueueAsync(
            new(mailbox.Id, account.Address, ["x@elsewhere.example"]), new MemoryStream("Subject: x\r\n\r\n"u8.ToArray()), Cancelled);
    }

    private static async Task<int> ServeAsync(ApplianceFolder folder, RevocationServer revocation, (string Name, string Value)[] settings, string[] wrapper)
    {
        await using LabServer lab = await StartLabAsync(revocation.Authority);
        EmailId outgoing = await WriteServedMailboxAsync(folder, lab);

        await using ApplianceProcess appliance = folder.Start([], settings, wrapper);
        await appliance.WhenPrintedAsync(": 10 listed, 10 new");
        await appliance.WhenPrintedAsync($"{outgoing} is Sent");
        await appliance.StopAsync();

        Assert.True(Assert.Single(lab.Outbox).IsEncrypted);
        Assert.Empty(lab.Journal.Violations);
        return appliance.Id;
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
}
