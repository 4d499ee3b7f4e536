using System.Text;
using CsCheck;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>Whatever a server sends, and wherever it stops, the client returns a value or throws one of our exceptions.</summary>
public sealed class Hostility
{
    private const string Whole = """
        S: 220-foo.com
        S: 220 ready
        C: EHLO bar.com
        S: 250-foo.com
        S: 250-AUTH PLAIN
        S: 250-STARTTLS
        S: 250 PIPELINING
        C: STARTTLS
        S: 220 go
        TLS
        C: EHLO bar.com
        S: 250-foo.com
        S: 250-AUTH LOGIN
        S: 250 PIPELINING
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        C: dQ==
        S: 334 UGFzc3dvcmQ6
        C: cA==
        S: 235 2.7.0 OK
        C: MAIL FROM:<Smith@bar.com>
        C: RCPT TO:<Jones@foo.com>
        C: DATA
        S: 250 2.1.0 OK
        S: 250 2.1.5 OK
        S: 354 go
        C: x
        C: .
        S: 250 2.0.0 OK
        """;

    private const string Plain = """
        S: 220 foo.com
        C: EHLO bar.com
        S: 250-foo.com
        S: 250-BINARYMIME
        S: 250 CHUNKING
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<a@foo.com>
        S: 250 OK
        C: RCPT TO:<b@foo.com>
        S: 550-no
        S: 550 never
        C: BDAT 65536
        S: 250 OK
        C: BDAT 2 LAST
        S: 250 OK
        C: RSET
        S: 250 OK
        C: VRFY Smith
        S: 252 perhaps
        C: QUIT
        S: 221 bye
        """;

    [Fact]
    public Task A_session_cut_off_after_any_octet_is_never_a_success() => Transcript.PlayAsync(Whole, RunAsync);

    [Fact]
    public Task A_session_cut_off_behind_the_final_dot_is_in_doubt() => Transcript.BreakAsync(
        Whole[..Whole.LastIndexOf("S: 250 2.0.0", StringComparison.Ordinal)] + "S~ 250 2.0.0 OK", async peer =>
    {
        await Assert.ThrowsAsync<TransactionInDoubtException>(async () => await RunAsync(peer));
        Assert.True(peer.IsClosed);
    });

    public static TheoryData<int, string> Lines => [.. from script in (string[])[nameof(Whole), nameof(Plain)]
        from lines in Enumerable.Range(0, StrayingStream.LinesOf(ScriptOf(script)) + 1)
        select new TheoryDataRow<int, string>(lines, script)];

    [Theory, InlineData(nameof(Whole)), InlineData(nameof(Plain))]
    public async Task The_whole_session_is_reached(string script)
    {
        StrayingStream server = new(ScriptOf(script), int.MaxValue, []);
        await RunAsync(server, script);
        Assert.Equal(0, server.Strayed);
    }

    [Theory, MemberData(nameof(Lines))]
    public async Task Whatever_octets_come_in_whatever_phase_the_result_is_a_value_or_one_of_our_exceptions(int lines, string script)
    {
        Gen<string> words = Gen.OneOf(
            Gen.OneOf(
                "220 x\r\n", "250 x\r\n", "250-PIPELINING\r\n250 CHUNKING\r\n", "250-foo\r\n250-AUTH LOGIN PLAIN\r\n250 SIZE 9\r\n", "354 go\r\n",
                "334 \r\n", "334 Zm9v\r\n", "235 OK\r\n", "421 bye\r\n", "550 no\r\n", "451-a\r\n451 b\r\n", "250", "25", "\r\n", "\n", "250 x\n"),
            Gen.Char['\0', '\u00FF'].Array[0, 20].Select(octets => new string(octets)));

        await Gen.Select(words.Array[0, 12], Gen.Int[1, 80]).SampleAsync(async (octets, fragment) =>
        {
            StrayingStream server = new(ScriptOf(script), lines, Encoding.Latin1.GetBytes(string.Concat(octets)), fragment: fragment);
            Exception? thrown = await Record.ExceptionAsync(() => RunAsync(server, script));
            Assert.True(thrown is null || IsOurs(thrown), $"{thrown}");
        }, iter: 500, threads: 1);
    }

