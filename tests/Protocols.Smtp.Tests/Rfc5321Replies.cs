using EmailSync.Protocols.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>RFC 5321: relaying, forwarding, queries, refused parameters, and the limits of lines.</summary>
public sealed class Rfc5321Replies
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // The reply to EHLO offers SIZE without a number, so our MAIL declares one (RFC 1870).
    [Fact]
    public Task Appendix_D_3_step_1_to_the_relay() => Transcript.PlayAsync("""
        S: 220 foo.com Simple Mail Transfer Service Ready
        C: EHLO bar.com
        S: 250-foo.com greets bar.com
        S: 250-8BITMIME
        S: 250-SIZE
        S: 250-DSN
        S: 250 HELP
        C: MAIL FROM:<JQP@bar.com> SIZE=215
        S: 250 OK
        C: RCPT TO:<Jones@XYZ.COM>
        S: 250 OK
        C: DATA
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        C: Date: Thu, 21 May 1998 05:33:29 -0700
        C: From: John Q. Public <JQP@bar.com>
        C: Subject: The Next Meeting of the Board
        C: To: Jones@xyz.com
        C:
        C: Bill:
        C: The next meeting of the board of directors will be
        C: on Tuesday.
        C: John.
        C: .
        S: 250 OK
        C: QUIT
        S? 221 foo.com Service closing transmission channel
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.True((await Play.SendAsync(session, ToJones, Letter)).IsAccepted);
        await session.QuitAsync(Cancelled);
    });

    [Fact]
    public Task Appendix_D_3_step_2_to_the_destination() => Transcript.PlayAsync("""
        S: 220 xyz.com Simple Mail Transfer Service Ready
        C: EHLO foo.com
        S: 250 xyz.com is on the air
        C: MAIL FROM:<JQP@bar.com>
        S: 250 OK
        C: RCPT TO:<Jones@XYZ.COM>
        S: 250 OK
        C: DATA
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        C: Received: from bar.com by foo.com ; Thu, 21 May 1998
        C:     05:33:29 -0700
        C: Subject:  The Next Meeting of the Board
        C:
        C: on Tuesday.
        C: .
        S: 250 OK
        C: QUIT
        S? 221 foo.com Service closing transmission channel
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { ClientName = "foo.com" });
        const string Relayed =
            "Received: from bar.com by foo.com ; Thu, 21 May 1998\r\n    05:33:29 -0700\r\nSubject:  The Next Meeting of the Board\r\n\r\non Tuesday.\r\n";
        Assert.True((await Play.SendAsync(session, ToJones, Relayed)).IsAccepted);
        await session.QuitAsync(Cancelled);
    });

    // 3.4, and 556 of RFC 7504.
    [Fact]
    public Task A_recipient_elsewhere_is_accepted_by_251_and_refused_by_551() => Transcript.PlayAsync(Play.Introduction() + """
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<a@foo.com>
        S: 251 User not local; will forward to <a@elsewhere.example>
        C: RCPT TO:<b@foo.com>
        S: 551 User not local; please try <b@elsewhere.example>
        C: RCPT TO:<c@foo.com>
        S: 556 Domain does not accept mail
        C: DATA
        S: 354 go
        C: x
        C: .
        S: 250 OK
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        TransactionResult result = await Play.SendAsync(session, Play.Envelope("a@foo.com", "b@foo.com", "c@foo.com"));
        Assert.True(result.IsAccepted);
        Assert.Equal(["a@foo.com", "b@foo.com", "c@foo.com"], result.Recipients.Select(recipient => recipient.ForwardPath.Mailbox));
        Assert.Equal([true, false, false], result.Recipients.Select(recipient => recipient.Reply.IsPositive));
        Assert.Equal([false, true, true], result.Recipients.Select(recipient => recipient.Reply.IsPermanent));
    });

    [Fact]
    public Task Section_3_5_what_vrfy_and_expn_answer_is_handed_over() => Transcript.PlayAsync(Play.Introduction("VRFY", "EXPN") + """
        C: EXPN Example-People
        S: 250-Jon Postel <Postel@isi.edu>
        S: 250-Fred Fonebone <Fonebone@physics.foo-u.edu>
        S: 250 Sam Q. Smith <SQSmith@specific.generic.com>
        C: EXPN Executive-Washroom-List
        S: 550 Access Denied to You.
        C: VRFY Smith
        S: 553-Ambiguous;  Possibilities are
        S: 553-Joe Smith <jsmith@foo.com>
        S: 553-Harry Smith <hsmith@foo.com>
        S: 553 Melvin Smith <dweep@foo.com>
        C: VRFY Jones
        S: 252 Cannot VRFY user, but will accept message
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.Equal(3, (await session.ExpandAsync("Example-People", Cancelled)).Lines.Count);
        Assert.Equal("550 Access Denied to You.", (await session.ExpandAsync("Executive-Washroom-List", Cancelled)).ToString());
        Reply ambiguous = await session.VerifyAsync("Smith", Cancelled);
        Assert.Equal((553, 4, true), (ambiguous.Code, ambiguous.Lines.Count, ambiguous.IsNegative));
        Assert.Equal(252, (await session.VerifyAsync("Jones", Cancelled)).Code);
    });

    [Theory]
    [InlineData("455 4.3.3 cannot take the parameters now", true)]
    [InlineData("555 5.5.4 parameters not recognized", false)]
    public Task Section_4_1_1_11_parameters_that_are_refused(string reply, bool isTransient) => Play.SendOneAsync(
        Play.Introduction("SIZE") + $"C: MAIL FROM:<Smith@bar.com> SIZE=3\nS: {reply}",
        result => Assert.Equal((isTransient, !isTransient), (result.Refusal!.IsTransient, result.Refusal.IsPermanent)));

    // RFC 1870
    [Theory]
    [InlineData("452 4.3.1 Insufficient system storage", true)]
    [InlineData("552 5.3.4 Message size exceeds fixed maximum message size", false)]
    public Task Section_6_2_a_size_that_is_refused_at_mail(string reply, bool isTransient) => Transcript.PlayAsync(
        Play.Introduction("SIZE") + $"C: MAIL FROM:<Smith@bar.com> SIZE=3\nS: {reply}\nC: RSET\nS: 250 OK", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        TransactionResult result = await Play.SendAsync(session, Play.Envelope());
        Assert.Equal((isTransient, !isTransient, 0), (result.Refusal!.IsTransient, result.Refusal.IsPermanent, result.Recipients.Count));
        await session.ResetAsync(Cancelled);
    });

    [Theory]
    [InlineData(512)]
    [InlineData(8190)]
    public Task Section_4_5_3_1_a_reply_line_of_512_octets_is_taken(int octets) => Transcript.PlayAsync(
        Play.Introduction() + $"C: NOOP\nS: 250 {new string('x', octets - "250 \r\n".Length)}", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.Equal(250, (await session.NoOpAsync(Cancelled)).Code);
    });

    // Each extension makes the line longer by what its RFC says: SIZE 26, BODY=BINARYMIME 16, SMTPUTF8 10, AUTH= 500, RET and ENVID, ORCPT 500.
    [Fact]
    public async Task Section_4_5_3_1_4_the_longest_commands_fit()
    {
        string local = new('l', 64);
        string domain = string.Join('.', Enumerable.Repeat(new string('d', 45), 4));
        string mailbox = $"{local}@{domain}dddddd";
        string submitter = $"{new string('=', 64)}@{domain}dddddd";
        Assert.Equal(256, $"<{mailbox}>".Length);
        string id = new('i', 94);
        await Transcript.PlayAsync(Play.Introduction("SIZE", "CHUNKING", "BINARYMIME", "SMTPUTF8", "AUTH", "DSN") + $"""
            C: MAIL FROM:<{mailbox}> SIZE=3 BODY=BINARYMIME SMTPUTF8 RET=HDRS ENVID={id} AUTH={string.Concat(Enumerable.Repeat("+3D", 64))}@{domain}dddddd
            S: 250 OK
            C: RCPT TO:<ü@foo.com> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=utf-8;ü@foo.com
            S: 550 no
            """, async peer =>
        {
            await using SmtpSession session = await Play.OpenAsync(peer);
            Envelope envelope = new(MailPath.Parse(mailbox), [MailPath.Parse("ü@foo.com")])
            {
                IsBinary = true,
                Submitter = MailPath.Parse(submitter),
                Dsn = new()
                {
                    Return = DsnReturn.Header,
                    EnvelopeId = id,
                    Notify = DsnNotify.Success | DsnNotify.Failure | DsnNotify.Delay,
                    GivesOriginalRecipients = true,
                },
            };
            Assert.False((await Play.SendAsync(session, envelope)).IsAccepted);
        });
    }

    private static Envelope ToJones => new(MailPath.Parse("JQP@bar.com"), [MailPath.Parse("Jones@XYZ.COM")]);

    private const string Letter =
        "Date: Thu, 21 May 1998 05:33:29 -0700\r\nFrom: John Q. Public <JQP@bar.com>\r\nSubject: The Next Meeting of the Board\r\n"
        + "To: Jones@xyz.com\r\n\r\nBill:\r\nThe next meeting of the board of directors will be\r\non Tuesday.\r\nJohn.\r\n";
}
