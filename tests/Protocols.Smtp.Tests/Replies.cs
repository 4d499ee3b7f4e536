using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>The grammar of replies and what hostile servers make of it (RFC 5321 section 4.2, threats ).</summary>
public sealed class Replies
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task R_01_a_reply_without_end_is_cut_off_by_lines_and_by_octets_and_by_line()
    {
        foreach (string endless in (string[])
        [
            string.Join('\n', Enumerable.Repeat("S: 250-x", 300)),
            string.Join('\n', Enumerable.Repeat($"S: 250-{new string('x', 8000)}", 9)),
            $"S~ 250-{new string('x', 9000)}",
        ])
        {
            await Transcript.BreakAsync(Play.Introduction() + $"C: NOOP\n{endless}\nHANG", async peer =>
            {
                await using SmtpSession session = await Play.OpenAsync(peer);
                await Assert.ThrowsAsync<ProtocolViolationException>(async () => await session.NoOpAsync(Cancelled));
            });
        }
    }

    [Fact]
    public Task R_01_ehlo_without_end_too() => Transcript.BreakAsync(
        "S: 220 x\nC: EHLO bar.com\n" + string.Join('\n', Enumerable.Repeat("S: 250-X", 300)) + "\nHANG", async peer =>
    {
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await Play.OpenAsync(peer));
    });

    [Theory]
    [InlineData("S: 250-a\nS: 550 b")]
    [InlineData("S: 250-a\nS: b")]
    [InlineData("S: 25")]
    [InlineData("S: 25 OK")]
    [InlineData("S: 2500 OK")]
    [InlineData("S~ 250\\tOK\\r\\n")]
    [InlineData("S: 199 x")]
    [InlineData("S: 600 x")]
    [InlineData("S: 999 x")]
    [InlineData("S: 000 x")]
    [InlineData("S: 260 x")]
    [InlineData("S: +OK")]
    [InlineData("S~  250 x\\r\\n")]
    [InlineData("S~ \\r\\n250 OK\\r\\n")]
    [InlineData("S~ 250 x\\n")]
    [InlineData("S~ 250-x\\n250 y\\r\\n")]
    [InlineData("S~ \\xB2\\xB5\\xB0 x\\r\\n")]
    public Task R_02_what_is_not_a_reply_ends_the_session(string reply) => Transcript.BreakAsync(
        Play.Introduction() + $"C: NOOP\n{reply}\nHANG", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await session.NoOpAsync(Cancelled));
        Assert.True(session.IsBroken);
    });

    [Theory]
    [InlineData("S: 250", "250")]
    [InlineData("S~ 250 \\r\\n", "250")]
    [InlineData("S: 250-\nS: 250", "250  ")]
    [InlineData("S: 250-250-x\nS: 250 250 y", "250 250-x 250 y")]
    [InlineData("S: 259 unheard of", "259 unheard of")]
    [InlineData("S: 550-5.1.1 a\nS: 550 5.1.1 b", "550 5.1.1 a 5.1.1 b")]
    public Task R_02_what_is_one_is_understood_by_its_first_digit(string reply, string expected) => Transcript.PlayAsync(
        Play.Introduction() + $"C: NOOP\n{reply}", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Reply actual = await session.NoOpAsync(Cancelled);
        Assert.Equal(expected.TrimEnd(), actual.ToString().TrimEnd());
        Assert.Equal(expected[0] == '2', actual.IsPositive);
        Assert.Equal(expected[0] == '5', actual.IsPermanent);
    });

    [Fact]
    public async Task R_03_a_reply_nobody_asked_for_ends_the_session_before_the_next_command()
    {
        using ScriptedPeer peer = Transcript.Pause(Play.Introduction() + "C: NOOP\nS: 250 OK\nS: 250 and another\nHANG");
        await using SmtpSession session = await Play.OpenAsync(peer);
        await session.NoOpAsync(Cancelled);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await Play.SendAsync(session, Play.Envelope()));
        peer.Dispose();
        peer.AssertDone();
    }

    [Fact]
    public Task R_04_absurd_extensions_change_nothing() => OffersAsync(
        extensions =>
        {
            Assert.False(extensions.HasStartTls);
            Assert.False(extensions.HasPipelining);
            Assert.False(extensions.HasChunking);
            Assert.False(extensions.HasSmtpUtf8);
            Assert.True(extensions.HasEightBitMime);
            Assert.True(extensions.HasSize);
            Assert.Null(extensions.MaxSize);
            Assert.Equal(["LOGIN", "PLAIN", "XOAUTH2"], extensions.Mechanisms.Order());
            Assert.True(extensions.Has("DSN"));
            Assert.Equal(" x", extensions.ParametersOf("dsn"));
            Assert.Null(extensions.ParametersOf("ETRN"));
        },
        "250-PIPELINING", "NOSTARTTLS", "XSTARTTLS", "STARTTLSX", "-CHUNKING", "SMTPUTF8=1", "size 12 34", "8bitmime",
        "AUTH", "AUTH=PLAIN LOGIN", "auth plain XOAUTH2", "\\xFF\\xFE", "", "DSN  x");

    [Theory]
    [InlineData("SIZE", null)]
    [InlineData("SIZE 0", null)]
    [InlineData("SIZE -1", null)]
    [InlineData("SIZE +1", null)]
    [InlineData("SIZE 99999999999999999999", null)]
    [InlineData("SIZE 1e9", null)]
    [InlineData("SIZE 1000000", 1_000_000L)]
    [InlineData("SIZE 9223372036854775807", long.MaxValue)]
    public Task R_04_a_size_that_is_no_number_is_no_limit(string keyword, long? size) =>
        OffersAsync(extensions => Assert.Equal(size, extensions.MaxSize), keyword);

    [Theory]
    [InlineData("250 2.1.0 OK", "2.1.0")]
    [InlineData("250 2.1.10", "2.1.10")]
    [InlineData("550 5.1.1 x", "5.1.1")]
    [InlineData("451 4.7.650 x", "4.7.650")]
    [InlineData("250 5.1.1 x", "2.0.0")]
    [InlineData("550 2.0.0 x", "5.0.0")]
    [InlineData("450 5.2.0 x", "4.0.0")]
    [InlineData("250 2.01.0 x", null)]
    [InlineData("250 2.1000.0 x", null)]
    [InlineData("250 2.1.x", null)]
    [InlineData("250 2.1.", null)]
    [InlineData("250 2.1", null)]
    [InlineData("250 3.1.0 x", null)]
    [InlineData("250 x 2.1.0", null)]
    [InlineData("250 192.0.2.1", null)]
    [InlineData("250 2.1.0.1 x", null)]
    [InlineData("354 2.1.0 x", null)]
    public Task R_05_an_enhanced_code_never_contradicts_the_reply_code(string reply, string? status) => Transcript.PlayAsync(
        Play.Introduction() + $"C: NOOP\nS: {reply}", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Reply actual = await session.NoOpAsync(Cancelled);
        Assert.Equal(status, actual.Status?.ToString());
        Assert.Equal(reply, actual.ToString());
    });

    [Theory]
    [InlineData("C: MAIL FROM:<Smith@bar.com>\nS: 354 go")]
    [InlineData("C: MAIL FROM:<Smith@bar.com>\nS: 250 OK\nC: RCPT TO:<Jones@foo.com>\nS: 354 go")]
    [InlineData("C: MAIL FROM:<Smith@bar.com>\nS: 250 OK\nC: RCPT TO:<Jones@foo.com>\nS: 250 OK\nC: DATA\nS: 250 OK")]
    [InlineData("C: MAIL FROM:<Smith@bar.com>\nS: 250 OK\nC: RCPT TO:<Jones@foo.com>\nS: 250 OK\nC: DATA\nS: 353 go")]
    public Task R_06_no_content_without_354_where_it_belongs(string script) => Transcript.PlayAsync(
        Play.Introduction() + script + "\nHANG", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await Play.SendAsync(session, Play.Envelope()));
    });

    [Fact]
    public Task R_07_another_address_in_a_reply_is_not_followed() => Play.SendOneAsync(Play.Introduction() + """
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<Jones@foo.com>
        S: 551 User not local; please try <Jones@evil.example>
        """, result => Assert.Equal(551, result.Refusal!.Code));

    [Theory]
    [InlineData("550 \\x1B]0;title\\x07", "\\x1B]0;title\\x07")]
    [InlineData("550 a\\xE2\\x80\\xAEb", "a\\u202Eb")]
    [InlineData("550 a\\x0Db", "a\\x0Db")]
    [InlineData("550 caf\\xE9", "café")]
    [InlineData("550 <h1>x</h1>", "<h1>x</h1>")]
    public Task R_08_what_the_server_says_is_shown_and_does_nothing(string reply, string shown) => Play.SendOneAsync(
        Play.Introduction() + $"C: MAIL FROM:<Smith@bar.com>\nS: {reply}",
        result => Assert.Equal(shown, result.Refusal!.Text));

    private static Task OffersAsync(Action<ServiceExtensions> expect, params string[] keywords) =>
        Transcript.PlayAsync(Play.Introduction(keywords), async peer =>
        {
            await using SmtpSession session = await Play.OpenAsync(peer);
            expect(session.Extensions);
        });
}
