using EmailSync.Lab;
using EmailSync.Protocols.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>BINARYMIME, and content in more than one chunk (RFC 3030).</summary>
public sealed class Chunking
{
    private static readonly Envelope Binary = Play.Envelope() with { IsBinary = true };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public Task Rfc3030_section_3_binary_content_is_not_touched_even_where_chunks_are_turned_off() => Transcript.PlayAsync(Play.Introduction("SIZE", "8BITMIME", "BINARYMIME", "CHUNKING") + """
        C: MAIL FROM:<Smith@bar.com> SIZE=10 BODY=BINARYMIME
        S: 250 OK
        C: RCPT TO:<Jones@foo.com>
        S: 250 OK
        C: BDAT 10 LAST
        C~ .\r\n.\r\n\0\n\r\xFFS
        """.Replace("\\xFFS", "\\xFF", StringComparison.Ordinal) + "\nS: 250 OK", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { UseChunking = false });
        using MemoryStream content = new([.. ".\r\n.\r\n\0\n\r"u8, 0xFF]);
        Assert.True((await session.SendAsync(Binary, content, Cancelled)).IsAccepted);
    });

    // 3030-3-a, 3030-3-d
    [Theory]
    [InlineData("CHUNKING", "8BITMIME")]
    [InlineData("BINARYMIME", "8BITMIME")]
    public Task Rfc3030_section_3_binary_content_needs_both_extensions(params string[] offered) => Transcript.PlayAsync(
        Play.Introduction(offered) + "C: NOOP\nS: 250 OK", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        ServiceExtensionMissingException missing =
            await Assert.ThrowsAsync<ServiceExtensionMissingException>(async () => await Play.SendAsync(session, Binary));
        Assert.Equal("BINARYMIME", missing.Keyword);
        await session.NoOpAsync(Cancelled);
    });

    // 3030-2-d, 3030-2-j: each chunk has its reply. What can be read only once is cut into smaller ones.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunks.SizeOfUnknown - 1)]
    public async Task Rfc3030_section_4_2_binary_content_of_unknown_length_goes_in_several_chunks(int rest)
    {
        string line = new string('x', 62) + "\r\n";
        string whole = string.Concat(Enumerable.Repeat(line, Chunks.SizeOfUnknown / line.Length));
        string wholeStep = string.Join('\n', Enumerable.Repeat($"C: {line.TrimEnd()}", Chunks.SizeOfUnknown / line.Length));
        await Transcript.PlayAsync(Play.Introduction("BINARYMIME", "CHUNKING") + $"""
            C: MAIL FROM:<Smith@bar.com> BODY=BINARYMIME
            S: 250 OK
            C: RCPT TO:<Jones@foo.com>
            S: 250 OK
            C: BDAT {Chunks.SizeOfUnknown}
            {wholeStep}
            S: 250 {Chunks.SizeOfUnknown} octets received
            C: BDAT {Chunks.SizeOfUnknown}
            {wholeStep}
            S: 250 {Chunks.SizeOfUnknown} octets received
            C: BDAT {rest} LAST
            C~ {new string('y', rest)}
            S: 250 OK
            """, async peer =>
        {
            await using SmtpSession session = await Play.OpenAsync(peer);
            TransactionResult result = await session.SendAsync(Binary, new OnceOnly(whole + whole + new string('y', rest)), Cancelled);
            Assert.True(result.IsAccepted);
        });
    }

    // 3030-2-e, 3030-2-f
    [Fact]
    public async Task Rfc3030_section_2_after_a_chunk_that_is_refused_there_is_no_other_but_rset()
    {
        string chunk = new('x', Chunks.SizeOfUnknown);
        await Transcript.PlayAsync(Play.Introduction("BINARYMIME", "CHUNKING") + $"""
            C: MAIL FROM:<Smith@bar.com> BODY=BINARYMIME
            S: 250 OK
            C: RCPT TO:<Jones@foo.com>
            S: 250 OK
            C: BDAT {Chunks.SizeOfUnknown}
            C~ {chunk}
            S: 452 4.3.1 disk full
            C: RSET
            S: 250 OK
            C: MAIL FROM:<Smith@bar.com> BODY=BINARYMIME
            S: 550 enough
            """, async peer =>
        {
            await using SmtpSession session = await Play.OpenAsync(peer);
            TransactionResult result = await session.SendAsync(Binary, new OnceOnly(chunk + chunk), Cancelled);
            Assert.Equal(452, result.Refusal!.Code);
            await Play.SendAsync(session, Binary);
        });
    }

    // Before its last chunk a message cannot have been accepted, so it is not in doubt.
    [Theory]
    [InlineData("", typeof(Wire.ConnectionLostException))]
    [InlineData("S: 354 go on", typeof(Wire.ProtocolViolationException))]
    [InlineData("S: 250 OK\nC: BDAT 1 LAST\nC~ x", typeof(TransactionInDoubtException))]
    public Task Only_the_last_chunk_leaves_a_message_in_doubt(string then, Type expected) => Transcript.BreakAsync(Play.Introduction("BINARYMIME", "CHUNKING") + $"""
        C: MAIL FROM:<Smith@bar.com> BODY=BINARYMIME
        S: 250 OK
        C: RCPT TO:<Jones@foo.com>
        S: 250 OK
        C: BDAT {Chunks.SizeOfUnknown}
        C~ {new string('x', Chunks.SizeOfUnknown)}
        {then}
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Assert.ThrowsAsync(
            expected, async () => await session.SendAsync(Binary, new OnceOnly(new string('x', Chunks.SizeOfUnknown + 1)), Cancelled));
        Assert.True(session.IsBroken);
    });

    // 3030-2-d
    [Fact]
    public Task Content_of_nothing_is_one_last_chunk_of_nothing() => Transcript.PlayAsync(Play.Introduction("CHUNKING") + """
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<Jones@foo.com>
        S: 250 OK
        C: BDAT 0 LAST
        S: 250 OK
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.True((await Play.SendAsync(session, Play.Envelope(), "")).IsAccepted);
    });

    // The lab counts the octets of each chunk and would take what is left over for commands.
    [Theory]
    [InlineData(Chunks.Size - 2, 1)]
    [InlineData(Chunks.Size, 1)]
    [InlineData(Chunks.Size + 2, 2)]
    [InlineData((2 * Chunks.Size) + 64 * 1024, 3)]
    public async Task Text_of_any_length_goes_in_chunks_where_it_needs_no_change(int size, int chunks)
    {
        await using LabServer lab = await LabServer.StartAsync(new LabOptions { Mailboxes = 0 }, Cancelled);
        await using SmtpSession session = await SmtpSession.OpenAsync(await LabClient.ConnectAsync(lab), Play.Options, Cancelled);
        string text = string.Concat(Enumerable.Repeat("x\r\n", size / 3));
        text = text[..(text.Length - 2)] + new string('y', size - text.Length) + "\r\n";
        Assert.True((await Play.SendAsync(session, Play.Envelope(), text)).IsAccepted);
        SubmittedMessage message = Assert.Single(lab.Outbox);
        Assert.True(message.IsChunked);
        Assert.True(message.Content.Span.SequenceEqual(System.Text.Encoding.ASCII.GetBytes(text)));
        Assert.Equal(chunks, lab.Journal.Count("BDAT"));
        Assert.Empty(lab.Journal.Violations);
    }

    [Fact]
    public async Task Binary_content_reaches_the_lab_as_it_was()
    {
        await using LabServer lab = await LabServer.StartAsync(
            new LabOptions { Mailboxes = 0, SmtpExtensions = ["PIPELINING", "8BITMIME", "BINARYMIME", "CHUNKING", "SMTPUTF8"] }, Cancelled);
        await using SmtpSession session = await SmtpSession.OpenAsync(await LabClient.ConnectAsync(lab), Play.Options, Cancelled);
        byte[] octets = [.. "Subject: x\r\n\r\n"u8, .. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))];
        foreach (bool isRepeatable in (bool[])[true, false])
        {
            using MemoryStream content = new(octets);
            await using Stream once = new Tap(content, Stream.Null);
            Assert.True((await session.SendAsync(Binary, isRepeatable ? content : once, Cancelled)).IsAccepted);
            Assert.Equal(octets, lab.Outbox[^1].Content.ToArray());
            Assert.Contains("BODY=BINARYMIME", lab.Outbox[^1].Parameters);
        }
        Assert.Equal(1 + 5, lab.Journal.Count("BDAT"));
        Assert.Empty(lab.Journal.Violations);
    }
}
