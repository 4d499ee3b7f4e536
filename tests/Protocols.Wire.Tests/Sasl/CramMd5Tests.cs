using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Wire.Tests.Sasl;

/// <summary>CRAM-MD5.</summary>
public sealed class CramMd5Tests
{
    [Fact]
    public async Task Rfc2195_section_2_the_example()
    {
        CramMd5 mechanism = new("tim", new("tanstaaftanstaaf"));
        Assert.False(mechanism.IsClientFirst);
        Assert.Equal("tim b913a602c7eda7a495b4e6e7334d3890", await mechanism.AnswerAsync("<1896.697170952@postoffice.reston.mci.net>"));
        Assert.True(mechanism.IsComplete);
        await Assert.ThrowsAsync<ProtocolViolationException>(() => mechanism.AnswerAsync("<1@host>"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1896.697170952@postoffice")]
    [InlineData("<1896@>")]
    [InlineData("<1896>")]
    [InlineData("<a@b><c@d>")]
    [InlineData("<a\0b@host>")]
    [InlineData("<é@host>")]
    [InlineData("<a b@host>")]
    public async Task A_challenge_that_is_no_msg_id_gets_no_digest(string challenge)
    {
        CramMd5 mechanism = new("tim", new("tanstaaftanstaaf"));
        await Assert.ThrowsAsync<ProtocolViolationException>(() => mechanism.AnswerAsync(challenge));
        Assert.False(mechanism.IsComplete);
    }
}
