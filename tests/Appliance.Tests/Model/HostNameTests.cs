using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Tests.Model;

public sealed class HostNameTests
{
    [Theory]
    [InlineData("pop.example.com", "pop.example.com")]
    [InlineData("POP.Example.COM", "pop.example.com")]
    [InlineData("pop.example.com.", "pop.example.com")]
    [InlineData(" pop.example.com ", "pop.example.com")]
    [InlineData("localhost", "localhost")]
    [InlineData("bücher.example", "xn--bcher-kva.example")]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("[2001:db8::1]", "[2001:db8::1]")]
    [InlineData("2001:db8::1", "[2001:db8::1]")]
    public void Reads(string text, string expected) => Assert.Equal(expected, HostName.Parse(text).ToString());

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("https://pop.example.com")]
    [InlineData("pop.example.com:995")]
    [InlineData("pop.example.com/inbox")]
    [InlineData("user@pop.example.com")]
    [InlineData("pop example com")]
    [InlineData("pop\r\n.example.com")]
    [InlineData("pop..example.com")]
    [InlineData("-pop.example.com")]
    [InlineData("under_score.example.com")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[192.0.2.1]")]
    [InlineData("2130706433")]
    [InlineData("0177.0.0.1")]
    [InlineData("0x7f.1")]
    [InlineData("0x7f000001")]
    [InlineData("127.1")]
    [InlineData("256.1.1.1")]
    [InlineData("19\u0000.0.2.1")]
    [InlineData("1.2.3.4.5")]
    public void Refuses_with_a_reason(string? text)
    {
        Assert.False(HostName.TryParse(text, out HostName? host, out string? reason));
        Assert.Null(host);
        Assert.NotEmpty(reason);
        Assert.Throws<FormatException>(() => HostName.Parse(text!));
    }

    [Fact]
    public void Refuses_names_that_are_too_long()
    {
        Assert.False(HostName.TryParse(new string('a', 64) + ".example", out _, out _));
        Assert.False(HostName.TryParse(string.Join('.', Enumerable.Repeat("abcdefgh", 30)), out _, out _));
    }
}
