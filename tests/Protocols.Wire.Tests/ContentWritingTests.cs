using System.Text;
using EmailSync.Protocols.Testing;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Protocols.Wire.Tests;

public sealed class ContentWritingTests
{
    private static readonly ContentRules Normalise = new(RefuseBareLineEnds: false, RefuseNul: false);
    private static readonly ContentRules Strict = new(RefuseBareLineEnds: true, RefuseNul: true);
    private static readonly Deadline Block = new("sending content", TimeSpan.FromMinutes(3));

    [Fact]
    public async Task Content_goes_out_stuffed_and_ended()
    {
        using ScriptedPeer peer = new("""
            C: DATA
            S: 354 go
            C: Subject: x
            C:
            C: ..
            C: ..end
            C: .
            S: 250 ok
            """);
        await using TextConnection connection = new(peer.Stream);
        using Exchange exchange = connection.BeginExchange(CancellationToken.None);
        connection.Compose($"DATA");
        await connection.FlushAsync(Block);
        Assert.Equal("354 go", await LineAsync(connection));
        Assert.True(await connection.WriteContentAsync(Text("Subject: x\n\n.\r\n.end"), Normalise, Block));
        Assert.Equal("250 ok", await LineAsync(connection));
        exchange.Complete();
        peer.AssertDone();
    }

