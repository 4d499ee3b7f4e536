using System.Text;
using CsCheck;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using static EmailSync.Protocols.Pop3.Tests.Sessions;

namespace EmailSync.Protocols.Pop3.Tests;

/// <summary>What holds for every server whatsoever.</summary>
public sealed class Invariants
{
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
    public Task A_session_cut_after_any_octet_fails_and_whole_it_succeeds() =>
        Sessions.PlayAsync(WholeSession, peer => PlayAsync(peer.Stream, new RecordingSink()));

    [Fact]
    public async Task Whatever_octets_a_server_sends_the_client_returns_a_value_or_throws_an_exception_of_ours()
    {
        Gen<string> words = Gen.OneOf(
            "+OK", "-ERR", "+", " ", "\r\n", "\n", "\r", ".", "..", "\r\n.\r\n", "+OK\r\n", "-ERR no\r\n", "+OK\r\n.\r\n", "[SYS/TEMP]", "[",
            "PIPELINING\r\n", "RESP-CODES\r\n", "SASL LOGIN\r\n", "1", "2 320", "18446744073709551616", "-1", "a", "\0", "\u00E9", "\u001B[31m", "<1@host>", "bm8=");
        Gen<string> answers = Gen.OneOf(
            words.Array[0, 60].Select(string.Concat),
            // A prefix that gets somewhere, so that what follows meets the later states as well.
            Gen.Select(Gen.OneOf(Prefixes()), words.Array[0, 40], (prefix, rest) => prefix + string.Concat(rest)));

        await Gen.Select(answers, Gen.Int[1, 20]).SampleAsync(async (octets, fragment) =>
        {
            BabblingStream server = new(Encoding.Latin1.GetBytes(octets), fragment);
            Pop3Options options = new() { MaxMessages = 50, MaxCapabilities = 20, MaxContent = 1000, MaxStatusLine = 100, MaxListingLine = 60, AllowCleartextPasswords = true };
            Exception? thrown = await Record.ExceptionAsync(() => PlayAsync(server, new RecordingSink(), options));
            Assert.True(
                thrown is null or Pop3NegativeResponseException or ProtocolViolationException or ConnectionLostException or ContentTooLongException
                    or NotSupportedException,
                $"{thrown}");
        });
    }

    /// <summary>The server's side of the whole session, cut behind each of its lines.</summary>
    private static string[] Prefixes()
    {
        string[] lines = [.. WholeSession.ReplaceLineEndings("\n").Split('\n')
            .Where(line => line.StartsWith("S:", StringComparison.Ordinal))
            .Select(line => (line.Length > 3 ? line[3..] : "").Replace("\\x20", " ", StringComparison.Ordinal) + "\r\n")];
        return [.. Enumerable.Range(1, lines.Length).Select(count => string.Concat(lines.Take(count)))];
    }

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
