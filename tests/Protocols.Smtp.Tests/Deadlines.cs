using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>Every phase has its time (RFC 5321 section 4.5.3.2), and its name in the error.</summary>
public sealed class Deadlines
{
    private const string Envelope = "C: MAIL FROM:<Smith@bar.com>\nS: 250 OK\nC: RCPT TO:<Jones@foo.com>\nS: 250 OK\n";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<SmtpOptions> NoTimeAtAll =>
    [
        new SmtpOptions { GreetingTimeout = TimeSpan.Zero }, new SmtpOptions { CommandTimeout = Timeout.InfiniteTimeSpan }, new SmtpOptions { HandshakeTimeout = TimeSpan.Zero },
        new SmtpOptions { DataTimeout = TimeSpan.Zero }, new SmtpOptions { BlockTimeout = TimeSpan.Zero }, new SmtpOptions { FinalDotTimeout = TimeSpan.Zero },
        new SmtpOptions { QuitTimeout = TimeSpan.Zero }, new SmtpOptions { MaxContentLine = -1 },
    ];

    [Theory]
    [MemberData(nameof(NoTimeAtAll), DisableDiscoveryEnumeration = true)]
    public async Task A_time_that_nobody_could_keep_is_refused_by_name_before_the_stream_is_touched(SmtpOptions options)
    {
        ArgumentOutOfRangeException refused = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await SmtpSession.OpenAsync(Stream.Null, options, TestContext.Current.CancellationToken));
        Assert.NotNull(typeof(SmtpOptions).GetProperty(refused.ParamName!));
    }

    [Theory]
    [InlineData("", "greeting", 300)]
    [InlineData("S: 220 x\nC: EHLO bar.com\n", "EHLO", 300)]
    [InlineData("+C: STARTTLS\n", "STARTTLS", 300)]
    [InlineData("+C: AUTH PLAIN AHUAcA==\n", "AUTH", 300)]
    [InlineData("+C: MAIL FROM:<Smith@bar.com>\n", "MAIL", 300)]
    [InlineData("+C: MAIL FROM:<Smith@bar.com>\nS: 250 OK\nC: RCPT TO:<Jones@foo.com>\n", "RCPT", 300)]
    [InlineData("+" + Envelope + "C: DATA\n", "DATA", 120)]
    [InlineData("+C: NOOP\n", "reply", 300)]
    public async Task A_silent_server_runs_out_of_time(string script, string awaited, int seconds)
    {
        FakeTimeProvider clock = new();
        string whole = script.StartsWith('+') ? Play.Introduction("STARTTLS", "AUTH PLAIN") + script[1..] : script;
        using ScriptedPeer peer = Transcript.Pause(whole + "HANG");
        Task working = WorkAsync(peer, awaited, Play.Options with { Clock = clock });
        await peer.Starved;
        TimeSpan waited = await Patience.RunOutAsync(clock, working);
        TimeoutException timeout = await Assert.ThrowsAsync<TimeoutException>(() => working);
        Assert.Contains(awaited, timeout.Message, StringComparison.Ordinal);
        Assert.True(waited >= TimeSpan.FromSeconds(seconds));
    }

    [Fact]
    public async Task Times_can_be_set()
    {
        FakeTimeProvider clock = new();
        using ScriptedPeer peer = Transcript.Pause(Play.Introduction() + Envelope + "C: DATA\nS: 354 go\nC: x\nC: .\nHANG");
        await using SmtpSession session = await Play.OpenAsync(
            peer, Play.Options with { Clock = clock, FinalDotTimeout = TimeSpan.FromHours(1), CommandTimeout = TimeSpan.FromSeconds(2) });
        Task sending = Play.SendAsync(session, Play.Envelope()).AsTask();
        await peer.Starved;
        Assert.True(await Patience.RunOutAsync(clock, sending) >= TimeSpan.FromHours(1));
        await Assert.ThrowsAsync<TransactionInDoubtException>(() => sending);
    }

    // OpenSMTPD 801: no reply to QUIT.
    [Theory]
    [InlineData("HANG")]
    [InlineData("")]
    [InlineData("S: 500 what\n")]
    [InlineData("S: nonsense\n")]
    [InlineData("RESET")]
    public Task Quit_is_short_and_never_an_error(string answer) => Transcript.BreakAsync(Play.Introduction() + "C: QUIT\n" + answer, async peer =>
    {
        FakeTimeProvider clock = new();
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { Clock = clock });
        Task quitting = session.QuitAsync(Cancelled).AsTask();
        Assert.True(await Patience.RunOutAsync(clock, quitting) <= TimeSpan.FromMinutes(1));
        await quitting;
        Assert.True(peer.IsClosed);
    });

    [Fact]
    public async Task The_callers_cancellation_stays_what_it_is()
    {
        using CancellationTokenSource impatience = new();
        using ScriptedPeer peer = Transcript.Pause(Play.Introduction() + "C: MAIL FROM:<Smith@bar.com>\nHANG");
        await using SmtpSession session = await Play.OpenAsync(peer);
        Task sending = session.SendAsync(Play.Envelope(), Play.Content(), impatience.Token).AsTask();
        await peer.Starved;
        await impatience.CancelAsync();
        OperationCanceledException cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.Equal(impatience.Token, cancelled.CancellationToken);
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await session.NoOpAsync(Cancelled));
    }

    private static async Task WorkAsync(ScriptedPeer peer, string awaited, SmtpOptions options)
    {
        await using SmtpSession session = await Play.OpenAsync(peer, options);
        if (awaited == "STARTTLS")
            await session.StartTlsAsync(peer.UpgradeAsync, Cancelled);
        else if (awaited == "AUTH")
            await session.AuthenticateAsync(new Plain("u", new Secret("p")), Cancelled);
        else if (awaited == "reply")
            await session.NoOpAsync(Cancelled);
        else
            await Play.SendAsync(session, Play.Envelope());
    }
}
