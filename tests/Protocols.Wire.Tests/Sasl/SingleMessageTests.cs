using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Wire.Tests.Sasl;

/// <summary>The mechanisms of one message.</summary>
public sealed class SingleMessageTests
{
    [Theory]
    [InlineData("")]
    [InlineData("fred@example.com")]
    public async Task Rfc4422_appendix_A_external_names_whom_to_act_for(string identity)
    {
        External mechanism = new(identity);
        Assert.Equal(identity, await mechanism.AnswerAsync());
        Assert.True(mechanism.IsComplete);
        await Assert.ThrowsAsync<ProtocolViolationException>(() => mechanism.AnswerAsync());
    }

    [Fact]
    public void An_identity_holds_no_NUL() => Assert.Throws<ArgumentException>(() => new External("a\0b"));

    // RFC 4505 section 3
    [Fact]
    public async Task Rfc4505_section_3_anonymous_leaves_a_trace()
    {
        Anonymous mechanism = new("sirhc");
        Assert.Equal("sirhc", await mechanism.AnswerAsync());
        Assert.True(mechanism.IsComplete);
        await Assert.ThrowsAsync<ProtocolViolationException>(() => mechanism.AnswerAsync());
    }

    [Fact]
    public void A_trace_has_255_characters_and_no_controls()
    {
        Assert.Equal("ANONYMOUS", new Anonymous(new string('x', 255)).Name);
        Assert.Throws<ArgumentException>(() => new Anonymous(new string('x', 256)));
        Assert.Throws<ArgumentException>(() => new Anonymous("a\r\nb"));
    }
}
