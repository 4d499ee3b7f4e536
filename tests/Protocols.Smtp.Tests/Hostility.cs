using System.Text;
using CsCheck;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;

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

    [Fact]
    public Task A_session_cut_off_after_any_octet_is_never_a_success() => Transcript.PlayAsync(Whole, RunAsync);

    [Fact]
    public Task A_session_cut_off_behind_the_final_dot_is_in_doubt() => Transcript.BreakAsync(
        Whole[..Whole.LastIndexOf("S: 250 2.0.0", StringComparison.Ordinal)] + "S~ 250 2.0.0 OK", async peer =>
    {
        await Assert.ThrowsAsync<TransactionInDoubtException>(async () => await RunAsync(peer));
        Assert.True(peer.IsClosed);
    });

    [Fact]
    public async Task Whatever_octets_come_the_result_is_a_value_or_one_of_our_exceptions()
    {
        Gen<string> reply = Gen.OneOf(
            Gen.OneOf(
                "220 x\r\n", "250 x\r\n", "250-PIPELINING\r\n250 CHUNKING\r\n", "250-foo\r\n250-AUTH LOGIN PLAIN\r\n250 SIZE 9\r\n", "354 go\r\n",
                "334 \r\n", "334 Zm9v\r\n", "235 OK\r\n", "421 bye\r\n", "550 no\r\n", "451-a\r\n451 b\r\n", "250", "25", "\r\n", "\n", "250 x\n"),
            Gen.Char['\0', '\u00FF'].Array[0, 20].Select(octets => new string(octets)));
        await reply.Array[0, 12].SampleAsync(async replies =>
        {
            try
            {
                await using SmtpSession session = await SmtpSession.OpenAsync(new Babbler(replies), Play.Options);
                await session.AuthenticateAsync(new Login("u", new("p")));
                await session.SendAsync(Play.Envelope("a@foo.com", "b@foo.com"), Play.Content());
                await session.SendAsync(Play.Envelope(), Play.Content(new string('x', 900)));
                await session.QuitAsync();
            }
            catch (Exception e) when (e is ProtocolViolationException or ConnectionLostException or SmtpNegativeReplyException
                or TransactionInDoubtException or ServiceExtensionMissingException or UnsendableContentException)
            {
                // These are ours; any other exception fails the test.
            }
        }, iter: 5_000, threads: 1);
    }

    private static async Task RunAsync(ScriptedPeer peer)
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await session.StartTlsAsync(peer.UpgradeAsync);
        await session.AuthenticateAsync(new Login("u", new Secret("p")));
        Assert.True((await session.SendAsync(Play.Envelope(), Play.Content())).IsAccepted);
    }

    /// <summary>A server that does not listen: each read gets the next piece of what it has to say.</summary>
    private sealed class Babbler(string[] pieces) : Stream
    {
        private byte[] _left = [];
        private int _piece;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (buffer.IsEmpty)
                return new(0);
            while (_left.Length == 0 && _piece < pieces.Length)
                _left = Encoding.Latin1.GetBytes(pieces[_piece++]);
            int count = Math.Min(buffer.Length, _left.Length);
            _left.AsSpan(0, count).CopyTo(buffer.Span);
            _left = _left[count..];
            return new(count);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;
        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public override void Flush() => throw new NotSupportedException();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
