using EmailSync.Protocols.Wire.Sasl;
using static EmailSync.Protocols.Pop3.Tests.Sessions;

namespace EmailSync.Protocols.Pop3.Tests.Ledger;

/// <summary>Names and passwords beyond ASCII.</summary>
public sealed class Credentials
{
    // 2595-6-a, 4616-2-a, 6856-2.2-c
    [Fact]
    public async Task Plain_carries_UTF_8_and_refuses_NUL()
    {
        Assert.Throws<ArgumentException>(() => new Plain("jörg\0", Password));
        Assert.Throws<ArgumentException>(() => new Plain("jörg", new("päss\0")));
        Assert.Throws<ArgumentException>(() => new Plain("jörg", Password, "\0"));
        string message = Convert.ToBase64String("boss\0jörg\0päss wörd"u8);
        await PlayAsync($"S: +OK\nC: AUTH PLAIN\nS: +\nC: {message}\nS: +OK", async peer =>
        {
            await using Pop3Session session = await OpenAsync(peer);
            await using Maildrop maildrop = await session.AuthenticateAsync(new Plain("jörg", new("päss wörd"), "boss"));
        });
    }

    // 6856-2.2-b
    [Theory]
    [InlineData("jörg", "secret")]
    [InlineData("mrose", "pässword")]
    public Task Apop_takes_nothing_that_would_have_to_be_prepared(string name, string secret) => PlayAsync(
        "S: +OK <1@host>\nC: CAPA\nS: +OK\nS: UTF8 USER\nS: .\nC: QUIT\nS: +OK", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await session.CapabilitiesAsync();
        await Assert.ThrowsAsync<ArgumentException>(async () => await session.AuthenticateByApopAsync(name, new(secret)));
        await session.QuitAsync();
    });
}
