using EmailSync.Lab;
using EmailSync.Protocols.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>A whole message in one flight: <see cref="SmtpOptions.SendChunkWithEnvelope"/>.</summary>
public sealed class ChunkWithEnvelope
{
    private const string Flight = "C: MAIL FROM:<Smith@bar.com>\nC: RCPT TO:<a@foo.com>\nC: RCPT TO:<b@foo.com>\nC: BDAT 3 LAST\nC: x\n";
    private static readonly SmtpOptions Options = Play.Options with { SendChunkWithEnvelope = true };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public Task Envelope_and_content_go_out_together_and_the_replies_are_counted() => Transcript.PlayAsync(
        Play.Introduction("PIPELINING", "CHUNKING") + Flight + "S: 250 OK\nS: 250 OK\nS: 550 no\nS: 250 3 octets\n"
        + Flight + "S: 250 OK\nS: 450 no\nS: 250 OK\nS: 250 OK\n", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        TransactionResult result = await Play.SendAsync(session, Play.Envelope("a@foo.com", "b@foo.com"));
        Assert.Equal((true, "250 3 octets"), (result.IsAccepted, result.Content!.ToString()));
        Assert.Equal([250, 550], result.Recipients.Select(recipient => recipient.Reply.Code));
        Assert.True((await Play.SendAsync(session, Play.Envelope("a@foo.com", "b@foo.com"))).IsAccepted);
    });

    // RFC 3030 section 2: the server discards the chunk, and RSET comes before anything else.
    [Theory]
    [InlineData("S: 552 5.3.4 no\nS: 503 no\nS: 503 no\nS: 503 no\n", 552)]
    [InlineData("S: 250 OK\nS: 550 no\nS: 551 no\nS: 554 no\n", 551)]
    [InlineData("S: 250 OK\nS: 550 no\nS: 551 no\nS: 250 for nobody\n", 551)]
    [InlineData("S: 250 OK\nS: 250 OK\nS: 250 OK\nS: 452 disk full\n", 452)]
    public Task A_refusal_is_reset_before_the_next(string replies, int refusal) => Transcript.PlayAsync(Play.Introduction("PIPELINING", "CHUNKING") + Flight + replies
        + "C: RSET\n" + Flight + "S: 250 OK\nS: 250 OK\nS: 250 OK\nS: 250 OK\nS: 250 OK\n", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        TransactionResult result = await Play.SendAsync(session, Play.Envelope("a@foo.com", "b@foo.com"));
        Assert.Equal((false, refusal), (result.IsAccepted, result.Refusal!.Code));
        Assert.True((await Play.SendAsync(session, Play.Envelope("a@foo.com", "b@foo.com"))).IsAccepted);
    });

    [Theory]
    [InlineData("")]
    [InlineData("S: 250 OK\n")]
    [InlineData("S: 250 OK\nS: 550 no\n")]
    [InlineData("S: 250 OK\nS: 550 no\nS: 250 OK\n")]
    [InlineData("S: 250 OK\nS: 250 OK\nS: 250 OK\nS: nonsense\n")]
    public Task It_is_in_doubt_from_the_first_octet_on(string replies) => Transcript.BreakAsync(
        Play.Introduction("PIPELINING", "CHUNKING") + Flight + replies, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        await Assert.ThrowsAsync<TransactionInDoubtException>(
            async () => await Play.SendAsync(session, Play.Envelope("a@foo.com", "b@foo.com")));
        Assert.True(session.IsBroken);
    });

    [Theory]
    [InlineData("S: 550 5.7.1 blocked\n")]
    [InlineData("S: 250 OK\nS: 550 no\nS: 550 no\n")]
    [InlineData("S: 250 OK\nS: 421 bye\n")]
    public Task It_is_not_in_doubt_once_everybody_is_refused(string replies) => Transcript.PlayAsync(
        Play.Introduction("PIPELINING", "CHUNKING") + Flight + replies, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        TransactionResult result = await Play.SendAsync(session, Play.Envelope("a@foo.com", "b@foo.com"));
        Assert.False(result.IsAccepted);
        Assert.NotNull(result.Refusal);
    });

    [Fact]
    public async Task The_lab_takes_it_and_has_no_complaint()
    {
        await using LabServer lab = await LabServer.StartAsync(new LabOptions { Mailboxes = 0 }, Cancelled);
        await using SmtpSession session = await SmtpSession.OpenAsync(await LabClient.ConnectAsync(lab), Options, Cancelled);
        string content = string.Concat(Enumerable.Repeat(".0123456789abc\r\n", 4000));
        for (int message = 0; message < 20; message++)
        {
            TransactionResult result = await Play.SendAsync(session, Play.Envelope("nobody@lab.example", $"a{message}@b.example"), content);
            Assert.True(result.IsAccepted);
            Assert.Equal(550, (await Play.SendAsync(session, Play.Envelope("nobody@lab.example"), content)).Refusal!.Code);
        }
        Assert.Equal(20, lab.Outbox.Count);
        Assert.All(lab.Outbox, message => Assert.Equal(content, System.Text.Encoding.ASCII.GetString(message.Content.Span)));
        Assert.Empty(lab.Journal.Violations);
    }

    [Fact]
    public Task Content_that_does_not_fit_goes_as_it_would_without() => Transcript.PlayAsync(Play.Introduction("PIPELINING", "CHUNKING") + """
        C: MAIL FROM:<Smith@bar.com>
        C: RCPT TO:<Jones@foo.com>
        C: DATA
        S: 250 OK
        S: 250 OK
        S: 354 go
        C: x
        C: .
        S: 250 OK
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        Assert.True((await Play.SendAsync(session, Play.Envelope(), "x")).IsAccepted);
    });
}
