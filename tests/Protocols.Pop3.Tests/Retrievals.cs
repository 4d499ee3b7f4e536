using System.Text;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using static EmailSync.Protocols.Pop3.Tests.Sessions;

namespace EmailSync.Protocols.Pop3.Tests;

/// <summary>RETR, TOP and DELE for many messages, with and without PIPELINING; limits; early leaving.</summary>
public sealed class Retrievals
{
    [Fact]
    public Task Commands_go_ahead_and_a_refusal_is_one_messages_own() => PlayAsync(SignInWith("PIPELINING", "TOP") + """
        C: RETR 3
        C: RETR 1
        C: RETR 2
        C: RETR 4
        S: +OK
        S: three
        S: .
        S: -ERR no such message
        S: +OK
        S: ..two
        S: .
        S: +OK
        S: a message that is too long
        S: .
        C: TOP 1 0
        C: TOP 2 0
        S: -ERR gone
        S: +OK
        S: Subject: two
        S: .
        C: DELE 1
        C: DELE 2
        C: DELE 3
        S: +OK
        S: -ERR already
        S: +OK
        """, async peer =>
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream, asksCapabilities: true);
        RecordingSink sink = new();
        await maildrop.RetrieveAsync([3, 1, 2, 4], sink, limit: 20);
        Assert.Equal(["3: three", "1 refused: no such message", "2: .two", "4 too long: 28 octets, of which 20 came"], sink.Messages);
        sink.Messages.Clear();
        await maildrop.TopAsync([1, 2], 0, sink);
        Assert.Equal(["1 refused: gone", "2: Subject: two"], sink.Messages);
        RefusedDeletion refused = Assert.Single(await maildrop.DeleteAsync([1, 2, 3]));
        Assert.Equal((2, "already"), (refused.MessageNumber, refused.Refusal.Text));
    });

    [Fact]
    public Task Without_PIPELINING_one_at_a_time() => PlayAsync(SignInWith("TOP") + """
        C: RETR 1
        S: +OK
        S: one
        S: .
        C: RETR 2
        S: -ERR
        C: RETR 3
        S: +OK
        S: three
        S: .
        C: DELE 1
        S: +OK
        C: DELE 3
        S: +OK
        """, async peer =>
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream, asksCapabilities: true);
        RecordingSink sink = new();
        await maildrop.RetrieveAsync([1, 2, 3], sink);
        Assert.Equal(["1: one", "2 refused: ", "3: three"], sink.Messages);
        Assert.Empty(await maildrop.DeleteAsync([1, 3]));
    });

    [Fact]
    public Task The_window_slides_and_never_holds_more_than_it_may() => PlayAsync(SignInWith("PIPELINING") + """
        C: DELE 1
        C: DELE 2
        C: DELE 3
        C: DELE 4
        S: +OK
        C: DELE 5
        S: +OK
        C: DELE 6
        S: +OK
        C: DELE 7
        S: +OK
        S: +OK
        S: +OK
        S: +OK
        """, async peer =>
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream, asksCapabilities: true, new() { MaxCommandsAhead = 4 });
        Assert.Empty(await maildrop.DeleteAsync([1, 2, 3, 4, 5, 6, 7]));
    });

    // RFC 2449 section 6.6, N-06: the peer answers each command before it reads the next, and neither side's buffer holds much.
    [Theory]
    [InlineData(16)]
    [InlineData(1000)]
    public async Task N_06_a_window_does_not_deadlock_on_small_buffers(int capacity)
    {
        const int Messages = 2000;
        (DuplexStream client, DuplexStream server) = DuplexStream.CreatePair(capacity);
        Task serving = ServeAsync(server);
        await using Maildrop maildrop = await SignInAsync(client, asksCapabilities: true, new() { AllowCleartextPasswords = true });
        CountingSink sink = new();
        await maildrop.RetrieveAsync([.. Enumerable.Range(1, Messages)], sink);
        Assert.Equal(Messages, sink.Whole);
        await maildrop.QuitAsync();
        await serving;
    }

    [Theory]
    [InlineData(int.MaxValue, long.MaxValue)]
    [InlineData(1, 1)]
    [InlineData(3, long.MaxValue)]
    public async Task A_window_of_any_width_comes_to_its_end(int commandsAhead, long contentAhead)
    {
        (DuplexStream client, DuplexStream server) = DuplexStream.CreatePair(100_000);
        Task serving = ServeAsync(server);
        Pop3Options options = new() { AllowCleartextPasswords = true, MaxCommandsAhead = commandsAhead, MaxContentAhead = contentAhead };
        await using Maildrop maildrop = await SignInAsync(client, asksCapabilities: true, options);
        CountingSink sink = new();
        await maildrop.RetrieveAsync([.. Enumerable.Range(1, 200)], sink);
        Assert.Equal(200, sink.Whole);
        await maildrop.QuitAsync();
        await serving;
    }

    [Fact]
    public async Task Options_that_make_no_sense_are_refused()
    {
        Pop3Options[] options = [new() { MaxCommandsAhead = 0 }, new() { MaxContentAhead = 0 }, new() { MaxStatusLine = 100_000 }, new() { MaxListingLine = 0 }, new() { MaxMessages = -1 }];
        foreach (Pop3Options wrong in options)
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Pop3Session.OpenAsync(Stream.Null, wrong));
    }

    [Fact]
    public Task A_message_over_the_limit_is_read_to_its_end_and_the_session_goes_on() => InMaildropAsync("""
        C: RETR 1
        S: +OK
        S: 12345678
        S: .
        C: NOOP
        S: +OK
        """, async maildrop =>
    {
        MemoryStream content = new();
        ContentTooLongException tooLong =
            await Assert.ThrowsAsync<ContentTooLongException>(async () => await maildrop.RetrieveAsync(1, content, limit: 9));
        Assert.Equal(9, tooLong.Limit);
        Assert.Equal("12345678\r"u8, content.ToArray());
        await maildrop.NoOpAsync();
    });

    // P-03
    [Fact]
    public Task P_03_a_message_without_end_is_given_up_with_the_connection() => BreakAsync(
        SignIn + $"C: RETR 1\nS: +OK\nS: {new string('x', 2000)}\nHANG", async peer =>
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream, options: new() { MaxContent = 1000 });
        await Assert.ThrowsAsync<ContentTooLongException>(async () => await maildrop.RetrieveAsync(1, Stream.Null, limit: 100));
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await maildrop.NoOpAsync());
    });

    [Theory]
    [InlineData("begin")]
    [InlineData("write")]
    [InlineData("end")]
    public Task A_sink_that_fails_ends_the_connection_with_its_own_exception(string when) => BreakAsync(
        SignInWith("PIPELINING") + "C: RETR 1\nC: RETR 2\nS: +OK\nS: one\nS: .\nS: +OK\nS: two\nS: .", async peer =>
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream, asksCapabilities: true);
        IOException broken = new("No space left on device");
        Assert.Same(broken, await Record.ExceptionAsync(async () => await maildrop.RetrieveAsync([1, 2], new FailingSink(when, broken))));
        ConnectionLostException later = await Assert.ThrowsAsync<ConnectionLostException>(async () => await maildrop.QuitAsync());
        Assert.Same(broken, later.InnerException);
    });

    [Fact]
    public Task A_listing_that_is_left_early_is_read_to_its_end() => InMaildropAsync("""
        C: UIDL
        S: +OK
        S: 1 a
        S: 2 b
        S: 3 c
        S: .
        C: NOOP
        S: +OK
        """, async maildrop =>
    {
        await foreach (UniqueIdListing listing in maildrop.ListUniqueIdsAsync())
        {
            Assert.Equal("a", listing.UniqueId);
            break;
        }
        await maildrop.NoOpAsync();
    });

    [Fact]
    public Task A_listing_can_be_read_twice() => InMaildropAsync("""
        C: LIST
        S: +OK
        S: 1 10
        S: .
        C: LIST
        S: +OK
        S: 1 10
        S: .
        """, async maildrop =>
    {
        IAsyncEnumerable<ScanListing> listing = maildrop.ListAsync();
        Assert.Single(await listing.ToListAsync());
        Assert.Single(await listing.ToListAsync());
    });

    [Fact]
    public Task While_a_listing_is_read_another_command_throws() => InMaildropAsync("""
        C: UIDL
        S: +OK
        S: 1 a
        S: .
        """, async maildrop =>
    {
        await foreach (UniqueIdListing _ in maildrop.ListUniqueIdsAsync())
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await maildrop.NoOpAsync());
    });

    [Fact]
    public Task Nothing_to_do_sends_nothing() => InMaildropAsync("HANG", async maildrop =>
    {
        await maildrop.RetrieveAsync([], new RecordingSink());
        Assert.Empty(await maildrop.DeleteAsync([]));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await maildrop.RetrieveAsync([1, 0], new RecordingSink()));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await maildrop.DeleteAsync([0]));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await maildrop.DeleteAsync(-1));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await maildrop.TopAsync(1, -1, Stream.Null));
        await maildrop.DisposeAsync();
    });

    /// <summary>Answers one command after the other.</summary>
    private static async Task ServeAsync(Stream stream)
    {
        using StreamReader commands = new(stream, Encoding.ASCII, leaveOpen: true);
        await SayAsync("+OK ready\r\n");
        while (await commands.ReadLineAsync() is { } command)
        {
            string keyword = command.Split(' ')[0];
            await SayAsync(keyword switch
            {
                "CAPA" => "+OK\r\nPIPELINING\r\n.\r\n",
                "RETR" => $"+OK\r\nSubject: {command}\r\n\r\nA text long enough to fill what a small buffer holds.\r\n.\r\n",
                _ => "+OK\r\n",
            });
            if (keyword == "QUIT")
                break;
        }

        ValueTask SayAsync(string text) => stream.WriteAsync(Encoding.ASCII.GetBytes(text));
    }

    private sealed class CountingSink : IRetrievalSink
    {
        public int Whole { get; private set; }

        public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken) => default;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken) => default;

        public ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken)
        {
            Whole += retrieval.IsWhole ? 1 : 0;
            return default;
        }
    }

    private sealed class FailingSink(string when, Exception exception) : IRetrievalSink
    {
        public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken) => At("begin");

        public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken) => At("write");

        public ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken) => At("end");

        private ValueTask At(string moment) => moment == when ? ValueTask.FromException(exception) : default;
    }
}
