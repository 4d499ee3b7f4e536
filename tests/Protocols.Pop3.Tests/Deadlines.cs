using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Protocols.Pop3.Tests;

/// <summary>Silence, dripping and stalling (N-01, N-03, T-12), on a clock that only the test moves.</summary>
public sealed class Deadlines : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly DrippingStream _server = new();

    private Pop3Options Options => new() { Clock = _clock, AllowCleartextPasswords = true };

    public void Dispose() => _server.Dispose();

    public static TheoryData<Pop3Options> NoTimeAtAll =>
    [
        new Pop3Options { GreetingTimeout = TimeSpan.Zero }, new Pop3Options { ResponseTimeout = Timeout.InfiniteTimeSpan }, new Pop3Options { AuthenticationTimeout = TimeSpan.Zero },
        new Pop3Options { HandshakeTimeout = TimeSpan.Zero }, new Pop3Options { ListingTimeout = TimeSpan.Zero }, new Pop3Options { ContentTimeout = TimeSpan.Zero },
        new Pop3Options { QuitTimeout = TimeSpan.Zero }, new Pop3Options { MinimumContentRate = -1 },
    ];

    [Theory]
    [MemberData(nameof(NoTimeAtAll), DisableDiscoveryEnumeration = true)]
    public async Task A_time_that_nobody_could_keep_is_refused_by_name_before_the_stream_is_touched(Pop3Options options)
    {
        ArgumentOutOfRangeException refused = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Pop3Session.OpenAsync(_server, options));
        Assert.NotNull(typeof(Pop3Options).GetProperty(refused.ParamName!));
    }

    [Fact]
    public async Task A_time_without_end_is_one()
    {
        Task<Pop3Session> opening = Pop3Session.OpenAsync(_server, Options with { GreetingTimeout = TimeSpan.MaxValue }).AsTask();
        _clock.Advance(TimeSpan.FromDays(1000));
        Assert.False(opening.IsCompleted);
        _server.Say("+OK\r\n"u8);
        await (await opening).DisposeAsync();
    }

    [Fact]
    public async Task N_03_a_server_that_never_greets()
    {
        Task<Pop3Session> opening = Pop3Session.OpenAsync(_server, Options).AsTask();
        TimeoutException timeout = await TimesOutAsync(opening, after: TimeSpan.FromSeconds(60));
        Assert.StartsWith("greeting", timeout.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task N_01_a_status_line_that_comes_octet_by_octet_has_one_deadline_for_all_of_it()
    {
        Maildrop maildrop = await SignInAsync();
        Task noop = maildrop.NoOpAsync().AsTask();
        _server.Say("+"u8);
        _clock.Advance(TimeSpan.FromSeconds(40));
        _server.Say("O"u8);
        _clock.Advance(TimeSpan.FromSeconds(19));
        _server.Say("K"u8);
        TimeoutException timeout = await TimesOutAsync(noop, after: TimeSpan.FromSeconds(1));
        Assert.StartsWith("response to NOOP", timeout.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await maildrop.NoOpAsync());
    }

    [Fact]
    public async Task N_01_a_message_that_stalls()
    {
        Maildrop maildrop = await SignInAsync();
        Task<long> retrieving = maildrop.RetrieveAsync(1, Stream.Null).AsTask();
        _server.Say("+OK\r\n"u8);
        _server.Say(new byte[1_000_000]);
        TimeoutException timeout = await TimesOutAsync(retrieving, after: TimeSpan.FromSeconds(60));
        Assert.Equal("message: nothing moved for 60 s", timeout.Message);
    }

    [Fact]
    public async Task N_01_a_message_that_drips()
    {
        Maildrop maildrop = await SignInAsync();
        Task<long> retrieving = maildrop.RetrieveAsync(1, Stream.Null).AsTask();
        _server.Say("+OK\r\n"u8);
        for (int seconds = 0; seconds < 40; seconds += 20)
        {
            _clock.Advance(TimeSpan.FromSeconds(20));
            _server.Say("x"u8);
        }
        TimeoutException timeout = await TimesOutAsync(retrieving, after: TimeSpan.FromSeconds(20));
        Assert.Equal("message: slower than 1024 octets a second (2 octets so far)", timeout.Message);
    }

    [Fact]
    public async Task N_01_a_message_that_is_slow_but_fast_enough_is_taken_for_as_long_as_it_may()
    {
        Maildrop maildrop = await SignInAsync();
        Task<long> retrieving = maildrop.RetrieveAsync(1, Stream.Null).AsTask();
        _server.Say("+OK\r\n"u8);
        for (int seconds = 30; seconds < 30 * 60; seconds += 30)
        {
            _clock.Advance(TimeSpan.FromSeconds(30));
            _server.Say(new byte[64 * 1024]);
            Assert.False(retrieving.IsCompleted);
        }
        TimeoutException timeout = await TimesOutAsync(retrieving, after: TimeSpan.FromSeconds(30));
        Assert.Equal("message: not complete within 1800 s", timeout.Message);
    }

    [Fact]
    public async Task N_01_a_listing_that_drips_has_one_deadline_for_all_of_it()
    {
        Maildrop maildrop = await SignInAsync();
        Task<int> listing = maildrop.ListUniqueIdsAsync((_, _) => { }).AsTask();
        _server.Say("+OK\r\n"u8);
        for (int number = 1; number <= 19; number++)
        {
            _clock.Advance(TimeSpan.FromSeconds(30));
            _server.Say(System.Text.Encoding.ASCII.GetBytes($"{number} a\r\n"));
        }
        TimeoutException timeout = await TimesOutAsync(listing, after: TimeSpan.FromSeconds(30));
        Assert.Equal("listing of UIDL: not complete within 600 s", timeout.Message);
    }

    // F-07: our own slowness is nobody's fault.
    [Fact]
    public async Task A_slow_destination_uses_up_no_patience()
    {
        Maildrop maildrop = await SignInAsync();
        SlowSink sink = new(_clock);
        Task retrieving = maildrop.RetrieveAsync([1], sink).AsTask();
        _server.Say("+OK\r\n"u8);
        for (int i = 0; i < 10; i++)
            _server.Say("line\r\n"u8);
        _server.Say(".\r\n"u8);
        await retrieving;
        Assert.Equal(10, sink.Writes);
    }

    [Fact]
    public async Task T_12_a_handshake_that_never_comes()
    {
        Task<Pop3Session> opening = Pop3Session.OpenAsync(_server, Options).AsTask();
        _server.Say("+OK\r\n"u8);
        Pop3Session session = await opening;
        Task upgrade = session.StartTlsAsync(async (stream, cancellationToken) =>
        {
            await stream.ReadExactlyAsync(new byte[1], cancellationToken);
            return stream;
        }).AsTask();
        _server.Say("+OK\r\n"u8);
        TimeoutException timeout = await TimesOutAsync(upgrade, after: TimeSpan.FromSeconds(30));
        Assert.StartsWith("TLS handshake", timeout.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await session.CapabilitiesAsync());
    }

    [Fact]
    public async Task The_callers_cancellation_ends_a_retrieval_and_the_connection()
    {
        Maildrop maildrop = await SignInAsync();
        using CancellationTokenSource caller = new();
        Task<long> retrieving = maildrop.RetrieveAsync(1, Stream.Null, cancellationToken: caller.Token).AsTask();
        _server.Say("+OK\r\nhalf a mess"u8);
        await caller.CancelAsync();
        OperationCanceledException cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => retrieving);
        Assert.Equal(caller.Token, cancelled.CancellationToken);
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await maildrop.QuitAsync());
    }

    private async Task<Maildrop> SignInAsync()
    {
        Task<Maildrop> signingIn = Sessions.SignInAsync(_server, options: Options);
        _server.Say("+OK\r\n"u8);
        _server.Say("+OK\r\n"u8);
        _server.Say("+OK\r\n"u8);
        return await signingIn;
    }

    /// <summary>Not a moment sooner.</summary>
    private async Task<TimeoutException> TimesOutAsync(Task task, TimeSpan after)
    {
        _clock.Advance(after - TimeSpan.FromMilliseconds(2));
        Assert.False(task.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(2));
        Assert.True(task.IsCompleted, "The deadline has passed");
        return await Assert.ThrowsAsync<TimeoutException>(() => task);
    }

    private sealed class SlowSink(FakeTimeProvider clock) : IRetrievalSink
    {
        public int Writes { get; private set; }

        public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken) => Hour();

        public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
        {
            Writes++;
            return Hour();
        }

        public ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken) => Hour();

        private ValueTask Hour()
        {
            clock.Advance(TimeSpan.FromHours(1));
            return default;
        }
    }
}
