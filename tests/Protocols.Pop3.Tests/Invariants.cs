using System.Text;
using CsCheck;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using Microsoft.Extensions.Time.Testing;
using static EmailSync.Protocols.Pop3.Tests.Sessions;

namespace EmailSync.Protocols.Pop3.Tests;

/// <summary>What holds for every server whatsoever.</summary>
public sealed class Invariants
{
    private const int LinesBeforeRetrieval = 14;

    private const string WholeSession = """
        S: +OK ready
        C: CAPA
        S: +OK
        S: PIPELINING
        S: SASL LOGIN
        S: .
        C: AUTH LOGIN
        S: +\x20
        C: bXJvc2U=
        S: +\x20
        C: c2VjcmV0
        S: +OK
        C: STAT
        S: +OK 2 320
        C: UIDL
        S: +OK
        S: 1 a
        S: 2 b
        S: .
        C: LIST 1
        S: +OK 1 10
        C: RETR 1
        C: RETR 2
        S: +OK
        S: From: mrose
        S:
        S: ..
        S: .
        S: -ERR gone
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK bye
        """;

    [Fact]
    public Task N_02_a_session_cut_after_any_octet_fails_and_whole_it_succeeds() =>
        Sessions.PlayAsync(WholeSession, peer => PlayAsync(peer.Stream, new RecordingSink()));

    public static TheoryData<int> Lines => [.. Enumerable.Range(0, StrayingStream.LinesOf(WholeSession) + 1)];

    [Fact]
    public async Task The_whole_session_is_reached()
    {
        StrayingStream server = new(WholeSession, int.MaxValue, []);
        await PlayAsync(server, new RecordingSink(), Small);
        Assert.Equal(0, server.Strayed);
    }

    [Theory, MemberData(nameof(Lines))]
    public async Task Whatever_octets_a_server_sends_in_whatever_state_the_client_relines_a_value_or_throws_an_exception_of_ours(int lines)
    {
        Gen<string> words = Gen.OneOf(
            Gen.OneOf(
                "+OK", "-ERR", "+", " ", "\r\n", "\n", "\r", ".", "..", "\r\n.\r\n", "+OK\r\n", "-ERR no\r\n", "+OK\r\n.\r\n", "[SYS/TEMP]", "[",
                "PIPELINING\r\n", "RESP-CODES\r\n", "SASL LOGIN\r\n", "1", "2 320", "18446744073709551616", "-1", "a", "\0", "\u00E9", "\u001B[31m", "<1@host>", "bm8="),
            Gen.Char['\0', '\u00FF'].Array[0, 8].Select(octets => new string(octets)));

        await Gen.Select(words.Array[0, 40], Gen.Int[1, 40]).SampleAsync(async (octets, fragment) =>
        {
            StrayingStream server = new(WholeSession, lines, Encoding.Latin1.GetBytes(string.Concat(octets)), fragment: fragment);
            Exception? thrown = await Record.ExceptionAsync(() => PlayAsync(server, new RecordingSink(), Small));
            Assert.True(thrown is null || IsOurs(thrown), $"{thrown}");
        }, iter: 500, threads: 1);
    }

    // Bounded in memory and in time: it stops listening after some thousand octets, and has kept no more than a few times as many.
    [Theory, MemberData(nameof(Lines))]
    public async Task A_server_that_never_ends_is_given_up_in_whatever_state(int lines)
    {
        foreach (string again in (string[])["\0", "+", "+OK", "+OK\r\n", "+ \r\n", "+ bm8=\r\n", "-ERR\r\n", "\r\n", "\n", ".", "..\r\n", "a b c\r\n", "1 a\r\n", "x\r\n"])
        {
            StrayingStream server = new(WholeSession, lines, Encoding.Latin1.GetBytes(again), isEndless: true, fragment: 512);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Task play = PlayAsync(server, new RecordingSink(), Small);
            // A window of RETR is written beside its reading, on other threads too; what was read bounds its memory.
            Assert.True(play.IsCompleted || lines >= LinesBeforeRetrieval, "It runs on this thread");
            long allocated = play.IsCompleted ? GC.GetAllocatedBytesForCurrentThread() - before : 0;
            Exception? thrown = await Record.ExceptionAsync(() => play);
            Assert.True(thrown is null || IsOurs(thrown), $"{again}: {thrown}");
            Assert.True(server.Strayed < 64 * 1024, $"{again}: {server.Strayed} octets were read");
            Assert.True(allocated < 1024 * 1024, $"{again}: {allocated} octets were allocated");
        }
    }

    // Bounded in time: one deadline holds for a whole response, so octets that trickle in do not prolong it.
    [Theory, MemberData(nameof(Lines))]
    public async Task N_01_a_server_that_drips_without_end_is_given_up_in_whatever_state(int lines)
    {
        foreach (string again in (string[])["+", "+OK x", "-ERR x", "a", "x\r\n", "1 a\r\n", ".x\r\n"])
        {
            FakeTimeProvider clock = new();
            StrayingStream server = new(WholeSession, lines, Encoding.Latin1.GetBytes(again), isEndless: true, drips: true);
            Task play = PlayAsync(server, new RecordingSink(), new Pop3Options { Clock = clock, AllowCleartextPasswords = true });
            await server.DripAsync(clock, TimeSpan.FromSeconds(10), play, most: TimeSpan.FromMinutes(11));
            Exception? thrown = await Record.ExceptionAsync(() => play);
            Assert.True(thrown is null or TimeoutException || IsOurs(thrown), $"{again}: {thrown}");
        }
    }

    private static Pop3Options Small => new() { MaxMessages = 50, MaxCapabilities = 20, MaxContent = 1000, MaxStatusLine = 100, MaxListingLine = 60, AllowCleartextPasswords = true };

    private static bool IsOurs(Exception thrown) =>
        thrown is Pop3NegativeResponseException or ProtocolViolationException or ConnectionLostException or ContentTooLongException or NotSupportedException;

    private static async Task PlayAsync(Stream stream, IRetrievalSink sink, Pop3Options? options = null)
    {
        await using Pop3Session session = await Pop3Session.OpenAsync(stream, options);
        await session.CapabilitiesAsync();
        await using Maildrop maildrop = await session.AuthenticateAsync(new Login("mrose", Password));
        await maildrop.StatAsync();
        await maildrop.ListUniqueIdsAsync().ToListAsync();
        await maildrop.ListAsync(1);
        await maildrop.RetrieveAsync([1, 2], sink);
        await maildrop.DeleteAsync(1);
        await maildrop.QuitAsync();
    }
}
