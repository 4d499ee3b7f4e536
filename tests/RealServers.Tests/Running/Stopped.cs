using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>The appliance is told to stop while sessions and requests are in the middle of something.</summary>
public sealed class Stopped
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SIGTERM_ends_sessions_that_stand_still_and_nothing_is_lost_or_there_twice()
    {
        LabOptions options = new()
        {
            Mailboxes = 1, MessagesPerMailbox = 5, RequireAuthentication = true, Script = [Misbehaviour.CutContent(Outcome.Hang, 100, 3), Misbehaviour.Hang("MAIL")],
        };
        // With CHUNKING the whole email leaves along with MAIL, and it would be in doubt.
        await using LabServer lab = await LabServer.StartAsync(options with { SmtpExtensions = [.. options.SmtpExtensions.Where(extension => extension != "CHUNKING")] }, Cancelled);
        using ApplianceFolder folder = new();
        Mailbox mailbox = await PrepareAsync(folder, lab);
        int[] ports = [lab.PortOf(LabService.Pop3s), lab.PortOf(LabService.Smtps)];
        await using (ApplianceProcess appliance = folder.Start(ports))
        {
            using CancellationTokenSource patience = Patience.Begin();
            await appliance.RunUntilAsync(lab.Journal.WhenAsync(journal => journal.Count("* struck") >= 2, patience.Token));
            await appliance.StopAsync();
        }

        lab.Misbehave();
        await using (ApplianceProcess again = folder.Start(ports))
        {
            using CancellationTokenSource patience = Patience.Begin();
            await again.RunUntilAsync(lab.Journal.WhenAsync(journal => journal.MessagesAccepted == 1 && journal.MessagesRemoved == 5, patience.Token));
            await again.StopAsync();
        }

        await using IStore store = await folder.OpenStoreAsync();
        Assert.Equal(5, (await store.Emails.ListAsync(new() { Mailbox = mailbox.Id, Direction = EmailDirection.Incoming }, null, 100, Cancelled)).DistinctBy(email => email.Sha256).Count());
        Assert.Equal(5, await store.Emails.CountAsync(new() { Direction = EmailDirection.Incoming }, Cancelled));
        Assert.Equal(1, await store.Emails.CountAsync(new() { State = EmailState.Sent }, Cancelled));
        Assert.Single(lab.Outbox);
    }

    [Fact]
    public async Task What_does_not_end_within_the_time_given_is_abandoned()
    {
        await using LabServer lab = await LabServer.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = 0 }, Cancelled);
        using ApplianceFolder folder = new();
        await PrepareAsync(folder, lab);
        await using ApplianceProcess appliance = folder.Start([], ("EmailSync__StopTimeoutSeconds", "2"));
        await appliance.WhenPrintedAsync("Application started");
        using Socket request = await BeginRequestAsync(folder, lab);

        long begun = Stopwatch.GetTimestamp();
        appliance.SendTerminate();
        int code = await appliance.EndAsync();

        // Twice the time and more for a machine that has other things to do; without a limit of ours it would be the host's 30 seconds.
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(15));
        Assert.True(code is 0 or 143, $"The appliance ended with {code}:\n{appliance.Output}");
    }

    [Fact]
    public async Task A_second_SIGTERM_ends_it_at_once_and_nothing_is_lost()
    {
        await using LabServer lab = await LabServer.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = 3 }, Cancelled);
        using ApplianceFolder folder = new();
        Mailbox mailbox = await PrepareAsync(folder, lab);
        await using ApplianceProcess appliance = folder.Start([lab.PortOf(LabService.Pop3s), lab.PortOf(LabService.Smtps)], ("EmailSync__StopTimeoutSeconds", "600"));
        using CancellationTokenSource patience = Patience.Begin();
        await appliance.RunUntilAsync(lab.Journal.WhenAsync(journal => journal.MessagesRemoved == 3 && journal.MessagesAccepted == 1, patience.Token));
        await appliance.WhenPrintedAsync("Application started");
        using Socket request = await BeginRequestAsync(folder, lab);

        appliance.SendTerminate();
        await appliance.WhenPrintedAsync("shutting down");
        appliance.SendTerminate();

        Assert.Equal(143, await appliance.EndAsync());
        Assert.Contains("a second time", appliance.Output, StringComparison.Ordinal);
        await using IStore store = await folder.OpenStoreAsync();
        Assert.Equal(3, await store.Emails.CountAsync(new() { Mailbox = mailbox.Id, Direction = EmailDirection.Incoming }, Cancelled));
        // The email whose upload was not over was not accepted, and is not there.
        Assert.Equal(1, await store.Emails.CountAsync(new() { Direction = EmailDirection.Outgoing }, Cancelled));
    }

    // An email whose upload stops halfway, so that the request does not end by itself. Returns when the appliance has taken it up.
    private static async Task<Socket> BeginRequestAsync(ApplianceFolder folder, LabServer lab)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(folder.DataFolder, "control.sock")), Cancelled);
        string address = lab.Mailboxes[0].Address;
        await socket.SendAsync(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST /api/v1/emails/raw?mailbox={address}&to={address} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Type: message/rfc822\r\nContent-Length: 1000\r\n\r\n")), Cancelled);
        byte[] answer = new byte[100];
        int length = await socket.ReceiveAsync(answer, Cancelled);
        Assert.StartsWith("HTTP/1.1 100", Encoding.ASCII.GetString(answer, 0, length), StringComparison.Ordinal);
        await socket.SendAsync("Subject: half"u8.ToArray(), Cancelled);
        return socket;
    }

    private static async Task<Mailbox> PrepareAsync(ApplianceFolder folder, LabServer lab)
    {
        await using IStore store = await folder.OpenStoreAsync();
        EmailServerProfile profile = await store.Profiles.CreateAsync(
            new()
            {
                Name = "lab",
                Incoming = new() { Location = ApplianceFolder.At(lab, LabService.Pop3s) },
                Outgoing = new() { Location = ApplianceFolder.At(lab, LabService.Smtps) },
                MinPollingInterval = TimeSpan.Zero,
                TrustedCertificates = lab.Authority.RootPem,
            },
            Cancelled);
        LabMailbox account = lab.Mailboxes[0];
        Mailbox mailbox = await ApplianceFolder.AddMailboxAsync(store, profile, account.Address, account.Password, mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
        await store.Outgoing.EnqueueAsync(
            new(mailbox.Id, account.Address, ["someone@elsewhere.example"]), new MemoryStream(Encoding.ASCII.GetBytes($"From: {account.Address}\r\nMessage-ID: <1@lab.example>\r\n\r\nhello\r\n")), Cancelled);
        return mailbox;
    }
}
