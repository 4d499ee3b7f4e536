using System.Diagnostics;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.RealServers.Tests.Servers;
using TestResult = EmailSync.Appliance.Model.TestResult;

namespace EmailSync.RealServers.Tests.Engine;

/// <summary>Credentials that are not the mailbox's own: the profile's, which act for each mailbox, and those of the process itself.</summary>
public sealed class CredentialKinds(MailServers servers)
{
    private const string Kinit = "/usr/bin/kinit";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(AuthenticationProtocol.AutoDetect)]
    [InlineData(AuthenticationProtocol.Plain)]
    [InlineData(AuthenticationProtocol.ScramSha256)]
    public async Task A_master_user_opens_each_mailbox_as_its_own_user(AuthenticationProtocol protocol)
    {
        await using Bench bench = await Bench.StartAsync(servers);
        EmailServerProfile profile = await DelegateAsync(bench, protocol, DovecotServer.PasswordOf(DovecotServer.MasterUser));
        MailAccount first = servers.NewAccount();
        MailAccount second = servers.NewAccount();
        first.Deliver("1", "Subject: for the first\r\n\r\nx\r\n"u8);
        second.Deliver("1", "Subject: for the second\r\n\r\nx\r\n"u8);

        foreach ((MailAccount account, string subject) in new[] { (first, "for the first"), (second, "for the second") })
        {
            // The mailbox's own password is wrong, and never asked for.
            (TestResult result, Mailbox mailbox) = await bench.TestAsync(await bench.AddMailboxAsync(profile, account, "not the password"));
            Assert.Equal(EmailStatus.Success, result.Incoming);
            await bench.RunAsync(mailbox, Work.Receive);
            Assert.Contains(await bench.EmailsAsync(mailbox), email => email.Headers.Subject == subject);
        }
    }

    [Fact]
    public async Task A_master_user_that_is_refused_leaves_an_alert_in_the_servers_words()
    {
        await using Bench bench = await Bench.StartAsync(servers);
        EmailServerProfile profile = await DelegateAsync(bench, AuthenticationProtocol.AutoDetect, "wrong");

        (TestResult result, Mailbox mailbox) = await bench.TestAsync(await bench.AddMailboxAsync(profile, servers.NewAccount()));

        Assert.Equal(EmailStatus.Failure, result.Incoming);
        Assert.Contains(await bench.AlertsAsync(AlertSubject.Of(mailbox.Id)), alert => alert.Code == "authentication");
    }

    /// <summary>What the original calls Windows Integrated: the process has a ticket, the profile has no password at all.</summary>
    [Fact]
    public async Task The_process_sends_with_its_own_kerberos_ticket()
    {
        servers.RequireKerberos();
        Assert.SkipUnless(File.Exists(Kinit), "There is no kinit (apt-get install krb5-user)");
        await using Bench bench = await Bench.StartAsync(servers);
        MailAccount account = servers.NewAccount();
        await TakeTicketAsync(account);
        EmailServerProfile profile = await bench.AddProfileAsync();
        profile = await bench.Store.Profiles.UpdateAsync(
            profile with { UseSameSettingsForOutgoing = false, Outgoing = profile.Outgoing with { CredentialRetrieval = CredentialRetrieval.WindowsIntegrated } }, Cancelled);

        (TestResult result, Mailbox mailbox) = await bench.TestAsync(await bench.AddMailboxAsync(profile, account));

        Assert.True((result.Incoming, result.Outgoing) == (EmailStatus.Success, EmailStatus.Success), string.Join("\n", result.Steps));
        Assert.True(mailbox.State.EnabledForOutgoing);
    }

    private static async Task<EmailServerProfile> DelegateAsync(Bench bench, AuthenticationProtocol protocol, string password)
    {
        EmailServerProfile profile = await bench.AddProfileAsync();
        ServerSide side = profile.Incoming with
        {
            CredentialRetrieval = CredentialRetrieval.Profile, UserName = DovecotServer.MasterUser, AuthenticationProtocol = protocol,
        };
        profile = await bench.Store.Profiles.UpdateAsync(profile with { Incoming = side, Outgoing = new() }, Cancelled);
        await bench.Store.Secrets.SetAsync(SecretName.Of(profile.Id, SecretKind.Incoming), new(password), Cancelled);
        return profile;
    }

    private static async Task TakeTicketAsync(MailAccount account)
    {
        using Process kinit = Process.Start(new ProcessStartInfo(Kinit, [account.Address]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await kinit.StandardInput.WriteLineAsync(account.Password);
        kinit.StandardInput.Close();
        await kinit.WaitForExitAsync(Cancelled);
        Assert.Equal(0, kinit.ExitCode);
    }
}
