using EmailSync.Protocols.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>Servers of the field and what they make of names, addresses and line ends, each named, with the thread that tells of it; MK is jstedfast/MailKit.</summary>
public sealed class FieldCasesOfAddresses
{
    // MK 309, 185, 1921, 491, 764: asked for since 2015.
    [Fact]
    public Task MailKit_309_one_recipient_is_taken_and_another_refused() => Transcript.PlayAsync(Play.Introduction() + """
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<a@foo.com>
        S: 250 2.1.5 OK
        C: RCPT TO:<b@foo.com>
        S: 550 5.1.1 no such user
        C: DATA
        S: 354 go
        C: x
        C: .
        S: 250 2.0.0 queued
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        TransactionResult result = await Play.SendAsync(session, Play.Envelope("a@foo.com", "b@foo.com"));
        Assert.True(result.IsAccepted);
        Assert.Equal([250, 550], result.Recipients.Select(recipient => recipient.Reply.Code));
    });

    // MK 704: Exchange said 501 5.5.4 Invalid Address to [IPv6:::ffff:10.0.4.47], which is an IPv4 address in other words.
    [Fact]
    public Task Exchange_takes_no_mapped_address_for_a_name_and_gets_the_IPv4_address() => Transcript.PlayAsync(
        "S: 220 exchange.example Microsoft ESMTP MAIL Service ready\nC: EHLO [10.0.4.47]\nS: 250 exchange.example", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { ClientName = "[IPv6:::ffff:10.0.4.47]" });
    });

    // MK 1501, 351: exim refuses an underscore or Cyrillic letters of the host's name.
    [Fact]
    public Task Exim_refuses_an_argument_of_EHLO_and_its_words_come_through() => Transcript.PlayAsync(
        "S: 220 exim.example ESMTP Exim 4.96\nC: EHLO bar.com\nS: 501 Syntactically invalid EHLO argument(s)", async peer =>
    {
        Assert.Throws<ArgumentException>(() => Play.Options with { ClientName = "my_host.example" });
        Assert.Equal("xn--80a1acny.example", (Play.Options with { ClientName = "почта.example" }).ClientName);
        SmtpNegativeReplyException refused = await Assert.ThrowsAsync<SmtpNegativeReplyException>(async () => await Play.OpenAsync(peer));
        Assert.Equal((501, "Syntactically invalid EHLO argument(s)"), (refused.Reply.Code, refused.Reply.Text));
    });

    // linagora/james-project 5317: James refuses [IPV6:...].
    [Fact]
    public Task James_5317_takes_the_tag_of_an_address_in_one_spelling_only() => Transcript.PlayAsync(
        "S: 220 james.example ready\nC: EHLO [IPv6:2001:db8::1]\nS: 250 james.example", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { ClientName = "[IPv6:2001:db8::1]" });
        Assert.Throws<ArgumentException>(() => Play.Options with { ClientName = "[IPV6:2001:db8::1]" });
    });

    // thunderbird-android 8715, MK 1406: broken_sasl_auth_clients of Postfix.
    [Theory]
    [InlineData("AUTH PLAIN LOGIN", "AUTH=PLAIN LOGIN")]
    [InlineData("AUTH=LOGIN PLAIN", "AUTH LOGIN")]
    [InlineData("AUTH=LOGIN PLAIN")]
    public Task Postfix_and_qiye_com_say_AUTH_with_an_equals_sign_too(params string[] extensions) => Transcript.PlayAsync(
        Play.Introduction(extensions), async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.Equal(["LOGIN", "PLAIN"], session.Extensions.Mechanisms.Order(StringComparer.Ordinal));
    });

    // MimeKit 302, docker-mailserver 2403
    [Fact]
    public Task Amazon_SES_refuses_the_null_reverse_path_and_says_so() => Transcript.PlayAsync(
        Play.Introduction() + "C: MAIL FROM:<>\nS: 501 Invalid MAIL FROM address provided", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        TransactionResult result = await Play.SendAsync(session, new(MailPath.Null, [MailPath.Parse("Jones@foo.com")]));
        Assert.Equal((501, "Invalid MAIL FROM address provided"), (result.Refusal!.Code, result.Refusal.Text));
    });

    // dotnet/runtime 132823: System.Net.Mail let these through as they were, and the message ended at the dot.
    [Theory]
    [InlineData("x\n.\ny\r\n")]
    [InlineData("x\r.\ry\r\n")]
    [InlineData("x\n.\r\ny\r\n")]
    [InlineData("x\r\n.\ny\r\n")]
    public Task System_Net_Mail_132823_a_dot_between_bare_line_ends_ends_nothing(string content) => Transcript.PlayAsync(Play.Introduction() + """
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<Jones@foo.com>
        S: 250 OK
        C: DATA
        S: 354 go
        C: x
        C: ..
        C: y
        C: .
        S: 250 OK
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.True((await Play.SendAsync(session, Play.Envelope(), content)).IsAccepted);
    });

    // MailKit 4.15.1: a line end in an address reached RCPT.
    [Theory]
    [InlineData("a@foo.com>\r\nRCPT TO:<b@foo.com")]
    [InlineData("\"a\r\nDATA\r\n\"@foo.com")]
    [InlineData("a@foo.com\n")]
    public Task MailKit_4_15_1_a_line_end_in_an_address_reaches_no_command(string address) => Transcript.PlayAsync(Play.Introduction(), async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.Throws<FormatException>(() => MailPath.Parse(address));
        Assert.False(MailPath.TryParse(address, out _));
    });
}
