using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    [Fact]
    public async Task A_password_is_revealed_as_it_was_stored()
    {
        SecretName name = SecretName.Of(await Store.AddMailboxAsync("ada@example.com", Cancellation));
        Assert.False(await Store.Secrets.IsSetAsync(name, Cancellation));
        Assert.Null(await Store.Secrets.RevealAsync(name, Cancellation));

        await Store.Secrets.SetAsync(name, new("old"), Cancellation);
        await Store.Secrets.SetAsync(name, new("pässwörd\0 "), Cancellation);
        await ReopenAsync();

        Assert.True(await Store.Secrets.IsSetAsync(name, Cancellation));
        Assert.Equal("pässwörd\0 ", (await Store.Secrets.RevealAsync(name, Cancellation))?.Reveal());
    }

    [Fact]
    public async Task A_profile_has_a_password_for_each_direction()
    {
        EmailServerProfile profile = await Store.Profiles.CreateAsync(Samples.Profile(), Cancellation);
        foreach (SecretKind kind in Enum.GetValues<SecretKind>())
            await Store.Secrets.SetAsync(SecretName.Of(profile.Id, kind), new(kind.ToString()), Cancellation);
        foreach (SecretKind kind in Enum.GetValues<SecretKind>())
            Assert.Equal(kind.ToString(), (await Store.Secrets.RevealAsync(SecretName.Of(profile.Id, kind), Cancellation))?.Reveal());
    }

    [Fact]
    public async Task A_password_goes_with_its_owner()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        ProfileId profile = (await Store.Mailboxes.FindAsync(mailbox, Cancellation))!.Profile;
        SecretName[] names =
            [SecretName.Of(mailbox), SecretName.Of(profile, SecretKind.Incoming), SecretName.Of(profile, SecretKind.Outgoing)];
        foreach (SecretName name in names)
            await Store.Secrets.SetAsync(name, new("secret"), Cancellation);

        await Store.Mailboxes.DeleteAsync(mailbox, Cancellation);
        await Store.Profiles.DeleteAsync(profile, Cancellation);

        foreach (SecretName name in names)
            Assert.False(await Store.Secrets.IsSetAsync(name, Cancellation));
    }

    [Theory, InlineData("mbx_999"), InlineData("prf_999"), InlineData("nobody")]
    public async Task A_password_needs_an_owner(string owner) =>
        await Assert.ThrowsAsync<NotStoredException>(
            async () => await Store.Secrets.SetAsync(new(owner, SecretKind.Incoming), new Secret("secret"), Cancellation));
}
