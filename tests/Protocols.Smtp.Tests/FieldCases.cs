using System.Text;
using EmailSync.Lab;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>Servers of the field, each named, with the thread that tells of it; MK is jstedfast/MailKit.</summary>
public sealed class FieldCases
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // MK 162, 163, 33, 466, 393
    [Fact]
    public Task Strato_and_SendCloud_refuse_mail_after_a_second_ehlo() => Transcript.PlayAsync("""
        S: 220 smtp.strato.de ESMTP RZmta 37.4 ready
        C: EHLO bar.com
        S: 250-smtp.strato.de greets
        S: 250 AUTH PLAIN
        C: AUTH PLAIN AHUAcA==
        S: 235 2.0.0 OK
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
        await session.AuthenticateAsync(new Plain("u", new("p")), Cancelled);
        Assert.True((await Play.SendAsync(session, Play.Envelope())).IsAccepted);
    });

    // MK 1467, 842, 848, 187
    [Fact]
    public Task Postal_SocketLabs_and_Uberspace_split_their_replies_anywhere() => Transcript.PlayAsync("""
        S: 220 smtp.socketlabs.com ESMTP
        C: EHLO bar.com
        S: 250-My capabilities are
        S: 250-8BITMIME
        S: 250-AUTH CRAM-MD5 PLAIN LOGIN
        S: 250 STARTTLS
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.Equal("smtp.socketlabs.com ESMTP", session.Greeting.Text);
        Assert.True(session.Extensions.HasStartTls);
        Assert.Equal(3, session.Extensions.Mechanisms.Count);
    });

    // MK 1459: the accepted recipients got an empty mail there. Here they get the message.
    [Fact]
    public Task MailKit_1459_a_refused_recipient_does_not_empty_the_others_mail() => Transcript.PlayAsync(Play.Introduction("PIPELINING") + """
        C: MAIL FROM:<Smith@bar.com>
        C: RCPT TO:<a@foo.com>
        C: RCPT TO:<b@reserved.example>
        C: DATA
        S: 250 2.1.0 OK
        S: 250 2.1.5 OK
        S: 550 5.1.4 Recipient address reserved by RFC 2606
        S: 354 go
        C: the message
        C: .
        S: 250 2.0.0 OK
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        TransactionResult result = await Play.SendAsync(session, Play.Envelope("a@foo.com", "b@reserved.example"), "the message\r\n");
        Assert.True(result.IsAccepted);
        Assert.Equal(["2.1.5", "5.1.4"], result.Recipients.Select(recipient => recipient.Reply.Status.ToString()));
    });

    // MK 1498, 1568, 1221: Postfix answered half a command with 502.
    [Fact]
    public async Task Postfix_met_half_a_command_and_here_none_is_cut()
    {
        await using LabServer lab = await LabServer.StartAsync(new LabOptions { Mailboxes = 0 }, Cancelled);
        List<byte[]> writes = [];
        await using SmtpSession session = await SmtpSession.OpenAsync(
            new Tap(await LabClient.ConnectAsync(lab), new WriteRecorder(writes)), Play.Options, Cancelled);
        Envelope envelope = Play.Envelope([.. Enumerable.Range(0, 900).Select(number => $"{new string('u', 50)}{number}@foo.com")]);
        TransactionResult result = await Play.SendAsync(session, envelope);
        Assert.True(result.IsAccepted);
        Assert.Equal(900, Assert.Single(lab.Outbox).ForwardPaths.Count);
        Assert.All(writes, write => Assert.EndsWith("\r\n", Encoding.ASCII.GetString(write), StringComparison.Ordinal));
    }

    // MK 587
    [Fact]
    public async Task Vpop3_loses_mail_in_a_group_and_one_reply_never_comes()
    {
        FakeTimeProvider clock = new();
        using ScriptedPeer peer = Transcript.Pause(Play.Introduction("AUTH=LOGIN", "AUTH LOGIN", "PIPELINING") + """
            C: MAIL FROM:<Smith@bar.com>
            C: RCPT TO:<Jones@foo.com>
            C: DATA
            S: 503 5.5.1 Need MAIL before RCPT
            S: 503 5.5.1 Need MAIL before DATA
            HANG
            """);
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { Clock = clock });
        Task sending = Play.SendAsync(session, Play.Envelope()).AsTask();
        await peer.Starved;
        TimeSpan waited = await Patience.RunOutAsync(clock, sending);
        TimeoutException timeout = await Assert.ThrowsAsync<TimeoutException>(() => sending);
        Assert.Contains(nameof(SmtpOptions.UsePipelining), timeout.Message, StringComparison.Ordinal);
        Assert.True(waited < TimeSpan.FromMinutes(2));
    }

    // MK 194, 1744, 1748, 1881
    [Theory]
    [InlineData("S: 550 5.7.1 Service unavailable, Client host [123.123.123.123] blocked using Spamhaus.", 0)]
    [InlineData("S: 250 OK\nS: 550 5.7.1 Service unavailable, Client host [123.123.123.123] blocked using Spamhaus.", 2)]
    public Task Hotmail_refuses_and_closes_and_the_reason_is_not_lost(string replies, int recipients) => Transcript.PlayAsync(Play.Introduction("PIPELINING")
        + $"C: MAIL FROM:<Smith@bar.com>\nC: RCPT TO:<a@foo.com>\nC: RCPT TO:<b@foo.com>\nC: DATA\n{replies}", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        TransactionResult result = await Play.SendAsync(session, Play.Envelope("a@foo.com", "b@foo.com"));
        Assert.False(result.IsAccepted);
        Assert.Contains("Spamhaus", result.Refusal!.Text, StringComparison.Ordinal);
        Assert.Equal(recipients, result.Recipients.Count(recipient => recipient.Reply.Code == 550));
        Assert.True(session.IsBroken);
    });

    // The refusal of one says nothing about another who was accepted: that is a lost connection, to be tried again.
    [Fact]
    public Task A_refusal_and_a_close_do_not_refuse_those_who_were_accepted() => Transcript.BreakAsync(Play.Introduction("PIPELINING") + """
        C: MAIL FROM:<Smith@bar.com>
        C: RCPT TO:<a@foo.com>
        C: RCPT TO:<b@foo.com>
        C: DATA
        S: 250 OK
        S: 250 OK
        S: 550 no such user
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await Play.SendAsync(session, Play.Envelope("a@foo.com", "b@foo.com")));
    });

    [Fact]
    public Task Mailgun_says_great_success_and_closes() => Transcript.PlayAsync(Play.Introduction() + """
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<Jones@foo.com>
        S: 250 OK
        C: DATA
        S: 354 go
        C: x
        C: .
        S: 250 Great success
        C: MAIL FROM:<Smith@bar.com>
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.Equal("Great success", (await Play.SendAsync(session, Play.Envelope())).Content!.Text);
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await Play.SendAsync(session, Play.Envelope()));
        await session.QuitAsync(Cancelled);
    });

    // MK 921, 904, 151, 1074, 896
    [Fact]
    public async Task Exchange_never_answers_a_last_chunk_and_gets_none_where_that_is_known()
    {
        FakeTimeProvider clock = new();
        using ScriptedPeer peer = Transcript.Pause(Play.Introduction("8bitmime", "CHUNKING", "PIPELINING") + """
            C: MAIL FROM:<Smith@bar.com>
            C: RCPT TO:<Jones@foo.com>
            S: 250 OK
            S: 250 OK
            C: BDAT 3 LAST
            C: x
            HANG
            """);
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { Clock = clock });
        Assert.True(session.Extensions.HasEightBitMime);
        Task sending = Play.SendAsync(session, Play.Envelope()).AsTask();
        await Patience.RunOutAsync(clock, sending);
        await Assert.ThrowsAsync<TransactionInDoubtException>(() => sending);

        await Play.SendOneAsync(
            Play.Introduction("CHUNKING") + """
            C: MAIL FROM:<Smith@bar.com>
            S: 250 OK
            C: RCPT TO:<Jones@foo.com>
            S: 250 OK
            C: DATA
            S: 354 go
            C: x
            C: .
            S: 250 OK
            """,
            result => Assert.True(result.IsAccepted),
            Play.Options with { UseChunking = false });
    }

    // MK 681, 936, 993, 1196, 841: it waited in the buffer of a connection that was to be used again.
    [Fact]
    public async Task Gmx_says_421_to_a_session_that_idles()
    {
        const string Closing = "S: 421 gmx.net Service closing transmission channel - command timeout";
        await Transcript.PlayAsync(Play.Introduction("PIPELINING") + "C: MAIL FROM:<Smith@bar.com>\nC: RCPT TO:<Jones@foo.com>\nC: DATA\n" + Closing, async peer =>
        {
            await using SmtpSession session = await Play.OpenAsync(peer);
            TransactionResult result = await Play.SendAsync(session, Play.Envelope());
            Assert.Equal((421, true), (result.Refusal!.Code, result.Refusal.IsTransient));
            Assert.True(session.IsBroken);
        });

        // In one piece with the reply before it, it is seen before anything is sent.
        using ScriptedPeer glued = Transcript.Pause(Play.Introduction("PIPELINING") + Closing + "\nHANG");
        await using SmtpSession other = await Play.OpenAsync(glued);
        ProtocolViolationException seen = await Assert.ThrowsAsync<ProtocolViolationException>(
            async () => await Play.SendAsync(other, Play.Envelope()));
        Assert.Contains("gmx.net", seen.ServerText, StringComparison.Ordinal);
        glued.Dispose();
        glued.AssertDone();
    }

    // MK 895, 923, 891: byte for byte, with no extra line end.
    [Fact]
    public async Task S_02_MailKit_895_a_signed_message_is_not_touched()
    {
        await using LabServer lab = await LabServer.StartAsync(new LabOptions { Mailboxes = 0 }, Cancelled);
        byte[] message = Encoding.UTF8.GetBytes("DKIM-Signature: v=1; bh=x\r\nSubject:\t x \r\n\r\n \r\n.\r\n\r\n\r\ntrailing \t\r\n\r\n");
        foreach (bool isChunked in (bool[])[false, true])
        {
            await using SmtpSession session = await SmtpSession.OpenAsync(
                await LabClient.ConnectAsync(lab), Play.Options with { UseChunking = isChunked }, Cancelled);
            using MemoryStream content = new(message);
            await session.SendAsync(Play.Envelope(), content, Cancelled);
            Assert.Equal(isChunked, lab.Outbox[^1].IsChunked);
            Assert.Equal(message, lab.Outbox[^1].Content.ToArray());
        }
    }

    // rnwood/smtp4dev 5
    [Fact]
    public async Task Smtp4dev_sends_a_line_without_a_code()
    {
        using ScriptedPeer peer = Transcript.Pause("""
            S: 220 localhost smtp4dev ready
            C: EHLO bar.com
            S: 250 Nice to meet you.
            S: SIZE
            HANG
            """);
        await using SmtpSession session = await Play.OpenAsync(peer);
        ProtocolViolationException violation = await Assert.ThrowsAsync<ProtocolViolationException>(
            async () => await Play.SendAsync(session, Play.Envelope()));
        Assert.Equal("SIZE", violation.ServerText);
        peer.Dispose();
        peer.AssertDone();
    }

    // nim-lang/smtp 24
    [Fact]
    public Task Nim_24_a_banner_of_two_lines_and_a_bare_220() => Transcript.PlayAsync(
        "S: 220-one\nS: 220-two\nS: 220\nC: EHLO bar.com\nS: 250", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.Equal(["one", "two", ""], session.Greeting.Lines);
        Assert.Empty(session.Extensions.Keywords);
    });

    // MK 1987, 766, 861
    [Fact]
    public Task MailKit_1987_a_code_that_nobody_listed_is_a_number() => Play.SendOneAsync(
        Play.Introduction() + "C: MAIL FROM:<Smith@bar.com>\nS: 511 5.1.1 unheard of",
        result => Assert.Equal((511, true), (result.Refusal!.Code, result.Refusal.IsPermanent)));

    // Row 31, MK 265, 582, 393, 1932: Kerio Connect closes after three failed mechanisms.
    [Fact]
    public Task A_04_Kerio_sees_one_mechanism_and_no_second() => Transcript.PlayAsync(
        Play.Introduction("AUTH CRAM-MD5 PLAIN LOGIN NTLM") + "C: AUTH PLAIN AHUAcA==\nS: 535 5.7.8 no", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Assert.ThrowsAsync<SmtpNegativeReplyException>(async () => await session.AuthenticateAsync(new Plain("u", new("p")), Cancelled));
    });

    private sealed class WriteRecorder(List<byte[]> writes) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            writes.Add(buffer.ToArray());
            return default;
        }
    }
}
