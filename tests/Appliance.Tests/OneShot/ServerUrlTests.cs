using EmailSync.Appliance.Model;
using EmailSync.Appliance.OneShot;

namespace EmailSync.Appliance.Tests.OneShot;

public sealed class ServerUrlTests
{
    [Theory]
    [InlineData("pop3s://jane@pop.example.com", "Pop3 jane pop.example.com:995 (implicit TLS)")]
    [InlineData("pop3://jane@pop.example.com", "Pop3 jane pop.example.com:110 (STARTTLS)")]
    [InlineData("smtps://jane@smtp.example.com/", "Submission jane smtp.example.com:465 (implicit TLS)")]
    [InlineData("smtp://jane@smtp.example.com", "Submission jane smtp.example.com:587 (STARTTLS)")]
    [InlineData("POP3S://jane@example.com@pop.example.com:1995", "Pop3 jane@example.com pop.example.com:1995 (implicit TLS)")]
    [InlineData("pop3s://jane%40example.com@[2606:4700::1111]:995", "Pop3 jane@example.com [2606:4700::1111]:995 (implicit TLS)")]
    [InlineData("pop3s://pop.example.com", "Pop3  pop.example.com:995 (implicit TLS)")]
    public void An_address_says_what_is_spoken_where_and_how_it_is_secured(string text, string expected)
    {
        ServerUrl url = ServerUrl.Parse(text);

        Assert.Equal(expected, $"{url.Service} {url.User} {url.Locate(null)}");
    }

    [Theory]
    [InlineData("pop.example.com", 995, TlsMode.Implicit), InlineData("pop.example.com:110", 110, TlsMode.StartTls), InlineData("pop.example.com:1995", 1995, TlsMode.Implicit)]
    public void A_bare_host_is_secured_as_its_port_asks(string text, int port, TlsMode security)
    {
        ServerLocation location = ServerUrl.ParseHost(MailService.Pop3, text).Locate(null);

        Assert.Equal((port, security), (location.Port, location.Security));
    }

    [Fact]
    public void An_option_decides_before_the_address_and_the_port_follows() =>
        Assert.Equal(110, ServerUrl.Parse("pop3s://jane@pop.example.com").Locate(TlsMode.StartTls).Port);

    [Theory]
    [InlineData("imap://jane@example.com"), InlineData("pop.example.com"), InlineData("pop3s://"), InlineData("pop3s://jane@host:0"), InlineData("pop3s://jane@host:65536")]
    [InlineData("pop3s://jane@host:ssl"), InlineData("pop3s://jane@a b"), InlineData("pop3s://jane@host/inbox")]
    public void What_is_no_address_is_refused(string text) => Assert.Throws<FormatException>(() => ServerUrl.Parse(text));

    [Theory, InlineData("pop3s://jane:hunter2@pop.example.com"), InlineData("imap://jane:hunter2@pop.example.com")]
    public void A_password_in_an_address_is_refused_and_not_repeated(string text)
    {
        FormatException refused = Assert.Throws<FormatException>(() => ServerUrl.Parse(text));

        Assert.DoesNotContain("hunter2", refused.Message, StringComparison.Ordinal);
    }
}
