using System.Text;
using EmailSync.Protocols.Testing;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Protocols.Wire.Tests;

public sealed class TextConnectionTests
{
    private static readonly Deadline Minute = new("reply to NOOP", TimeSpan.FromMinutes(1));

    [Fact]
    public Task Lines_and_content_come_in_any_pieces_and_an_end_in_the_middle_is_an_error() => Transcript.PlayAsync("""
        S: one
        S: two
        S: content
        S: ..
        S: .
        S: three
        """, async peer =>
    {
        await using TextConnection connection = new(peer.Stream);
        using Exchange exchange = Begin(connection);
        Assert.Equal("one", await LineAsync(connection));
        Assert.Equal("two", await LineAsync(connection));
        MemoryStream content = new();
        Assert.Equal(12, await connection.ReadContentAsync(content.WriteAsync, long.MaxValue, long.MaxValue));
        Assert.Equal("content\r\n.\r\n", Encoding.ASCII.GetString(content.ToArray()));
        Assert.Equal("three", await LineAsync(connection));
        exchange.Complete();
    });

    // P-01
    [Theory]
    [InlineData(64, false)]
    [InlineData(63, true)]
    public async Task A_line_over_the_limit_is_a_violation_before_it_ends(int limit, bool isViolation)
    {
        using ScriptedPeer peer = new($"S: {new string('x', 62)}");
        await using TextConnection connection = new(peer.Stream);
        using Exchange exchange = Begin(connection);
        if (isViolation)
            await Assert.ThrowsAsync<ProtocolViolationException>(async () => await LineAsync(connection, limit));
        else
            Assert.Equal(62, (await LineAsync(connection, limit)).Length);

        using ScriptedPeer endless = new($"S~ {new string('x', 64)}\nHANG");
        await using TextConnection other = new(endless.Stream);
        using Exchange stuck = Begin(other);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await LineAsync(other, 64));
    }

    // S-03
    [Fact]
    public async Task S_03_a_bare_LF_does_not_end_a_line()
    {
        using ScriptedPeer peer = new(@"S~ +OK\n+OK\r\n");
        await using TextConnection connection = new(peer.Stream);
        using Exchange exchange = Begin(connection);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await LineAsync(connection));
    }

    // P-12, T-06
    [Fact]
    public async Task What_no_command_asked_for_is_a_violation()
    {
        using ScriptedPeer peer = new("""
            S: +OK ready
            S: +OK and more
            """);
        await using TextConnection connection = new(peer.Stream);
        using (Exchange greeting = Begin(connection))
        {
            await LineAsync(connection);
            greeting.Complete();
        }
        ProtocolViolationException violation = Assert.Throws<ProtocolViolationException>(() => Begin(connection));
        Assert.Equal("+OK and more", violation.ServerText);
        Assert.True(connection.IsBroken);
    }

    // T-01
    [Theory]
    [InlineData("S: +OK injected")]
    [InlineData("S~ +OK inj")]
    public async Task Octets_in_clear_behind_the_go_ahead_for_TLS_are_a_violation(string injected)
    {
        using ScriptedPeer peer = new($"S: +OK begin\n{injected}\nTLS");
        await using TextConnection connection = new(peer.Stream);
        using Exchange exchange = Begin(connection);
        await LineAsync(connection);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await connection.UpgradeAsync(peer.UpgradeAsync, Minute));
        Assert.False(connection.IsEncrypted);
        Assert.True(connection.IsBroken);
    }

    [Fact]
    public async Task An_upgrade_that_does_not_encrypt_is_refused()
    {
        using ScriptedPeer peer = new("S: +OK begin");
        await using TextConnection connection = new(peer.Stream);
        using Exchange exchange = Begin(connection);
        await LineAsync(connection);
        await Assert.ThrowsAsync<System.Security.Authentication.AuthenticationException>(
            async () => await connection.UpgradeAsync((stream, _) => new(stream), Minute));
        Assert.True(connection.IsBroken);
    }

    // The dialer's own exceptions say what was wrong with a certificate, and some of them are IOExceptions.
    [Fact]
    public async Task An_upgrade_that_fails_keeps_its_exception()
    {
        using ScriptedPeer peer = new("S: +OK begin");
        await using TextConnection connection = new(peer.Stream);
        using Exchange exchange = Begin(connection);
        await LineAsync(connection);
        IOException expired = new("The certificate has expired");
        Assert.Same(expired, await Record.ExceptionAsync(async () => await connection.UpgradeAsync((_, _) => throw expired, Minute)));
        Assert.True(connection.IsBroken);
    }

    [Fact]
    public async Task Outside_an_exchange_nothing_is_said_and_nothing_heard()
    {
        using ScriptedPeer peer = new("S: +OK");
        await using TextConnection connection = new(peer.Stream);
        Assert.Throws<InvalidOperationException>(() => connection.Compose($"NOOP"));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await LineAsync(connection));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await connection.FlushAsync(Minute));
        Assert.False(connection.IsBroken);
    }

    // T-12
    [Fact]
    public async Task A_handshake_that_never_comes_has_a_deadline()
    {
        FakeTimeProvider clock = new();
        using ScriptedPeer peer = new("S: +OK begin");
        await using TextConnection connection = new(peer.Stream, new() { Clock = clock });
        using Exchange exchange = Begin(connection);
        await LineAsync(connection);
        ValueTask upgrade = connection.UpgradeAsync(
            async (_, cancellationToken) =>
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return Stream.Null;
            },
            new("TLS handshake", TimeSpan.FromSeconds(30)));
        clock.Advance(TimeSpan.FromSeconds(30));
        TimeoutException timeout = await Assert.ThrowsAsync<TimeoutException>(async () => await upgrade);
        Assert.Contains("TLS handshake", timeout.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silence_becomes_a_timeout_that_names_what_was_awaited()
    {
        FakeTimeProvider clock = new();
        using ScriptedPeer peer = new("S~ +O\nHANG");
        await using TextConnection connection = new(peer.Stream, new() { Clock = clock });
        using Exchange exchange = Begin(connection);
        connection.Expect(Minute);
        Task<string> line = LineAsync(connection).AsTask();
        await peer.Starved;
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(line.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));
        TimeoutException timeout = await Assert.ThrowsAsync<TimeoutException>(() => line);
        Assert.Contains("reply to NOOP", timeout.Message, StringComparison.Ordinal);

        ConnectionLostException later = await Assert.ThrowsAsync<ConnectionLostException>(async () => await LineAsync(connection));
        Assert.Same(timeout, later.InnerException);
    }

    [Fact]
    public async Task The_callers_cancellation_stays_a_cancellation()
    {
        using CancellationTokenSource caller = new();
        using ScriptedPeer peer = new("HANG");
        await using TextConnection connection = new(peer.Stream);
        using (Exchange exchange = connection.BeginExchange(caller.Token))
        {
            Task<string> line = LineAsync(connection).AsTask();
            await peer.Starved;
            await caller.CancelAsync();
            OperationCanceledException cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => line);
            Assert.Equal(caller.Token, cancelled.CancellationToken);
        }
        Assert.Throws<ConnectionLostException>(() => Begin(connection));
    }

    [Fact]
    public async Task A_cancellation_between_two_reads_is_a_cancellation_too()
    {
        using CancellationTokenSource caller = new();
        using ScriptedPeer peer = new("S: one\nS: two");
        await using TextConnection connection = new(peer.Stream);
        using (Exchange exchange = connection.BeginExchange(caller.Token))
        {
            await LineAsync(connection);
            await caller.CancelAsync();
            OperationCanceledException cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await LineAsync(connection));
            Assert.Equal(caller.Token, cancelled.CancellationToken);
        }
        Assert.Throws<ConnectionLostException>(() => Begin(connection));
    }

    [Fact]
    public async Task An_exchange_left_unfinished_ends_the_connection()
    {
        using ScriptedPeer peer = new("HANG");
        await using TextConnection connection = new(peer.Stream);
        using (Begin(connection))
        {
        }
        Assert.Throws<ConnectionLostException>(() => Begin(connection));
    }

    [Fact]
    public async Task One_exchange_at_a_time()
    {
        using ScriptedPeer peer = new("HANG");
        await using TextConnection connection = new(peer.Stream);
        using Exchange first = Begin(connection);
        Assert.Throws<InvalidOperationException>(() => Begin(connection));
    }

    [Fact]
    public async Task A_writer_that_fails_keeps_its_exception_and_ends_the_connection()
    {
        using ScriptedPeer peer = new("S: content\nS: .\nS: +OK");
        await using TextConnection connection = new(peer.Stream);
        using Exchange exchange = Begin(connection);
        IOException diskFull = new("No space left on device");
        IOException thrown = await Assert.ThrowsAsync<IOException>(
            async () => await connection.ReadContentAsync((_, _) => throw diskFull, long.MaxValue, long.MaxValue));
        Assert.Same(diskFull, thrown);
        Assert.True(connection.IsBroken);
    }

    [Fact]
    public async Task Content_over_the_limit_is_read_to_its_end_and_over_the_cap_is_not()
    {
        using ScriptedPeer peer = new("S: 12345678\nS: .\nS: +OK\nS: 12345678\nHANG");
        await using TextConnection connection = new(peer.Stream);
        using Exchange exchange = Begin(connection);
        MemoryStream content = new();
        Assert.Equal(10, await connection.ReadContentAsync(content.WriteAsync, limit: 4, cap: 10));
        Assert.Equal("1234"u8, content.ToArray());
        Assert.Equal("+OK", await LineAsync(connection));
        Assert.False(connection.IsBroken);
        await Assert.ThrowsAsync<ContentTooLongException>(
            async () => await connection.ReadContentAsync(content.WriteAsync, limit: 4, cap: 9));
        Assert.True(connection.IsBroken);
    }

    [Fact]
    public async Task A_listing_is_unstuffed_and_counted()
    {
        using ScriptedPeer peer = new("S: 1 a\nS: ..2 b\nS: .\nS: 1 a\nS: 2 b\nS: .");
        await using TextConnection connection = new(peer.Stream);
        using Exchange exchange = Begin(connection);
        List<string> lines = [];
        Assert.Equal(2, await connection.ReadListingAsync(line => lines.Add(Encoding.ASCII.GetString(line)), 512, maxLines: 2));
        Assert.Equal(["1 a", ".2 b"], lines);
        await Assert.ThrowsAsync<ProtocolViolationException>(
            async () => await connection.ReadListingAsync(_ => { }, 512, maxLines: 1));
    }

    private static Exchange Begin(TextConnection connection)
    {
        Exchange exchange = connection.BeginExchange(TestContext.Current.CancellationToken);
        connection.Expect(Minute);
        return exchange;
    }

    private static ValueTask<string> LineAsync(TextConnection connection, int limit = 512) =>
        connection.ReadLineAsync(static line => Encoding.Latin1.GetString(line), limit);
}
