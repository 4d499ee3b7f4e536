using System.Text;
using CsCheck;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Wire.Tests.Sasl;

public sealed class MechanismTests
{
    private static readonly Secret Password = new("tanstaaftanstaaf");

    // RFC 4616 section 4
    [Theory]
    [InlineData("", "\0tim\0tanstaaftanstaaf")]
    [InlineData("Ursel", "Ursel\0tim\0tanstaaftanstaaf")]
    public async Task PLAIN_is_one_message(string authorizationIdentity, string message)
    {
        Plain plain = new("tim", Password, authorizationIdentity);
        Assert.False(plain.IsComplete);
        Assert.Equal(message, await plain.AnswerAsync());
        Assert.True(plain.IsComplete);
        await Assert.ThrowsAsync<ProtocolViolationException>(() => plain.AnswerAsync("more"));
    }

    [Fact]
    public void PLAIN_takes_no_NUL_and_no_empty_name()
    {
        Assert.Throws<ArgumentException>(() => new Plain("t\0m", Password));
        Assert.Throws<ArgumentException>(() => new Plain("tim", new("a\0b")));
        Assert.Throws<ArgumentException>(() => new Plain("tim", Password, "a\0b"));
        Assert.Throws<ArgumentException>(() => new Plain("", Password));
    }

    [Fact]
    public async Task LOGIN_is_a_name_and_a_password()
    {
        Login login = new("tim", Password);
        Assert.Equal("tim", await login.AnswerAsync("Username:"));
        Assert.False(login.IsComplete);
        Assert.Equal("tanstaaftanstaaf", await login.AnswerAsync("Password:"));
        Assert.True(login.IsComplete);
        await Assert.ThrowsAsync<ProtocolViolationException>(() => login.AnswerAsync("more"));
    }

    // LOGIN-2.1-b
    [Theory]
    [InlineData("mrose\0", "secret")]
    [InlineData("mrose\r\n", "secret")]
    [InlineData("mrose", "sec\0ret")]
    [InlineData("mrose", "secret\n")]
    [InlineData("", "secret")]
    public void LOGIN_takes_no_NUL_and_no_line_end(string name, string password) =>
        Assert.Throws<ArgumentException>(() => new Login(name, new(password)));

    [Fact]
    public async Task XOAUTH2_answers_a_refusal_with_nothing_and_is_no_longer_complete()
    {
        XOAuth2 mechanism = new("someuser@example.com", new("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"));
        Assert.Equal(
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==",
            Convert.ToBase64String(Encoding.UTF8.GetBytes(await mechanism.AnswerAsync())));
        Assert.True(mechanism.IsComplete);
        Assert.Empty(await mechanism.AnswerAsync("""{"status":"401"}"""));
        Assert.Equal("""{"status":"401"}""", mechanism.FailureDetail);
        Assert.False(mechanism.IsComplete);
        await Assert.ThrowsAsync<ProtocolViolationException>(() => mechanism.AnswerAsync());
    }

    [Theory]
    [InlineData("user\u0001auth=Bearer stolen", "token")]
    [InlineData("user", "token\u0001")]
    [InlineData("user", "")]
    [InlineData("", "token")]
    public void XOAUTH2_takes_nothing_that_could_add_a_field(string user, string token) =>
        Assert.Throws<ArgumentException>(() => new XOAuth2(user, new(token)));

    [Fact]
    public void What_was_encoded_decodes_and_nothing_else_does()
    {
        Gen.Byte.Array[0, 100].Sample(octets =>
        {
            Assert.True(SaslMechanism.TryDecodeChallenge(Encoding.ASCII.GetBytes(Convert.ToBase64String(octets)), out byte[] decoded));
            Assert.Equal(octets, decoded);
        });
        Gen.Byte.Array[1, 12].Sample(octets =>
        {
            string text = Encoding.Latin1.GetString(octets);
            bool isAlphabet = octets.All(octet => char.IsAsciiLetterOrDigit((char)octet) || octet is (byte)'+' or (byte)'/' or (byte)'=');
            bool isPadded = text.Length % 4 == 0 && text.TrimEnd('=').IndexOf('=', StringComparison.Ordinal) < 0 && text.Length - text.TrimEnd('=').Length <= 2;
            if (!isAlphabet || !isPadded)
                Assert.False(SaslMechanism.TryDecodeChallenge(octets, out _));
        });
    }

    [Fact]
    public void A_secret_prints_as_asterisks_wherever_it_is_put()
    {
        Assert.Equal("***", $"{Password}");
        Assert.Equal("(***, 1)", (Password, 1).ToString());
        Assert.Equal("", default(Secret).Reveal());
    }
}
