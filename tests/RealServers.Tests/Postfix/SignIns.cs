using EmailSync.Appliance.Model;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Postfix;

/// <summary>How one becomes somebody to Postfix, and what it says to nobody.</summary>
public sealed class SignIns(MailServers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("PLAIN", TlsMode.Implicit)]
    [InlineData("LOGIN", TlsMode.Implicit)]
    [InlineData("PLAIN", TlsMode.StartTls)]
    [InlineData("LOGIN", TlsMode.StartTls)]
    public async Task By_sasl(string mechanism, TlsMode security)
    {
        MailAccount account = servers.NewAccount();
        await using SmtpSession session = await servers.Postfix.OpenAsync(security);
        Assert.True(session.IsEncrypted);

        await session.AuthenticateAsync(
            mechanism == "PLAIN" ? new Plain(account.Address, new(account.Password)) : new Login(account.Address, new(account.Password)), Cancelled);

        await session.NoOpAsync(Cancelled);
        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task Before_tls_nothing_is_offered_to_sign_in_with_and_no_password_is_sent()
    {
        MailAccount account = servers.NewAccount();
        await using SmtpSession session = await servers.Postfix.OpenAsync(TlsMode.None);
        Assert.Empty(session.Extensions.Mechanisms);
        Assert.True(session.Extensions.HasStartTls);

        await Assert.ThrowsAsync<EncryptionRequiredException>(
            async () => await session.AuthenticateAsync(new Plain(account.Address, new(account.Password)), Cancelled));

        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task A_wrong_password_is_refused_as_one_and_the_right_one_is_taken_behind_it()
    {
        MailAccount account = servers.NewAccount();
        await using SmtpSession session = await servers.Postfix.OpenAsync();

        SmtpNegativeReplyException refused = await Assert.ThrowsAsync<SmtpNegativeReplyException>(
            async () => await session.AuthenticateAsync(new Plain(account.Address, new("wrong")), Cancelled));
        Assert.Equal((Phase.Auth, 535, "5.7.8"), (refused.Phase, refused.Reply.Code, refused.Reply.Status.ToString()));

        await session.AuthenticateAsync(new Login(account.Address, new(account.Password)), Cancelled);
        await session.QuitAsync(Cancelled);
    }
}
