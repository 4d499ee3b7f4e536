using System.Security.Cryptography.X509Certificates;
using EmailSync.Appliance.Model;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Wire.Sasl;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Dovecot;

/// <summary>Ways into a maildrop of Dovecot's for which somebody else vouches: a KDC, a token's issuer, a certificate, Samba.</summary>
public sealed class OtherSignIns(MailServers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TlsMode.Implicit)]
    [InlineData(TlsMode.None)]
    public async Task By_a_kerberos_ticket(TlsMode security)
    {
        servers.RequireKerberos();
        MailAccount account = servers.NewAccount();
        account.Deliver("1", "Subject: for the principal\r\n\r\nx\r\n"u8);
        await using Pop3Session session = await servers.Dovecot.OpenAsync(security);

        await using Maildrop maildrop = await session.AuthenticateAsync(
            Choose("GSSAPI", session, new(account.Address, new(account.Password))), Cancelled);

        Assert.Equal(1, (await maildrop.StatAsync(Cancelled)).Messages);
        await maildrop.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task With_a_wrong_password_the_kdc_gives_no_ticket_and_the_session_goes_on()
    {
        servers.RequireKerberos();
        MailAccount account = servers.NewAccount();
        await using Pop3Session session = await servers.Dovecot.OpenAsync();

        await Assert.ThrowsAsync<MechanismUnusableException>(async () => await session.AuthenticateAsync(
            Choose("GSSAPI", session, new(account.Address, new("wrong"))), Cancelled));

        await using Maildrop maildrop = await session.LogInAsync(account.Address, new(account.Password), Cancelled);
        await maildrop.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task A_principal_acts_for_nobody_else()
    {
        servers.RequireKerberos();
        MailAccount account = servers.NewAccount();
        MailAccount other = servers.NewAccount();
        await using Pop3Session session = await servers.Dovecot.OpenAsync();
        SaslCredentials posing = new(account.Address, new(account.Password)) { AuthorizationIdentity = other.Address };

        Pop3NegativeResponseException refused = await Assert.ThrowsAsync<Pop3NegativeResponseException>(
            async () => await session.AuthenticateAsync(Choose("GSSAPI", session, posing), Cancelled));

        Assert.Equal(ResponseCode.Auth, refused.Response.Code);
    }

    [Fact]
    public async Task By_ntlm()
    {
        servers.RequireNtlm();
        MailAccount account = servers.NewAccount();
        account.Deliver("1", "Subject: for the domain's user\r\n\r\nx\r\n"u8);
        await using Pop3Session session = await servers.Dovecot.OpenAsync();

        await using Maildrop maildrop = await session.AuthenticateAsync(Ntlm(session, account, NtlmAuth.Password), Cancelled);

        Assert.Equal(1, (await maildrop.StatAsync(Cancelled)).Messages);
        await maildrop.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task A_wrong_password_is_refused_by_ntlm()
    {
        servers.RequireNtlm();
        MailAccount account = servers.NewAccount();
        await using Pop3Session session = await servers.Dovecot.OpenAsync();

        Pop3NegativeResponseException refused = await Assert.ThrowsAsync<Pop3NegativeResponseException>(
            async () => await session.AuthenticateAsync(Ntlm(session, account, "wrong"), Cancelled));

        Assert.Equal(ResponseCode.Auth, refused.Response.Code);
    }

    [Theory]
    [InlineData("XOAUTH2", TlsMode.Implicit)]
    [InlineData("XOAUTH2", TlsMode.StartTls)]
    [InlineData("OAUTHBEARER", TlsMode.Implicit)]
    [InlineData("OAUTHBEARER", TlsMode.StartTls)]
    public async Task By_a_token(string mechanism, TlsMode security)
    {
        MailAccount account = servers.NewAccount();
        int asked = servers.Tokens.Asked;
        await using Pop3Session session = await servers.Dovecot.OpenAsync(security);

        await using Maildrop maildrop = await session.AuthenticateAsync(
            Choose(mechanism, session, Token(account, servers.Tokens.Issue(account.Address))), Cancelled);

        Assert.True(servers.Tokens.Asked > asked);
        await maildrop.NoOpAsync(Cancelled);
        await maildrop.QuitAsync(Cancelled);
    }

    /// <summary>The server's no comes only once its challenge about the error was answered, and the session goes on behind it.</summary>
    [Theory]
    [InlineData("XOAUTH2", "\"status\":\"401\"")]
    [InlineData("OAUTHBEARER", "status: invalid_token")]
    public async Task An_expired_token_is_refused_with_its_reason_and_a_fresh_one_is_taken_behind_it(string mechanism, string reason)
    {
        MailAccount account = servers.NewAccount();
        await using Pop3Session session = await servers.Dovecot.OpenAsync();

        Pop3NegativeResponseException refused = await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await session.AuthenticateAsync(
            Choose(mechanism, session, Token(account, servers.Tokens.IssueExpired(account.Address))), Cancelled));
        Assert.Equal(ResponseCode.Auth, refused.Response.Code);
        Assert.Contains(reason, refused.Detail, StringComparison.Ordinal);

        await using Maildrop maildrop = await session.AuthenticateAsync(
            Choose(mechanism, session, Token(account, servers.Tokens.Issue(account.Address))), Cancelled);
        await maildrop.QuitAsync(Cancelled);
    }

    [Theory]
    [InlineData("XOAUTH2")]
    [InlineData("OAUTHBEARER")]
    public async Task A_token_opens_only_its_owners_maildrop(string mechanism)
    {
        MailAccount account = servers.NewAccount();
        MailAccount other = servers.NewAccount();
        await using Pop3Session session = await servers.Dovecot.OpenAsync();

        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await session.AuthenticateAsync(
            Choose(mechanism, session, Token(other, servers.Tokens.Issue(account.Address))), Cancelled));
    }

    [Fact]
    public async Task By_a_client_certificate()
    {
        MailAccount account = servers.NewAccount();
        account.Deliver("1", "Subject: for the certificate's owner\r\n\r\nx\r\n"u8);
        using X509Certificate2 certificate = servers.Clients.Issue(account.Address);
        await using Pop3Session session = await servers.Dovecot.OpenAsync(certificate);

        await using Maildrop maildrop = await session.AuthenticateAsync(new External(), Cancelled);

        Assert.Equal(1, (await maildrop.StatAsync(Cancelled)).Messages);
        await maildrop.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task Without_a_certificate_external_is_refused()
    {
        MailAccount account = servers.NewAccount();
        await using Pop3Session session = await servers.Dovecot.OpenAsync();

        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await session.AuthenticateAsync(new External(account.Address), Cancelled));
    }

    [Fact]
    public async Task By_apop_where_it_is_asked_for()
    {
        MailAccount account = servers.NewAccount();
        await using Pop3Session session = await servers.Dovecot.OpenAsync();

        await using Maildrop maildrop = await session.AuthenticateByApopAsync(account.Address, new(account.Password), Cancelled);

        await maildrop.QuitAsync(Cancelled);
    }

    private static SaslCredentials Token(MailAccount account, string token) => new(account.Address, new(token)) { IsToken = true };

    private static SaslMechanism Ntlm(Pop3Session session, MailAccount account, string password) =>
        Choose("NTLM", session, new($@"{NtlmAuth.Domain}\{account.Address.Split('@')[0]}", new(password)));

    private static SaslMechanism Choose(string mechanism, Pop3Session session, SaslCredentials credentials) =>
        new MechanismSelection(mechanism).Choose(session.DescribeForSasl("localhost", 995), credentials);
}
