using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Wire.Sasl;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Dovecot;

/// <summary>Into a maildrop of Dovecot's beyond what the suite asks of every server: which way is chosen, and in whose name.</summary>
public sealed class SignIns(MailServers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

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
}
