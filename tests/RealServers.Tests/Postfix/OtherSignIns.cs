using System.Security.Cryptography.X509Certificates;
using EmailSync.Conformance;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire.Sasl;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Postfix;

/// <summary>Ways to become somebody to Postfix and Exim for which somebody else vouches: a token's issuer, a KDC, a certificate.</summary>
public sealed class OtherSignIns(MailServers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Postfix", "XOAUTH2")]
    [InlineData("Postfix", "OAUTHBEARER")]
    [InlineData("Exim", "XOAUTH2")]
    [InlineData("Exim", "OAUTHBEARER")]
    public async Task By_a_token(string server, string mechanism)
    {
        await using SmtpSession session = await OpenAsync(server);
        MailAccount account = servers.NewAccount();
        int asked = servers.Tokens.Asked;

        await session.AuthenticateAsync(Choose(mechanism, session, Token(account, servers.Tokens.Issue(account.Address))), Cancelled);

        Assert.True(servers.Tokens.Asked > asked);
        await session.QuitAsync(Cancelled);
    }

    /// <summary>The server's no comes only once its challenge about the error was answered, and the session goes on behind it.</summary>
    [Theory]
    [InlineData("Postfix", "XOAUTH2")]
    [InlineData("Postfix", "OAUTHBEARER")]
    [InlineData("Exim", "XOAUTH2")]
    [InlineData("Exim", "OAUTHBEARER")]
    public async Task An_expired_token_is_refused_and_a_fresh_one_is_taken_behind_it(string server, string mechanism)
    {
        await using SmtpSession session = await OpenAsync(server);
        MailAccount account = servers.NewAccount();

        SmtpNegativeReplyException refused = await Assert.ThrowsAsync<SmtpNegativeReplyException>(async () => await session.AuthenticateAsync(
            Choose(mechanism, session, Token(account, servers.Tokens.IssueExpired(account.Address))), Cancelled));
        Assert.Equal((Phase.Auth, 535), (refused.Phase, refused.Reply.Code));

        await session.AuthenticateAsync(Choose(mechanism, session, Token(account, servers.Tokens.Issue(account.Address))), Cancelled);
        await session.QuitAsync(Cancelled);
    }

    [Theory]
    [InlineData("Postfix", "GSSAPI")]
    [InlineData("Exim", "GSSAPI")]
    public async Task By_a_kerberos_ticket(string server, string mechanism)
    {
        servers.RequireKerberos();
        await using SmtpSession session = await OpenAsync(server);
        MailAccount account = servers.NewAccount();

        await session.AuthenticateAsync(Choose(mechanism, session, new(account.Address, new(account.Password))), Cancelled);

        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task By_a_client_certificate()
    {
        servers.RequireExim();
        MailAccount account = servers.NewAccount();
        using X509Certificate2 certificate = servers.Clients.Issue(account.Address);
        await using SmtpSession session = await servers.Exim!.OpenAsync(certificate);

        await session.AuthenticateAsync(new External(), Cancelled);

        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task A_certificate_speaks_for_nobody_else()
    {
        servers.RequireExim();
        MailAccount account = servers.NewAccount();
        using X509Certificate2 certificate = servers.Clients.Issue(account.Address);
        await using SmtpSession session = await servers.Exim!.OpenAsync(certificate);

        await Assert.ThrowsAsync<SmtpNegativeReplyException>(
            async () => await session.AuthenticateAsync(new External(servers.NewAccount().Address), Cancelled));
    }

    private async Task<SmtpSession> OpenAsync(string server)
    {
        if (server == "Postfix")
            return await servers.Postfix.OpenAsync();
        servers.RequireExim();
        return await servers.Exim!.OpenAsync(Encryption.Implicit, null);
    }

    private static SaslCredentials Token(MailAccount account, string token) => new(account.Address, new(token)) { IsToken = true };

    private static SaslMechanism Choose(string mechanism, SmtpSession session, SaslCredentials credentials) =>
        new MechanismSelection(mechanism).Choose(session.DescribeForSasl("localhost", 465), credentials);
}
