using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp.Tests;

public sealed class Rfc5321
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // The example's reply to EHLO offers SIZE, so our MAIL declares one (RFC 1870); the rest is the RFC's.
    [Fact]
    public Task Appendix_D_1_a_typical_transaction() => Transcript.PlayAsync("""
        S: 220 foo.com Simple Mail Transfer Service Ready
        C: EHLO bar.com
        S: 250-foo.com greets bar.com
        S: 250-8BITMIME
        S: 250-SIZE
        S: 250-DSN
        S: 250 HELP
        C: MAIL FROM:<Smith@bar.com> SIZE=52
        S: 250 OK
        C: RCPT TO:<Jones@foo.com>
        S: 250 OK
        C: RCPT TO:<Green@foo.com>
        S: 550 No such user here
        C: RCPT TO:<Brown@foo.com>
        S: 250 OK
        C: DATA
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        C: Blah blah blah...
        C: ....etc. etc. etc.
        C: ..dots at two
        C: .
        S: 250 OK
        C: QUIT
        S? 221 foo.com Service closing transmission channel
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        TransactionResult result = await Play.SendAsync(
            session, Play.Envelope("Jones@foo.com", "Green@foo.com", "Brown@foo.com"),
            "Blah blah blah...\r\n...etc. etc. etc.\r\n.dots at two");
        await session.QuitAsync(Cancelled);

        Assert.True(result.IsAccepted);
        Assert.Null(result.Refusal);
        Assert.Equal([250, 550, 250], result.Recipients.Select(recipient => recipient.Reply.Code));
        Assert.Equal("No such user here", result.Recipients[1].Reply.Text);
        Assert.Equal("250 OK", result.Content!.ToString());
    });

    [Fact]
    public Task Appendix_D_2_an_aborted_transaction() => Transcript.PlayAsync("""
        S: 220 foo.com Simple Mail Transfer Service Ready
        C: EHLO bar.com
        S: 250-foo.com greets bar.com
        S: 250-8BITMIME
        S: 250-DSN
        S: 250 HELP
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<Green@foo.com>
        S: 550 No such user here
        C: RSET
        S: 250 OK
        C: QUIT
        S? 221 foo.com Service closing transmission channel
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        TransactionResult result = await Play.SendAsync(session, Play.Envelope("Green@foo.com"));
        Assert.False(result.IsAccepted);
        Assert.Equal(550, result.Refusal!.Code);
        await session.ResetAsync(Cancelled);
        await session.QuitAsync(Cancelled);
    });

    [Fact]
    public Task Appendix_D_4_verifying_then_sending() => Transcript.PlayAsync("""
        S: 220 foo.com Simple Mail Transfer Service Ready
        C: EHLO bar.com
        S: 250-foo.com greets bar.com
        S: 250-8BITMIME
        S: 250-DSN
        S: 250-VRFY
        S: 250 HELP
        C: VRFY Crispin
        S: 250 Mark Crispin <Admin.MRC@foo.com>
        C: EXPN Example-People
        S: 250-Jon Postel <Postel@isi.edu>
        S: 250 Sam Q. Smith <SQSmith@specific.generic.com>
        C: HELP
        S: 214 ask a person
        C: NOOP
        S: 250 OK
        C: MAIL FROM:<EAK@bar.com>
        S: 250 OK
        C: RCPT TO:<Admin.MRC@foo.com>
        S: 250 OK
        C: DATA
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        C: Blah blah blah...
        C: .
        S: 250 OK
        C: QUIT
        S? 221 foo.com Service closing transmission channel
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.Equal("Mark Crispin <Admin.MRC@foo.com>", (await session.VerifyAsync("Crispin", Cancelled)).Text);
        Assert.Equal(2, (await session.ExpandAsync("Example-People", Cancelled)).Lines.Count);
        Assert.Equal(214, (await session.HelpAsync(Cancelled)).Code);
        Assert.True((await session.NoOpAsync(Cancelled)).IsPositive);
        Envelope envelope = new(MailPath.Parse("EAK@bar.com"), [MailPath.Parse("Admin.MRC@foo.com")]);
        Assert.True((await Play.SendAsync(session, envelope, "Blah blah blah...\r\n")).IsAccepted);
        await session.QuitAsync(Cancelled);
    });

    // 2.2.1 and 3.2
    [Theory]
    [InlineData("500 command unrecognized")]
    [InlineData("502 not implemented")]
    public Task A_server_without_ehlo_gets_helo_and_offers_nothing(string refusal) => Transcript.PlayAsync($"""
        S: 220 foo.com
        C: EHLO bar.com
        S: {refusal}
        C: HELO bar.com
        S: 250 foo.com
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<Jones@foo.com>
        S: 250 OK
        C: DATA
        S: 354 go
        C: x
        C: .
        S: 250 OK
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.Empty(session.Extensions.Keywords);
        Assert.True((await Play.SendAsync(session, Play.Envelope())).IsAccepted);
    });

    // 3.1
    [Theory]
    [InlineData("554 no SMTP service here")]
    [InlineData("521 never")]
    [InlineData("421 not now")]
    public Task A_refused_session_is_ended_by_quit(string greeting) => Transcript.PlayAsync($"""
        S: {greeting}
        C: QUIT
        S? 221 bye
        """, async peer =>
    {
        SmtpNegativeReplyException refused =
            await Assert.ThrowsAsync<SmtpNegativeReplyException>(async () => await Play.OpenAsync(peer));
        Assert.Equal((Phase.Greeting, greeting), (refused.Phase, refused.Reply.ToString()));
        Assert.True(peer.IsClosed);
    });

    // 3.8
    [Fact]
    public async Task A_421_in_any_place_is_a_transient_refusal_that_ends_the_session()
    {
        (string Script, Func<TransactionResult, Reply?> Where)[] cases =
        [
            ("C: MAIL FROM:<Smith@bar.com>\nS: 421 bye", result => result.Sender),
            ("C: MAIL FROM:<Smith@bar.com>\nS: 250 OK\nC: RCPT TO:<Jones@foo.com>\nS: 421 bye", result => result.Recipients[0].Reply),
            ("C: MAIL FROM:<Smith@bar.com>\nS: 250 OK\nC: RCPT TO:<Jones@foo.com>\nS: 250 OK\nC: DATA\nS: 421 bye", result => result.Content),
            ("C: MAIL FROM:<Smith@bar.com>\nS: 250 OK\nC: RCPT TO:<Jones@foo.com>\nS: 250 OK\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 421 bye", result => result.Content),
        ];
        foreach ((string script, Func<TransactionResult, Reply?> where) in cases)
        {
            await Transcript.PlayAsync(Play.Introduction() + script, async peer =>
            {
                await using SmtpSession session = await Play.OpenAsync(peer);
                TransactionResult result = await Play.SendAsync(session, Play.Envelope());
                Assert.False(result.IsAccepted);
                Assert.Equal("421 bye", result.Refusal!.ToString());
                Assert.Equal(result.Refusal, where(result));
                Assert.True(result.Refusal.IsTransient);
                Assert.True(session.IsBroken);
                ConnectionLostException lost = await Assert.ThrowsAsync<ConnectionLostException>(async () => await session.NoOpAsync(Cancelled));
                Assert.Contains("421 bye", lost.Message, StringComparison.Ordinal);
            });
        }
    }

    // 3.3: what DATA answers is about all recipients.
    [Fact]
    public async Task A_refusal_of_data_or_content_is_about_the_whole_message()
    {
        const string UpToData = "C: MAIL FROM:<Smith@bar.com>\nS: 250 OK\nC: RCPT TO:<Jones@foo.com>\nS: 250 OK\nC: DATA\n";
        await Play.SendOneAsync(
            Play.Introduction() + UpToData + "S: 452 4.3.1 no room",
            result => Assert.Equal((false, 452), (result.IsAccepted, result.Refusal!.Code)));
        await Play.SendOneAsync(
            Play.Introduction() + UpToData + "S: 354 go\nC: x\nC: .\nS: 554 5.7.1 spam",
            result => Assert.Equal((false, new EnhancedStatusCode(5, 7, 1)), (result.IsAccepted, result.Refusal!.Status!.Value)));
    }

    // 4.1.4: no MAIL while a transaction is open.
    [Fact]
    public Task A_transaction_left_open_is_reset_before_the_next() => Transcript.PlayAsync(Play.Introduction() + """
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<Jones@foo.com>
        S: 450 4.2.1 later
        C: RSET
        S: 250 OK
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<Jones@foo.com>
        S: 250 OK
        C: DATA
        S: 354 go
        C: x
        C: .
        S: 250 OK
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.True((await Play.SendAsync(session, Play.Envelope())).Refusal!.IsTransient);
        Assert.True((await Play.SendAsync(session, Play.Envelope())).IsAccepted);
    });

    // 4.1.1.4
    [Theory]
    [InlineData("", "")]
    [InlineData("x", "C: x\n")]
    [InlineData("x\r\n", "C: x\n")]
    [InlineData("x\r\n\r\n", "C: x\nC:\n")]
    [InlineData(".", "C: ..\n")]
    [InlineData(".\r\n..\r\n...", "C: ..\nC: ...\nC: ....\n")]
    public Task Content_gets_a_line_end_only_where_it_has_none(string content, string sent) => Transcript.PlayAsync(Play.Introduction()
        + "C: MAIL FROM:<Smith@bar.com>\nS: 250 OK\nC: RCPT TO:<Jones@foo.com>\nS: 250 OK\nC: DATA\nS: 354 go\n"
        + sent + "C: .\nS: 250 OK", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.True((await Play.SendAsync(session, Play.Envelope(), content)).IsAccepted);
    });

    // 4.5.5
    [Fact]
    public Task A_notification_has_a_null_reverse_path() => Transcript.PlayAsync(Play.Introduction() + """
        C: MAIL FROM:<>
        S: 501 Invalid MAIL FROM address provided
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        TransactionResult result = await Play.SendAsync(session, Play.Envelope() with { ReversePath = MailPath.Null });
        Assert.Equal("501 Invalid MAIL FROM address provided", result.Refusal!.ToString());
        Assert.Empty(result.Recipients);
        Assert.Null(result.Content);
    });

    [Fact]
    public Task An_envelope_that_cannot_be_sent_is_refused_before_anything_is() => Transcript.PlayAsync(
        Play.Introduction() + "C: NOOP\nS: 250 OK", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Envelope[] wrong =
        [
            new(MailPath.Null, []),
            new(MailPath.Null, [MailPath.Null]),
            new(MailPath.Parse("postmaster"), [MailPath.Parse("a@b.example")]),
        ];
        foreach (Envelope envelope in wrong)
            await Assert.ThrowsAsync<ArgumentException>(async () => await Play.SendAsync(session, envelope));
        await session.NoOpAsync(Cancelled);
    });

    [Theory]
    [InlineData("bar.com", true)]
    [InlineData("[192.0.2.1]", true)]
    [InlineData("[IPv6:2001:db8::1]", true)]
    [InlineData("bücher.example", true)]
    [InlineData("my_host.example", false)]
    [InlineData("", false)]
    [InlineData("bar.com\r\nRSET", false)]
    [InlineData("[192.0.2.256]", false)]
    [InlineData("[IPv6:::1%eth0]", false)]
    public void The_name_for_ehlo_is_a_domain_or_an_address_literal(string name, bool isGood)
    {
        if (isGood)
            Assert.True(System.Text.Ascii.IsValid(new SmtpOptions { ClientName = name }.ClientName));
        else
            Assert.Throws<ArgumentException>(() => new SmtpOptions { ClientName = name });
    }
}