    // Bounded in memory and in time: it stops listening after some thousand octets, and has kept no more than a few times as many.
    [Theory, MemberData(nameof(Lines))]
    public async Task A_server_that_never_ends_is_given_up_in_whatever_phase(int lines, string script)
    {
        foreach (string again in (string[])["\0", "2", "220", "220-x\r\n", "220 x\r\n", "250-x\r\n", "250 x\r\n", "334 \r\n", "334 Zm9v\r\n", "354 x\r\n", "550-x\r\n", "421 x\r\n", "\r\n", "\n"])
        {
            StrayingStream server = new(ScriptOf(script), lines, Encoding.Latin1.GetBytes(again), isEndless: true, fragment: 512);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Task run = RunAsync(server, script);
            // Content is written beside the reading of replies, on other threads too; what was read bounds the memory.
            Assert.True(run.IsCompleted || lines >= StrayingStream.LinesOf(ScriptOf(script)) - 2, "It runs on this thread");
            long allocated = run.IsCompleted ? GC.GetAllocatedBytesForCurrentThread() - before : 0;
            Exception? thrown = await Record.ExceptionAsync(() => run);
            Assert.True(thrown is null || IsOurs(thrown), $"{again}: {thrown}");
            Assert.True(server.Strayed < 256 * 1024, $"{again}: {server.Strayed} octets were read");
            Assert.True(allocated < 2 * 1024 * 1024, $"{again}: {allocated} octets were allocated");
        }
    }

    // Bounded in time: one deadline holds for a whole reply, so octets that trickle in do not prolong it.
    [Theory, MemberData(nameof(Lines))]
    public async Task N_01_a_server_that_drips_without_end_is_given_up_in_whatever_phase(int lines, string script)
    {
        foreach (string again in (string[])["2", "220-x\r\n", "250-x\r\n", "250 x", "334 x", "354 x", "550-x\r\n", "421 x"])
        {
            FakeTimeProvider clock = new();
            StrayingStream server = new(ScriptOf(script), lines, Encoding.Latin1.GetBytes(again), isEndless: true, drips: true);
            Task run = RunAsync(server, script, clock);
            await server.DripAsync(clock, TimeSpan.FromSeconds(30), run, most: TimeSpan.FromMinutes(11));
            Exception? thrown = await Record.ExceptionAsync(() => run);
            Assert.True(thrown is null or TimeoutException || IsOurs(thrown), $"{again}: {thrown}");
        }
    }

    private static string ScriptOf(string name) => name == nameof(Whole) ? Whole : Plain;

    private static bool IsOurs(Exception thrown) => thrown is ProtocolViolationException or ConnectionLostException or SmtpNegativeReplyException
        or TransactionInDoubtException or ServiceExtensionMissingException or UnsendableContentException;

    private static async Task RunAsync(Stream stream, string script, TimeProvider? clock = null)
    {
        await using SmtpSession session = await SmtpSession.OpenAsync(stream, Play.Options with { Clock = clock ?? TimeProvider.System });
        if (script == nameof(Whole))
        {
            await session.StartTlsAsync(static (clear, _) => new(new SecuredStream(clear)));
            await session.AuthenticateAsync(new Login("u", new Secret("p")));
            await session.SendAsync(Play.Envelope(), Play.Content());
            return;
        }

        // Of a size that is not known beforehand, so it goes in two chunks.
        await session.SendAsync(Play.Envelope("a@foo.com", "b@foo.com") with { IsBinary = true }, new OnceOnly(new string('x', Chunks.SizeOfUnknown + 2)));
        await session.ResetAsync();
        await session.VerifyAsync("Smith");
        await session.QuitAsync();
    }

    private static async Task RunAsync(ScriptedPeer peer)
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await session.StartTlsAsync(peer.UpgradeAsync);
        await session.AuthenticateAsync(new Login("u", new Secret("p")));
        Assert.True((await session.SendAsync(Play.Envelope(), Play.Content())).IsAccepted);
    }
}
