using EmailSync.Appliance.Model;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Dovecot;

/// <summary>Every way into a maildrop of Dovecot's, and the ways in which it keeps one out.</summary>
public sealed class SignIns(MailServers servers)
{
    private static readonly Pop3Options InClear = new() { AllowCleartextPasswords = true };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TlsMode.Implicit)]
    [InlineData(TlsMode.StartTls)]
    [InlineData(TlsMode.None)]
    public async Task By_user_and_password(TlsMode security)
    {
        MailAccount account = servers.NewAccount();
        await using Pop3Session session = await servers.Dovecot.OpenAsync(security, security == TlsMode.None ? InClear : null);
        Assert.Equal(security != TlsMode.None, session.IsEncrypted);

        await using Maildrop maildrop = await session.LogInAsync(account.Address, new(account.Password), Cancelled);

        Assert.Equal(new DropListing(0, 0), await maildrop.StatAsync(Cancelled));
        await maildrop.QuitAsync(Cancelled);
    }

    [Theory]
    [InlineData("PLAIN", TlsMode.Implicit)]
    [InlineData("LOGIN", TlsMode.Implicit)]
    [InlineData("PLAIN", TlsMode.StartTls)]
    [InlineData("LOGIN", TlsMode.StartTls)]
    [InlineData("CRAM-MD5", TlsMode.Implicit)]
    [InlineData("SCRAM-SHA-1", TlsMode.Implicit)]
    [InlineData("SCRAM-SHA-1", TlsMode.StartTls)]
    [InlineData("SCRAM-SHA-256", TlsMode.Implicit)]
    [InlineData("SCRAM-SHA-256", TlsMode.None)]
    public async Task By_sasl(string mechanism, TlsMode security)
    {
        MailAccount account = servers.NewAccount();
        await using Pop3Session session = await servers.Dovecot.OpenAsync(security);
        Assert.Contains(mechanism, session.Capabilities!.SaslMechanisms!);

        await using Maildrop maildrop = await session.AuthenticateAsync(
            new MechanismSelection(mechanism).Choose(session.DescribeForSasl("localhost", 995), new(account.Address, new(account.Password))), Cancelled);

        await maildrop.NoOpAsync(Cancelled);
        await maildrop.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task The_strongest_that_is_offered_is_chosen()
    {
        MailAccount account = servers.NewAccount();
        await using Pop3Session session = await servers.Dovecot.OpenAsync();

        SaslMechanism chosen = MechanismSelection.Passwords.Choose(session.DescribeForSasl("localhost", 995), new(account.Address, new(account.Password)));

        Assert.Equal("SCRAM-SHA-256", chosen.Name);
        await using Maildrop maildrop = await session.AuthenticateAsync(chosen, Cancelled);
        await maildrop.QuitAsync(Cancelled);
    }

    /// <summary>A master user opens everybody's maildrop by the authorization identity, and it is that user's.</summary>
    [Theory]
    [InlineData("PLAIN")]
    [InlineData("SCRAM-SHA-1")]
    [InlineData("SCRAM-SHA-256")]
    public async Task On_behalf_of_another(string mechanism)
    {
        MailAccount account = servers.NewAccount();
        account.Deliver("1", "Subject: for the owner\r\n\r\nx\r\n"u8);
        await using Pop3Session session = await servers.Dovecot.OpenAsync();
        SaslCredentials master = new(DovecotServer.MasterUser, new(DovecotServer.PasswordOf(DovecotServer.MasterUser))) { AuthorizationIdentity = account.Address };

        await using Maildrop maildrop = await session.AuthenticateAsync(
            new MechanismSelection(mechanism).Choose(session.DescribeForSasl("localhost", 995), master), Cancelled);

        Assert.Equal(1, (await maildrop.StatAsync(Cancelled)).Messages);
        await maildrop.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task Who_is_no_master_acts_for_nobody_else()
    {
        MailAccount account = servers.NewAccount();
        MailAccount other = servers.NewAccount();
        await using Pop3Session session = await servers.Dovecot.OpenAsync();

        await Assert.ThrowsAsync<Pop3NegativeResponseException>(
            async () => await session.AuthenticateAsync(new Plain(account.Address, new(account.Password), other.Address), Cancelled));
    }

    [Theory]
    [InlineData("CRAM-MD5")]
    [InlineData("SCRAM-SHA-1")]
    [InlineData("SCRAM-SHA-256")]
    public async Task A_wrong_password_is_refused_by_what_does_not_send_it(string mechanism)
    {
        MailAccount account = servers.NewAccount();
        await using Pop3Session session = await servers.Dovecot.OpenAsync();

        Pop3NegativeResponseException refused = await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await session.AuthenticateAsync(
            new MechanismSelection(mechanism).Choose(session.DescribeForSasl("localhost", 995), new(account.Address, new("wrong"))), Cancelled));

        Assert.Equal(ResponseCode.Auth, refused.Response.Code);
    }

    [Fact]
    public async Task A_password_is_not_sent_in_clear_unless_that_is_allowed()
    {
        MailAccount account = servers.NewAccount();
        await using Pop3Session session = await servers.Dovecot.OpenAsync(TlsMode.None);

        await Assert.ThrowsAsync<EncryptionRequiredException>(
            async () => await session.LogInAsync(account.Address, new(account.Password), Cancelled));

        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task A_wrong_password_is_refused_as_one_and_the_right_one_is_taken_behind_it()
    {
        MailAccount account = servers.NewAccount();
        await using Pop3Session session = await servers.Dovecot.OpenAsync();

        Pop3NegativeResponseException refused = await Assert.ThrowsAsync<Pop3NegativeResponseException>(
            async () => await session.LogInAsync(account.Address, new("wrong"), Cancelled));
        Assert.Equal(ResponseCode.Auth, refused.Response.Code);
        refused = await Assert.ThrowsAsync<Pop3NegativeResponseException>(
            async () => await session.AuthenticateAsync(new Plain(account.Address, new("wrong")), Cancelled));
        Assert.Equal(ResponseCode.Auth, refused.Response.Code);

        await using Maildrop maildrop = await session.LogInAsync(account.Address, new(account.Password), Cancelled);
        await maildrop.QuitAsync(Cancelled);
    }

    // Dovecot waits ten seconds for the other session before it says so.
    [Fact]
    public async Task A_maildrop_that_is_open_elsewhere_is_in_use()
    {
        MailAccount account = servers.NewAccount();
        await using Maildrop first = await servers.Dovecot.OpenMaildropAsync(account);

        Pop3NegativeResponseException refused = await Assert.ThrowsAsync<Pop3NegativeResponseException>(
            () => servers.Dovecot.OpenMaildropAsync(account));

        Assert.Equal(ResponseCode.InUse, refused.Response.Code);
        await first.QuitAsync(Cancelled);
        await using Maildrop second = await servers.Dovecot.OpenMaildropAsync(account);
        await second.QuitAsync(Cancelled);
    }
}
