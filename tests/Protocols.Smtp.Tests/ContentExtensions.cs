using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>What a message asks of the server: SIZE (RFC 1870), 8BITMIME (6152), SMTPUTF8 (6531), CHUNKING (3030).</summary>
public sealed class ContentExtensions
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rfc1870_section_8_the_example()
    {
        // The example declares 500000 octets and shows none of them; here the size is declared by the envelope, because this
        // content is too long to be held and cannot be read twice.
        const int Size = 500_000;
        string line = new string('x', 98);
        await Transcript.PlayAsync($"""
            S: 220 sigurd.innosoft.com -- Server SMTP (PMDF V4.2-6 #1992)
            C: EHLO ymir.claremont.edu
            S: 250-sigurd.innosoft.com
            S: 250-EXPN
            S: 250-HELP
            S: 250 SIZE 1000000
            C: MAIL FROM:<ned@thor.innosoft.com> SIZE=500000
            S: 250 Address Ok.
            C: RCPT TO:<ned@innosoft.com>
            S: 250 ned@innosoft.com OK; can accomodate 500000 byte message
            C: RCPT TO:<ned@ymir.claremont.edu>
            S: 552 Channel size limit exceeded: ned@YMIR.CLAREMONT.EDU
            C: RCPT TO:<ned@hmcvax.claremont.edu>
            S: 452 Insufficient channel storage: ned@hmcvax.CLAREMONT.EDU
            C: DATA
            S: 354 Send message, ending in CRLF.CRLF.
            {string.Join('\n', Enumerable.Repeat($"C: {line}", Size / 100))}
            C: .
            S: 250 Some recipients OK
            C: QUIT
            S? 221 Goodbye
            """, async peer =>
        {
            await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { ClientName = "ymir.claremont.edu" });
            Envelope envelope = new(
                MailPath.Parse("ned@thor.innosoft.com"),
                [MailPath.Parse("ned@innosoft.com"), MailPath.Parse("ned@ymir.claremont.edu"), MailPath.Parse("ned@hmcvax.claremont.edu")])
            {
                Size = Size,
            };
            OnceOnly content = new(string.Concat(Enumerable.Repeat(line + "\r\n", Size / 100)));
            TransactionResult result = await session.SendAsync(envelope, content, Cancelled);
            await session.QuitAsync(Cancelled);
            Assert.Equal([250, 552, 452], result.Recipients.Select(recipient => recipient.Reply.Code));
            Assert.True(result.IsAccepted);
        });
    }

    // 1870-5-a: line ends count two, stuffed dots none.
    [Theory]
    [InlineData("x\r\n", 3)]
    [InlineData("x", 3)]
    [InlineData("x\n", 3)]
    [InlineData("x\r", 3)]
    [InlineData(".\n.\r.", 9)]
    [InlineData("\r\r\n", 4)]
    [InlineData("\n\r", 4)]
    [InlineData("", 0)]
    public async Task The_size_declared_is_that_of_what_is_sent(string content, int size)
    {
        await using Lab.LabServer lab = await StartLabAsync();
        await using SmtpSession session = await OpenAsync(lab, Play.Options with { UseChunking = false });
        Assert.True((await Play.SendAsync(session, Play.Envelope(), content)).IsAccepted);
        Lab.SubmittedMessage message = Assert.Single(lab.Outbox);
        Assert.Equal([$"SIZE={size}"], message.Parameters);
        Assert.Equal(size, message.Octets);
    }

    [Fact]
    public Task A_message_over_the_announced_maximum_is_not_tried() => Transcript.PlayAsync(
        Play.Introduction("SIZE 4") + "C: NOOP\nS: 250 OK", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Assert.ThrowsAsync<UnsendableContentException>(async () => await Play.SendAsync(session, Play.Envelope(), "abc\r\n"));
        await Assert.ThrowsAsync<UnsendableContentException>(async () => await Play.SendAsync(session, Play.Envelope(), "abc"));
        await session.NoOpAsync(Cancelled);
    });

    [Theory]
    [InlineData("Subject: x\r\n\r\nGrüße\r\n", "8BITMIME", " BODY=8BITMIME")]
    [InlineData("Subject: x\r\n\r\nGruss\r\n", "8BITMIME", "")]
    public Task Eight_bit_content_is_declared_where_it_is_offered(string content, string keyword, string parameters) => Transcript.PlayAsync(
        Play.Introduction(keyword) + $"C: MAIL FROM:<Smith@bar.com>{parameters}\nS: 550 enough", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Play.SendAsync(session, Play.Envelope(), content);
    });

    // 6152-3-d, 6531-3.5-a
    [Theory]
    [InlineData("Subject: x\r\n\r\nGrüße\r\n", "SMTPUTF8", "Smith@bar.com", "8BITMIME")]
    [InlineData("Subject: Grüße\r\n\r\nx\r\n", "8BITMIME", "Smith@bar.com", "SMTPUTF8")]
    [InlineData("x", "8BITMIME", "jürgen@bar.com", "SMTPUTF8")]
    public Task What_the_server_does_not_offer_is_refused_before_anything_is_sent(string content, string offered, string sender, string missing) => Transcript.PlayAsync(
        Play.Introduction(offered) + "C: NOOP\nS: 250 OK", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Envelope envelope = Play.Envelope() with { ReversePath = MailPath.Parse(sender) };
        ServiceExtensionMissingException exception = await Assert.ThrowsAsync<ServiceExtensionMissingException>(
            async () => await Play.SendAsync(session, envelope, content));
        Assert.Equal(missing, exception.Keyword);
        await session.NoOpAsync(Cancelled);
    });

    // 6531-3.4-b: not where it is not needed; a domain of U-labels needs none.
    [Theory]
    [InlineData("jones@bücher.example", "jones@xn--bcher-kva.example", "")]
    [InlineData("jürgen@foo.com", "jürgen@foo.com", " SMTPUTF8")]
    public Task Smtputf8_is_asked_for_where_an_address_needs_it(string forwardPath, string onTheWire, string parameter) => Transcript.PlayAsync(Play.Introduction("8BITMIME", "SMTPUTF8") + $"""
        C: MAIL FROM:<Smith@bar.com>{parameter}
        S: 250 OK
        C: RCPT TO:<{onTheWire}>
        S: 553 5.6.7 no
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        TransactionResult result = await Play.SendAsync(session, Play.Envelope(forwardPath));
        Assert.Equal("5.6.7", result.Refusal!.Status.ToString());
    });

    // 4.1
    [Fact]
    public Task Rfc3030_section_4_1_simple_chunking() => Transcript.PlayAsync("""
        S: 220 cnri.reston.va.us SMTP service ready
        C: EHLO ymir.claremont.edu
        S: 250-cnri.reston.va.us says hello
        S: 250 CHUNKING
        C: MAIL FROM:<Sam@Random.com>
        S: 250 <Sam@Random.com> Sender ok
        C: RCPT TO:<Susan@Random.com>
        S: 250 <Susan@random.com> Recipient ok
        C: BDAT 86 LAST
        C: To: Susan@random.com
        C: From: Sam@random.com
        C: Subject: This is a bodyless test message
        S: 250 Message OK, 86 octets received
        C: QUIT
        S? 221 Goodbye
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { ClientName = "ymir.claremont.edu" });
        Envelope envelope = new(MailPath.Parse("Sam@Random.com"), [MailPath.Parse("Susan@Random.com")]);
        TransactionResult result = await Play.SendAsync(
            session, envelope, "To: Susan@random.com\r\nFrom: Sam@random.com\r\nSubject: This is a bodyless test message\r\n");
        await session.QuitAsync(Cancelled);
        Assert.True(result.IsAccepted);
    });

    // 3030-2-b: no BDAT before all replies to MAIL and RCPT; 3030-2-f: RSET after one that failed.
    [Fact]
    public Task Chunks_go_out_when_somebody_is_there_to_get_them_and_a_failed_one_is_reset() => Transcript.PlayAsync(Play.Introduction("PIPELINING", "CHUNKING") + """
        C: MAIL FROM:<Smith@bar.com>
        C: RCPT TO:<Jones@foo.com>
        S: 250 OK
        S: 550 no
        C: RSET
        C: MAIL FROM:<Smith@bar.com>
        C: RCPT TO:<Jones@foo.com>
        S: 250 OK
        S: 250 OK
        S: 250 OK
        C: BDAT 6 LAST
        C: .x.y
        S: 452 4.3.1 disk full
        C: RSET
        C: MAIL FROM:<Smith@bar.com>
        C: RCPT TO:<Jones@foo.com>
        S: 250 OK
        S: 250 OK
        S: 250 OK
        C: BDAT 0 LAST
        S: 250 OK
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.Equal(550, (await Play.SendAsync(session, Play.Envelope(), ".x.y\r\n")).Refusal!.Code);
        Assert.Equal(452, (await Play.SendAsync(session, Play.Envelope(), ".x.y\r\n")).Refusal!.Code);
        Assert.True((await Play.SendAsync(session, Play.Envelope(), "")).IsAccepted);
    });

    // 3030-2-h
    [Theory]
    [InlineData("x\n")]
    [InlineData("x\r")]
    [InlineData("x")]
    public Task Text_that_is_not_canonical_goes_by_data(string content) => Transcript.PlayAsync(Play.Introduction("CHUNKING") + """
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
        Assert.True((await Play.SendAsync(session, Play.Envelope(), content)).IsAccepted);
    });

    // S-06
    [Fact]
    public async Task S_06_a_line_too_long_is_refused_and_never_broken()
    {
        await using Lab.LabServer lab = await StartLabAsync();
        await using SmtpSession session = await OpenAsync(lab, Play.Options);
        await Assert.ThrowsAsync<UnsendableContentException>(
            async () => await Play.SendAsync(session, Play.Envelope(), new string('x', 999) + "\r\n"));
        Assert.True((await Play.SendAsync(session, Play.Envelope(), new string('x', 998) + "\r\n")).IsAccepted);
        await using SmtpSession lenient = await OpenAsync(lab, Play.Options with { MaxContentLine = int.MaxValue });
        Assert.True((await Play.SendAsync(lenient, Play.Envelope(), new string('x', 5000) + "\r\n")).IsAccepted);
        Assert.Equal(5002, lab.Outbox[^1].Octets);
    }

    [Fact]
    public async Task Long_content_is_read_twice_where_it_can_be_and_from_where_it_stands()
    {
        await using Lab.LabServer lab = await StartLabAsync();
        await using SmtpSession session = await OpenAsync(lab, Play.Options);
        byte[] message = Enumerable.Repeat("Grüße, Grüße, Grüße\r\n"u8.ToArray(), 20_000).SelectMany(line => line).ToArray();
        using MemoryStream content = new([.. "not this"u8, .. message]) { Position = 8 };
        Assert.True((await session.SendAsync(Play.Envelope(), content, Cancelled)).IsAccepted);
        OnceOnly once = new(System.Text.Encoding.UTF8.GetString(message));
        Assert.True((await session.SendAsync(Play.Envelope(), once, Cancelled)).IsAccepted);
        Assert.All(lab.Outbox, submitted => Assert.True(submitted.Content.Span.SequenceEqual(message)));
        Assert.Equal([$"SIZE={message.Length}", "BODY=8BITMIME"], lab.Outbox[0].Parameters.Except(["SMTPUTF8"]));
        Assert.Equal(["BODY=8BITMIME"], lab.Outbox[1].Parameters);
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(5), InlineData(6), InlineData(500_000)]
    public async Task Content_is_sent_whole_whatever_length_its_stream_says_it_has(long said)
    {
        await using Lab.LabServer lab = await StartLabAsync();
        await using SmtpSession session = await OpenAsync(lab, Play.Options);
        using Saying content = new(said, "four\r\n"u8.ToArray());
        Assert.True((await session.SendAsync(Play.Envelope(), content, Cancelled)).IsAccepted);
        Assert.Equal("four\r\n"u8, Assert.Single(lab.Outbox).Content.Span);
    }

    [Fact]
    public async Task Content_against_the_rules_is_refused_before_or_while_it_is_sent()
    {
        await using Lab.LabServer lab = await StartLabAsync();
        SmtpOptions strict = Play.Options with { ContentRules = new(RefuseBareLineEnds: true, RefuseNul: true) };
        string longText = string.Concat(Enumerable.Repeat("x\r\n", 100_000));
        foreach (string bad in (string[])["a\nb\r\n", "a\rb\r\n", "a\0b\r\n", "a\r"])
        {
            await using SmtpSession session = await OpenAsync(lab, strict);
            await Assert.ThrowsAsync<InvalidContentException>(async () => await Play.SendAsync(session, Play.Envelope(), bad));
            await session.NoOpAsync(Cancelled);
            await Assert.ThrowsAsync<InvalidContentException>(
                async () => await session.SendAsync(Play.Envelope(), new OnceOnly(longText + bad), Cancelled));
            Assert.True(session.IsBroken);
        }
        await lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, Cancelled);
        Assert.Empty(lab.Outbox);
    }

    private sealed class Saying(long length, byte[] content) : MemoryStream(content)
    {
        public override long Length => length;
    }

    private static ValueTask<Lab.LabServer> StartLabAsync() =>
        Lab.LabServer.StartAsync(new Lab.LabOptions { Mailboxes = 0, Domain = "lab.example" }, Cancelled);

    private static async Task<SmtpSession> OpenAsync(Lab.LabServer lab, SmtpOptions options) =>
        await SmtpSession.OpenAsync(await LabClient.ConnectAsync(lab), options, Cancelled);
}
