using EmailSync.Lab;
using EmailSync.Protocols.Wire;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>
/// Between the end of the content and its reply a message is in doubt, and at no other time (RFC 5321 section 6.1, threats S-07, S-08).
/// </summary>
public sealed class InDoubt
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool, int> Endings
    {
        get
        {
            TheoryData<string, bool, int> endings = [];
            foreach (bool isChunked in (bool[])[false, true])
            {
                endings.Add("accepted, then closed", isChunked, 1);
                endings.Add("closed", isChunked, 0);
                endings.Add("reset", isChunked, 0);
                endings.Add("accepted, then nonsense", isChunked, 1);
                endings.Add("accepted, then 354", isChunked, 1);
            }
            return endings;
        }
    }

    [Theory]
    [MemberData(nameof(Endings))]
    public async Task The_connection_fails_between_the_end_and_the_reply(string ending, bool isChunked, int accepted)
    {
        await using LabServer lab = await StartAsync(ending switch
        {
            "accepted, then closed" => Misbehaviour.DisconnectAfter(Misbehaviour.FinalDot),
            "closed" => Misbehaviour.Disconnect(Misbehaviour.FinalDot),
            "reset" => Misbehaviour.Reset(Misbehaviour.FinalDot),
            "accepted, then nonsense" => Misbehaviour.ReplyAfter(Misbehaviour.FinalDot, "nonsense"),
            _ => Misbehaviour.ReplyAfter(Misbehaviour.FinalDot, "354 more"),
        });
        await using SmtpSession session = await OpenAsync(lab, isChunked);
        TransactionInDoubtException doubt = await Assert.ThrowsAsync<TransactionInDoubtException>(
            async () => await Play.SendAsync(session, Play.Envelope()));
        Assert.IsAssignableFrom<IOException>(doubt.InnerException);
        Assert.True(session.IsBroken);
        Assert.Equal(accepted, lab.Outbox.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_reply_within_ten_minutes(bool isChunked)
    {
        FakeTimeProvider clock = new();
        await using LabServer lab = await StartAsync(Misbehaviour.HangAfter(Misbehaviour.FinalDot));
        await using SmtpSession session = await OpenAsync(lab, isChunked, clock);
        Task sending = Play.SendAsync(session, Play.Envelope()).AsTask();
        await lab.Journal.WhenAsync(journal => journal.MessagesAccepted == 1, Cancelled);
        TimeSpan waited = await Patience.RunOutAsync(clock, sending);
        TransactionInDoubtException doubt = await Assert.ThrowsAsync<TransactionInDoubtException>(() => sending);
        Assert.IsType<TimeoutException>(doubt.InnerException);
        Assert.True(waited >= TimeSpan.FromMinutes(10));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_caller_gives_up_waiting_for_the_reply(bool isChunked)
    {
        using CancellationTokenSource impatience = new();
        await using LabServer lab = await StartAsync(Misbehaviour.HangAfter(Misbehaviour.FinalDot));
        await using SmtpSession session = await OpenAsync(lab, isChunked);
        Task sending = session.SendAsync(Play.Envelope(), Play.Content(), impatience.Token).AsTask();
        await lab.Journal.WhenAsync(journal => journal.MessagesAccepted == 1, Cancelled);
        await impatience.CancelAsync();
        TransactionInDoubtException doubt = await Assert.ThrowsAsync<TransactionInDoubtException>(() => sending);
        Assert.IsType<OperationCanceledException>(doubt.InnerException);
    }

    [Theory]
    [InlineData("421 4.3.2 shutting down", true)]
    [InlineData("451 4.3.0 later", false)]
    [InlineData("554 5.7.1 spam", false)]
    public async Task A_refusal_that_was_read_is_no_doubt_even_if_the_connection_ends(string reply, bool isBroken)
    {
        foreach (bool isChunked in (bool[])[false, true])
        {
            await using LabServer lab = await StartAsync(
                Misbehaviour.Reply(Misbehaviour.FinalDot, reply) with { Then = isBroken ? Outcome.Disconnect : Outcome.GoOn });
            await using SmtpSession session = await OpenAsync(lab, isChunked);
            TransactionResult result = await Play.SendAsync(session, Play.Envelope());
            Assert.Equal(reply, result.Refusal!.ToString());
            Assert.Equal(isBroken, session.IsBroken);
        }
    }

    // S-08: the dot of a message that is cut short is never sent.
    [Fact]
    public async Task S_08_the_caller_gives_up_in_the_middle_of_the_content()
    {
        using CancellationTokenSource impatience = new();
        await using LabServer lab = await StartAsync();
        await using SmtpSession session = await OpenAsync(lab, isChunked: false);
        OnceOnly content = new(LongText, atEnd: _ => impatience.CancelAsync());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await session.SendAsync(Play.Envelope(), content, impatience.Token));
        await AssertNothingArrivedAsync(lab, session);
    }

    [Fact]
    public async Task S_08_the_content_cannot_be_read_to_its_end()
    {
        await using LabServer lab = await StartAsync();
        await using SmtpSession session = await OpenAsync(lab, isChunked: false);
        OnceOnly content = new(LongText, atEnd: _ => throw new InvalidDataException("disk"));
        InvalidDataException cause = await Assert.ThrowsAsync<InvalidDataException>(
            async () => await session.SendAsync(Play.Envelope(), content, Cancelled));
        Assert.Equal("disk", cause.Message);
        await AssertNothingArrivedAsync(lab, session);
    }

    [Fact]
    public async Task Short_content_that_cannot_be_read_costs_nothing()
    {
        await using LabServer lab = await StartAsync();
        await using SmtpSession session = await OpenAsync(lab, isChunked: false);
        await Assert.ThrowsAsync<InvalidDataException>(async () => await session.SendAsync(
            Play.Envelope(), new OnceOnly("x", atEnd: _ => throw new InvalidDataException("disk")), Cancelled));
        Assert.True((await Play.SendAsync(session, Play.Envelope())).IsAccepted);
    }

    [Theory]
    [InlineData(Outcome.Disconnect)]
    [InlineData(Outcome.Reset)]
    public async Task The_connection_fails_before_the_end(Outcome how)
    {
        await using LabServer lab = await StartAsync(Misbehaviour.CutContent(how, afterOctets: 1000));
        await using SmtpSession session = await OpenAsync(lab, isChunked: false);
        await Assert.ThrowsAsync<ConnectionLostException>(
            async () => await session.SendAsync(Play.Envelope(), new OnceOnly(LongText, atEnd: OnceOnly.Never), Cancelled));
        await AssertNothingArrivedAsync(lab, session);
    }

    [Theory]
    [InlineData(Outcome.StopReading)]
    [InlineData(Outcome.Hang)]
    [InlineData(Outcome.Disconnect)]
    public async Task S_07_a_refusal_in_the_middle_of_the_content_is_the_result(Outcome then)
    {
        await using LabServer lab = await StartAsync(
            Misbehaviour.CutContent(then, afterOctets: 1000) with { Text = "552 5.3.4 too big" });
        await using SmtpSession session = await OpenAsync(lab, isChunked: false);
        TransactionResult result = await session.SendAsync(Play.Envelope(), new OnceOnly(LongText, atEnd: OnceOnly.Never), Cancelled);
        Assert.Equal("552 5.3.4 too big", result.Content!.ToString());
        Assert.Equal(result.Content, result.Refusal);
        await AssertNothingArrivedAsync(lab, session);
    }

    [Fact]
    public async Task S_07_an_acceptance_in_the_middle_of_the_content_is_none()
    {
        await using LabServer lab = await StartAsync(
            Misbehaviour.CutContent(Outcome.StopReading, afterOctets: 1000) with { Text = "250 got it" });
        await using SmtpSession session = await OpenAsync(lab, isChunked: false);
        await Assert.ThrowsAsync<ProtocolViolationException>(
            async () => await session.SendAsync(Play.Envelope(), new OnceOnly(LongText, atEnd: OnceOnly.Never), Cancelled));
        await AssertNothingArrivedAsync(lab, session);
    }

    [Fact]
    public async Task A_server_that_stops_taking_blocks_runs_out_of_time()
    {
        FakeTimeProvider clock = new();
        await using LabServer lab = await StartAsync(Misbehaviour.CutContent(Outcome.StopReading, afterOctets: 1000));
        await using SmtpSession session = await OpenAsync(lab, isChunked: false, clock);
        Task sending = session.SendAsync(Play.Envelope(), new OnceOnly(Endless), Cancelled).AsTask();
        await lab.Journal.WhenAsync(journal => journal.Strikes == 1, Cancelled);
        TimeSpan waited = await Patience.RunOutAsync(clock, sending);
        TimeoutException timeout = await Assert.ThrowsAsync<TimeoutException>(() => sending);
        Assert.Contains("block of content", timeout.Message, StringComparison.Ordinal);
        Assert.True(waited >= TimeSpan.FromMinutes(3));
    }

    private static string LongText { get; } = string.Concat(Enumerable.Repeat("0123456789\r\n", 20_000));

    // More than the buffers of two sockets take.
    private static string Endless { get; } = string.Concat(Enumerable.Repeat(LongText, 100));

    private static ValueTask<LabServer> StartAsync(params IReadOnlyList<Misbehaviour> script) =>
        LabServer.StartAsync(new LabOptions { Mailboxes = 0, Script = script }, Cancelled);

    private static async Task<SmtpSession> OpenAsync(LabServer lab, bool isChunked, TimeProvider? clock = null) =>
        await SmtpSession.OpenAsync(
            await LabClient.ConnectAsync(lab),
            Play.Options with { UseChunking = isChunked, Clock = clock ?? TimeProvider.System }, Cancelled);

    private static async Task AssertNothingArrivedAsync(LabServer lab, SmtpSession session)
    {
        Assert.True(session.IsBroken);
        await session.DisposeAsync();
        if (lab.Options.Script is not [Strike { Then: Outcome.StopReading }])
            await lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, Cancelled);
        Assert.Empty(lab.Outbox);
    }
}