    [Fact]
    public async Task Octets_follow_their_command_in_one_write()
    {
        WriteCounter stream = new();
        await using TextConnection connection = new(stream);
        using Exchange exchange = connection.BeginExchange(CancellationToken.None);
        connection.Compose($"MAIL FROM:<>");
        connection.Compose($"BDAT {5} LAST");
        Assert.True(await connection.WriteOctetsAsync(Text("\n.\r\0not this"), 5, Block));
        Assert.Equal(["MAIL FROM:<>\r\nBDAT 5 LAST\r\n\n.\r\0n"], stream.Writes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(int.MaxValue)]
    public async Task Large_content_goes_out_whole_in_blocks(int readSize)
    {
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 6000).Select(i => i % 7 == 0 ? $".{i}\r\n" : $"line {i} of some text\r\n")));
        WriteCounter stuffed = new();
        await using (TextConnection connection = new(stuffed))
        {
            using Exchange exchange = connection.BeginExchange(CancellationToken.None);
            Assert.True(await connection.WriteContentAsync(new BabblingStream(text, readSize), Strict, Block));
        }
        string wire = string.Concat(stuffed.Writes);
        Assert.Equal(Encoding.ASCII.GetString(text), DotStuffingTests.Decode(wire, int.MaxValue).Content);
        Assert.All(stuffed.Writes, write => Assert.True(write.Length <= 64 * 1024));
        Assert.True(stuffed.Writes.Count <= text.Length / 60_000 + 1);

        WriteCounter raw = new();
        await using (TextConnection connection = new(raw))
        {
            using Exchange exchange = connection.BeginExchange(CancellationToken.None);
            Assert.True(await connection.WriteOctetsAsync(new BabblingStream(text, readSize), text.Length, Block));
        }
        Assert.Equal(Encoding.ASCII.GetString(text), string.Concat(raw.Writes));
    }

    // S-08
    [Fact]
    public async Task Content_that_is_refused_is_not_ended()
    {
        WriteCounter stream = new();
        await using TextConnection connection = new(stream);
        using Exchange exchange = connection.BeginExchange(CancellationToken.None);
        await Assert.ThrowsAsync<InvalidContentException>(async () => await connection.WriteContentAsync(Text("a\r\nb\nc"), Strict, Block));
        Assert.True(connection.IsBroken);
        Assert.DoesNotContain(stream.Writes, write => write.Contains("\r\n.\r\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Content_that_cannot_be_read_is_not_ended_and_the_reason_stays()
    {
        WriteCounter stream = new();
        await using TextConnection connection = new(stream);
        using Exchange exchange = connection.BeginExchange(CancellationToken.None);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () =>
        {
            MemoryStream closed = new();
            await closed.DisposeAsync();
            await connection.WriteContentAsync(closed, Strict, Block);
        });
        Assert.True(connection.IsBroken);
        Assert.Empty(stream.Writes);
    }

    [Fact]
    public async Task Octets_that_end_early_break_the_connection()
    {
        WriteCounter stream = new();
        await using TextConnection connection = new(stream);
        using Exchange exchange = connection.BeginExchange(CancellationToken.None);
        await Assert.ThrowsAsync<EndOfStreamException>(async () => await connection.WriteOctetsAsync(Text("1234"), 5, Block));
        Assert.True(connection.IsBroken);
    }

    // S-07: the server answers in the middle of the content and stops reading.
    [Fact]
    public async Task A_reply_in_the_middle_of_content_is_read_while_the_write_is_stuck()
    {
        (DuplexStream client, DuplexStream server) = DuplexStream.CreatePair(1000);
        await using TextConnection connection = new(client);
        using Exchange exchange = connection.BeginExchange(TestContext.Current.CancellationToken);
        connection.Expect(new("reply to the content", TimeSpan.FromMinutes(1)));
        Task<string> reply = LineAsync(connection).AsTask();
        Task<bool> sending = connection.WriteContentAsync(new MemoryStream(new byte[1_000_000]), Normalise, Block).AsTask();
        await server.WriteAsync("552 too much\r\n"u8.ToArray(), TestContext.Current.CancellationToken);

        Assert.Equal("552 too much", await reply);
        Assert.False(sending.IsCompleted);
        ConnectionLostException reason = new("The server answered before the content was through");
        connection.Break(reason);
        Assert.Same(reason, await Assert.ThrowsAsync<ConnectionLostException>(() => sending));
    }

    // MailKit 194, 1744: a reply that has come already says more than the broken pipe.
    [Fact]
    public async Task A_write_that_fails_leaves_the_word_to_the_reply()
    {
        WriteCounter stream = new("421 too busy\r\n"u8.ToArray()) { Fails = true };
        await using TextConnection connection = new(stream);
        using (Exchange exchange = connection.BeginExchange(CancellationToken.None))
        {
            connection.Compose($"MAIL FROM:<>");
            await connection.FlushAsync(Block);
            Assert.False(await connection.WriteContentAsync(Text("x"), Strict, Block));
            Assert.Equal("421 too busy", await LineAsync(connection));
            ConnectionLostException lost = await Assert.ThrowsAsync<ConnectionLostException>(async () => await LineAsync(connection));
            Assert.Equal("Broken pipe", lost.InnerException!.Message);
        }
        Assert.True(connection.IsBroken);
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_more_has_a_deadline()
    {
        FakeTimeProvider clock = new();
        (DuplexStream client, DuplexStream server) = DuplexStream.CreatePair(1000);
        await using DuplexStream owned = server;
        await using TextConnection connection = new(client, new() { Clock = clock });
        using Exchange exchange = connection.BeginExchange(TestContext.Current.CancellationToken);
        Task<bool> sending = connection.WriteContentAsync(new MemoryStream(new byte[1_000_000]), Normalise, Block).AsTask();
        clock.Advance(TimeSpan.FromMinutes(3));
        TimeoutException timeout = await Assert.ThrowsAsync<TimeoutException>(() => sending);
        Assert.Contains("sending content", timeout.Message, StringComparison.Ordinal);
    }

    private static MemoryStream Text(string text) => new(Encoding.Latin1.GetBytes(text));

    private static ValueTask<string> LineAsync(TextConnection connection) =>
        connection.ReadLineAsync(static line => Encoding.Latin1.GetString(line), 512);

    /// <summary>Keeps every write by itself; says what it is given, and then nothing.</summary>
    private sealed class WriteCounter(byte[]? says = null) : ClientStream
    {
        private readonly BabblingStream _says = new(says ?? [], int.MaxValue);

        public List<string> Writes { get; } = [];

        public bool Fails { get; init; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _says.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Fails)
                throw new IOException("Broken pipe");
            Writes.Add(Encoding.Latin1.GetString(buffer.Span));
            return default;
        }
    }
}
