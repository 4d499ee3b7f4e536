using EmailSync.Protocols.Testing;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>Servers of the field that are silent, each named, with the thread that tells of it; MK is jstedfast/MailKit.</summary>
public sealed class FieldCasesOfWaiting
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // MK 695, 1023: the message was delivered, and the client that had given up after two minutes sent it again.
    [Fact]
    public async Task MailKit_695_a_scan_behind_the_final_dot_takes_minutes_and_the_outcome_is_not_known()
    {
        FakeTimeProvider clock = new();
        using ScriptedPeer peer = Transcript.Pause(Play.Introduction() + """
            C: MAIL FROM:<Smith@bar.com>
            S: 250 OK
            C: RCPT TO:<Jones@foo.com>
            S: 250 OK
            C: DATA
            S: 354 go
            C: x
            C: .
            HANG
            """);
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { Clock = clock });
        Task sending = Play.SendAsync(session, Play.Envelope()).AsTask();
        await peer.Starved;

        TimeSpan waited = await Patience.RunOutAsync(clock, sending);

        await Assert.ThrowsAsync<TransactionInDoubtException>(() => sending);
        Assert.InRange(waited, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(11));
    }

    // MK 827, 1059, 1186, 526, 1402: Connect and Disconnect took no notice of the time-out.
    [Theory]
    [InlineData("HANG", 5)]
    [InlineData("S: 220 foo.com ready\nC: EHLO bar.com\nHANG", 5)]
    public async Task MailKit_827_connecting_has_an_end_whatever_the_server_leaves_out(string script, int minutes)
    {
        FakeTimeProvider clock = new();
        using ScriptedPeer peer = Transcript.Pause(script);
        Task opening = Play.OpenAsync(peer, Play.Options with { Clock = clock }).AsTask();
        await peer.Starved;

        TimeSpan waited = await Patience.RunOutAsync(clock, opening);

        await Assert.ThrowsAsync<TimeoutException>(() => opening);
        Assert.InRange(waited, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(minutes) + TimeSpan.FromSeconds(5));
    }

    // OpenSMTPD 801
    [Fact]
    public async Task OpenSmtpd_801_never_answers_quit()
    {
        FakeTimeProvider clock = new();
        using ScriptedPeer peer = Transcript.Pause(Play.Introduction() + "C: QUIT\nHANG");
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { Clock = clock });
        Task quitting = session.QuitAsync(Cancelled).AsTask();
        await peer.Starved;

        Assert.True(await Patience.RunOutAsync(clock, quitting) <= TimeSpan.FromMinutes(1));

        await quitting;
        Assert.True(peer.IsClosed);
    }

    // jakartaee/mail-api 295
    [Fact]
    public Task JakartaMail_295_a_server_that_refuses_the_session_is_told_quit() => Transcript.BreakAsync(
        "S: 554 5.3.2 no service here\nC: QUIT\nS: 221 bye", async peer =>
    {
        SmtpNegativeReplyException refused = await Assert.ThrowsAsync<SmtpNegativeReplyException>(async () => await Play.OpenAsync(peer));
        Assert.Equal(554, refused.Reply.Code);
    });
}
