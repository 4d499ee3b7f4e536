using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Conformance;

/// <summary>The ways into a maildrop by a password, and those in which one is kept out.</summary>
public abstract class Pop3SignIns(IMaildropHost host)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Encryption.Implicit)]
    [InlineData(Encryption.Upgraded)]
    [InlineData(Encryption.None)]
    public async Task By_user_and_password(Encryption encryption)
    {
        Account account = host.NewAccount();
        await using Pop3Session session = await host.OpenAsync(encryption, new() { AllowCleartextPasswords = encryption == Encryption.None });
        Assert.Equal(encryption != Encryption.None, session.IsEncrypted);

        await using Maildrop maildrop = await session.LogInAsync(account.Name, new(account.Password), Cancelled);

        await maildrop.QuitAsync(Cancelled);
    }

    [Theory]
    [InlineData("PLAIN", Encryption.Implicit, null)]
    [InlineData("PLAIN", Encryption.Upgraded, null)]
    [InlineData("LOGIN", Encryption.Implicit, Ability.Login)]
    [InlineData("CRAM-MD5", Encryption.Upgraded, Ability.CramMd5)]
    [InlineData("SCRAM-SHA-1", Encryption.Implicit, Ability.Scram)]
    [InlineData("SCRAM-SHA-256", Encryption.Upgraded, Ability.Scram)]
    [InlineData("SCRAM-SHA-256", Encryption.None, Ability.Scram)]
    public async Task By_sasl_and_with_a_wrong_password_not(string mechanism, Encryption encryption, Ability? needed)
    {
        if (needed is { } ability)
            host.Lacks.Require(ability);
        Account account = host.NewAccount();
        await using Pop3Session session = await host.OpenAsync(encryption);
        await session.CapabilitiesAsync(Cancelled);

        Pop3NegativeResponseException refused = await Assert.ThrowsAsync<Pop3NegativeResponseException>(
            async () => await session.AuthenticateAsync(Choose("wrong"), Cancelled));
        Assert.Equal(ResponseCode.Auth, refused.Response.Code);

        await using Maildrop maildrop = await session.AuthenticateAsync(Choose(account.Password), Cancelled);
        await maildrop.QuitAsync(Cancelled);

        SaslMechanism Choose(string password) =>
            new MechanismSelection(mechanism).Choose(session.DescribeForSasl("localhost", 995), new(account.Name, new(password)));
    }

    [Fact]
    public async Task A_password_is_not_sent_in_clear_unless_that_is_allowed()
    {
        Account account = host.NewAccount();
        await using Pop3Session session = await host.OpenAsync(Encryption.None);

        await Assert.ThrowsAsync<EncryptionRequiredException>(
            async () => await session.LogInAsync(account.Name, new(account.Password), Cancelled));

        await session.QuitAsync(Cancelled);
    }

    // Dovecot waits ten seconds for the other session before it says so.
    [Fact]
    public async Task A_maildrop_that_is_open_elsewhere_is_in_use()
    {
        Account account = host.NewAccount();
        await using Maildrop first = await Maildrops.OpenAsync(host, account);

        Pop3NegativeResponseException refused = await Assert.ThrowsAsync<Pop3NegativeResponseException>(() => Maildrops.OpenAsync(host, account));

        Assert.Equal(ResponseCode.InUse, refused.Response.Code);
        await first.QuitAsync(Cancelled);
        await using Maildrop second = await Maildrops.OpenAsync(host, account);
        await second.QuitAsync(Cancelled);
    }
}
