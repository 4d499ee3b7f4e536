using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>Nothing a caller passes on becomes a command (threats I-01 to I-05). Paths have their own tests: <see cref="MailPathTests"/>.</summary>
public sealed class Injection
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x\r\nRSET")]
    [InlineData("x\nRSET")]
    [InlineData("x\0")]
    [InlineData("x\u007F")]
    [InlineData("x\u0085y")]
    [InlineData("jürgen")]
    public Task I_01_a_query_with_anything_but_printable_ascii_is_not_sent_and_costs_nothing(string argument) => Transcript.PlayAsync(
        Play.Introduction() + "C: NOOP\nS: 250 OK", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Assert.ThrowsAsync<ArgumentException>(async () => await session.VerifyAsync(argument, Cancelled));
        await Assert.ThrowsAsync<ArgumentException>(async () => await session.ExpandAsync(argument, Cancelled));
        await session.NoOpAsync(Cancelled);
    });

    // Base64 makes line ends in a password harmless (AUTH PLAIN); a NUL would move the borders of its fields.
    [Fact]
    public async Task I_02_a_password_is_carried_whole_or_not_at_all()
    {
        const string Password = "p\r\nRSET\n";
        string response = Convert.ToBase64String("\0u\0p\r\nRSET\n"u8);
        await Transcript.PlayAsync(Play.Introduction("AUTH PLAIN") + $"C: AUTH PLAIN {response}\nS: 235 OK", async peer =>
        {
            await using SmtpSession session = await Play.OpenAsync(peer);
            await session.AuthenticateAsync(new Plain("u", new Secret(Password)), Cancelled);
            Assert.Throws<ArgumentException>(() => new Plain("u", new Secret("p\0q")));
        });
    }

    [Theory]
    [InlineData("x\r\nRSET")]
    [InlineData("x y")]
    [InlineData("x_y.example")]
    [InlineData("x\u760D\u760A.example\u2028")]
    public void I_03_the_name_for_ehlo_is_checked_when_it_is_set(string name) =>
        Assert.Throws<ArgumentException>(() => new SmtpOptions { ClientName = name });

    [Fact]
    public Task I_05_an_address_beyond_ascii_is_encoded_whole() => Transcript.PlayAsync(Play.Introduction("SMTPUTF8", "8BITMIME") + """
        C: MAIL FROM:<\xE7\x98\x8D\xE7\x98\x8A@bar.com> SMTPUTF8
        S: 550 enough
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Play.SendAsync(session, Play.Envelope() with { ReversePath = MailPath.Parse("\u760D\u760A@bar.com") });
    });
}
