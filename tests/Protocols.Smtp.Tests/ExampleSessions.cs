using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>The example sessions of the extensions' RFCs, by section, where no file has the RFC's own name.</summary>
public sealed class ExampleSessions
{
    private const string Plain = "Subject: example\r\n\r\nx\r\n";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public Task Rfc2034_section_5_the_example() => Transcript.PlayAsync("""
        S: 220 dbc.mtview.ca.us SMTP service ready
        C: EHLO ymir.claremont.edu
        S: 250-dbc.mtview.ca.us says hello
        S: 250 ENHANCEDSTATUSCODES
        C: MAIL FROM:<ned@ymir.claremont.edu>
        S: 250 2.1.0 Originator <ned@ymir.claremont.edu> ok
        C: RCPT TO:<mrose@dbc.mtview.ca.us>
        S: 250 2.1.5 Recipient <mrose@dbc.mtview.ca.us> ok
        C: RCPT TO:<nosuchuser@dbc.mtview.ca.us>
        S: 550 5.1.1 Mailbox "nosuchuser" does not exist
        C: RCPT TO:<remoteuser@isi.edu>
        S: 551-5.7.1 Forwarding to remote hosts disabled
        S: 551 5.7.1 Select another host to act as your forwarder
        C: DATA
        S: 354 Send message, ending in CRLF.CRLF.
        C: Subject: example
        C:
        C: x
        C: .
        S: 250 2.6.0 Message accepted
        C: QUIT
        S? 221 2.0.0 Goodbye
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { ClientName = "ymir.claremont.edu" });
        TransactionResult result = await Play.SendAsync(
            session,
            new(MailPath.Parse("ned@ymir.claremont.edu"),
                [MailPath.Parse("mrose@dbc.mtview.ca.us"), MailPath.Parse("nosuchuser@dbc.mtview.ca.us"), MailPath.Parse("remoteuser@isi.edu")]),
            Plain);
        await session.QuitAsync(Cancelled);
        Assert.Equal(["2.1.5", "5.1.1", "5.7.1"], result.Recipients.Select(recipient => recipient.Reply.Status.ToString()));
        Assert.Equal("5.1.1 Mailbox \"nosuchuser\" does not exist", result.Recipients[1].Reply.Text);
        Assert.Equal(["5.7.1 Forwarding to remote hosts disabled", "5.7.1 Select another host to act as your forwarder"], result.Recipients[2].Reply.Lines);
        Assert.Equal("2.6.0", result.Content!.Status.ToString());
    });

    [Fact]
    public Task Rfc6152_section_4_the_example() => Transcript.PlayAsync("""
        S: 220 dbc.mtview.ca.us SMTP service ready
        C: EHLO ymir.claremont.edu
        S: 250-dbc.mtview.ca.us says hello
        S: 250 8BITMIME
        C: MAIL FROM:<ned@ymir.claremont.edu> BODY=8BITMIME
        S: 250 <ned@ymir.claremont.edu>... Sender and 8BITMIME ok
        C: RCPT TO:<mrose@dbc.mtview.ca.us>
        S: 250 <mrose@dbc.mtview.ca.us>... Recipient ok
        C: DATA
        S: 354 Send 8BITMIME message, ending in CRLF.CRLF.
        C: Subject: example
        C:
        C: Grüße
        C: .
        S: 250 OK
        C: QUIT
        S? 250 Goodbye
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { ClientName = "ymir.claremont.edu" });
        Envelope envelope = new(MailPath.Parse("ned@ymir.claremont.edu"), [MailPath.Parse("mrose@dbc.mtview.ca.us")]);
        Assert.True((await Play.SendAsync(session, envelope, "Subject: example\r\n\r\nGrüße\r\n")).IsAccepted);
        await session.QuitAsync(Cancelled);
    });

    // The RFC's server greets again behind TLS and lets STARTTLS be answered without a code; both are against RFC 3207, and neither is here.
    [Fact]
    public Task Rfc8689_appendix_A_1_the_example() => Transcript.PlayAsync("""
        S: 220 mail.example.net ESMTP
        C: EHLO mail.example.org
        S: 250-mail.example.net Hello example.org [192.0.2.1]
        S: 250-SIZE 52428800
        S: 250-8BITMIME
        S: 250-PIPELINING
        S: 250-STARTTLS
        S: 250 HELP
        C: STARTTLS
        S: 220 TLS go ahead
        TLS
        C: EHLO mail.example.org
        S: 250-mail.example.net Hello example.org [192.0.2.1]
        S: 250-SIZE 52428800
        S: 250-8BITMIME
        S: 250-REQUIRETLS
        S: 250 HELP
        C: MAIL FROM:<roger@example.org> SIZE=23 REQUIRETLS
        S: 250 OK
        C: RCPT TO:<editor@example.net>
        S: 250 Accepted
        C: DATA
        S: 354 Enter message, ending with "." on a line by itself
        C: Subject: example
        C:
        C: x
        C: .
        S: 250 OK
        C: QUIT
        S? 221 bye
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { ClientName = "mail.example.org" });
        await session.StartTlsAsync(peer.UpgradeAsync, Cancelled);
        Envelope envelope = new(MailPath.Parse("roger@example.org"), [MailPath.Parse("editor@example.net")]) { RequireTls = true };
        Assert.True((await Play.SendAsync(session, envelope, Plain)).IsAccepted);
        await session.QuitAsync(Cancelled);
    });

    // The token of the example; the RFC shows a tag of IMAP before AUTH, which SMTP does not have.
    [Fact]
    public Task Rfc7628_section_4_1_smtp() => Transcript.PlayAsync("""
        S: 220 mx.example.com ESMTP 12sm2095603fks.9
        C: EHLO sender.example.com
        S: 250-mx.example.com at your service,[172.31.135.47]
        S: 250-SIZE 35651584
        S: 250-8BITMIME
        S: 250-AUTH LOGIN PLAIN OAUTHBEARER
        S: 250-ENHANCEDSTATUSCODES
        S: 250 PIPELINING
        C: AUTH OAUTHBEARER bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB
        S: 235 Authentication successful.
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { ClientName = "sender.example.com" });
        await session.AuthenticateAsync(
            new OAuthBearer("user@example.com", new("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="), "server.example.com", 587), Cancelled);
    }, isEncrypted: true);

    // The error and the answers are the example's; its client's message lacks the authorization identity that RFC 7628 itself asks for.
    [Fact]
    public Task Rfc7628_section_4_4_smtp_failed() => Transcript.PlayAsync("""
        S: 220 mx.example.com ESMTP 12sm2095603fks.9
        C: EHLO sender.example.com
        S: 250-mx.example.com at your service,[172.31.135.47]
        S: 250-AUTH LOGIN PLAIN OAUTHBEARER
        S: 250-ENHANCEDSTATUSCODES
        S: 250 PIPELINING
        C: AUTH OAUTHBEARER bixhPXNvbWV1c2VyQGV4YW1wbGUuY29tLAFob3N0PW14LmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHQBAQ==
        S: 334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NoZW1lcyI6ImJlYXJlciBtYWMiLCJzY29wZSI6Imh0dHBzOi8vbWFpbC5leGFtcGxlLmNvbS8ifQ==
        C: AQ==
        S: 535-5.7.1 Username and Password not accepted. Learn more at
        S: 535 5.7.1 http://support.example.com/mail/oauth
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { ClientName = "sender.example.com" });
        SmtpNegativeReplyException refused = await Assert.ThrowsAsync<SmtpNegativeReplyException>(
            async () => await session.AuthenticateAsync(new OAuthBearer("someuser@example.com", new("t"), "mx.example.com", 587), Cancelled));
        Assert.Equal((535, 2), (refused.Reply.Code, refused.Reply.Lines.Count));
        Assert.Contains("invalid_token", refused.Detail, StringComparison.Ordinal);
    }, isEncrypted: true);

    [Fact]
    public Task Murchison_sasl_login_section_2_2_the_example() => Transcript.PlayAsync("""
        S: 220 smtp.example.com ESMTP server ready
        C: EHLO test.example.com
        S: 250-smtp.example.com
        S: 250-STARTTLS
        S: 250 AUTH CRAM-MD5
        C: STARTTLS
        S: 220 Ready to start TLS
        TLS
        C: EHLO test.example.com
        S: 250-smtp.example.com
        S: 250 AUTH LOGIN CRAM-MD5
        C: AUTH LOGIN
        S: 334 VXNlciBOYW1lAA==
        C: dGlt
        S: 334 UGFzc3dvcmQA
        C: dGFuc3RhYWZ0YW5zdGFhZg==
        S: 235 Authentication successful.
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { ClientName = "test.example.com" });
        await session.StartTlsAsync(peer.UpgradeAsync, Cancelled);
        await session.AuthenticateAsync(new Login("tim", new("tanstaaftanstaaf")), Cancelled);
    });

    // RFC 6531 section 3.1
    [Fact]
    public Task Section_3_1_parameters_of_the_keyword_are_ignored() => Transcript.PlayAsync(
        Play.Introduction("SMTPUTF8 X Y=Z") + "C: MAIL FROM:<Smith@bar.com> SMTPUTF8\nS: 250 OK\nC: RCPT TO:<ü@foo.com>\nS: 550 5.6.7 no", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.True(session.Extensions.HasSmtpUtf8);
        await Play.SendAsync(session, Play.Envelope("ü@foo.com"));
    });

    [Fact]
    public Task Section_3_4_a_header_in_utf8_asks_for_it() => Transcript.PlayAsync(
        Play.Introduction("SMTPUTF8", "8BITMIME") + "C: MAIL FROM:<Smith@bar.com> BODY=8BITMIME SMTPUTF8\nS: 550 enough", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Play.SendAsync(session, Play.Envelope(), "Subject: Grüße\r\n\r\nx\r\n");
    });

    [Theory]
    [InlineData("550 5.6.7 non-ASCII addresses not permitted")]
    [InlineData("553 5.6.7 non-ASCII addresses not permitted")]
    [InlineData("554 5.6.9 UTF-8 header message cannot be transferred")]
    public Task Section_3_5_a_refusal_keeps_its_enhanced_code(string reply) => Play.SendOneAsync(
        Play.Introduction() + $"C: MAIL FROM:<Smith@bar.com>\nS: {reply}",
        result => Assert.StartsWith("5.6.", result.Refusal!.Status.ToString(), StringComparison.Ordinal));
}
