using System.Security.Authentication;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>STARTTLS, and how it is attacked (threats T-01 to T-08).</summary>
public sealed class Rfc3207
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public Task Section_5_the_example() => Transcript.PlayAsync("""
        S: 220 mail.imc.org SMTP service ready
        C: EHLO mail.example.com
        S: 250-mail.imc.org offers a warm hug of welcome
        S: 250-8BITMIME
        S: 250-STARTTLS
        S: 250 DSN
        C: STARTTLS
        S: 220 Go ahead
        TLS
        C: EHLO mail.example.com
        S: 250-mail.imc.org touches your hand gently for a moment
        S: 250-8BITMIME
        S: 250 DSN
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { ClientName = "mail.example.com" });
        Assert.True(session.Extensions.HasStartTls);
        await session.StartTlsAsync(peer.UpgradeAsync, Cancelled);
        Assert.True(session.IsEncrypted);
        Assert.False(session.Extensions.HasStartTls);
    });

    [Theory]
    [InlineData("S: 250 injected")]
    [InlineData("S: 250-foo.com\nS: 250 AUTH LOGIN")]
    [InlineData("S~ 250-half a li")]
    public Task T_01_octets_behind_the_go_ahead_end_the_session(string injected) => Transcript.BreakAsync(
        Play.Introduction("STARTTLS") + $"C: STARTTLS\nS: 220 go\n{injected}", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        // What comes later is the TLS layer's to refuse: it is no TLS record.
        Exception thrown = await Assert.ThrowsAnyAsync<Exception>(async () => await session.StartTlsAsync(peer.UpgradeAsync, Cancelled));
        Assert.True(thrown is ProtocolViolationException or HandshakeFailedException, $"{thrown}");
        await AssertOnlyQuitIsLeftAsync(session);
    });

    [Fact]
    public async Task T_01_octets_that_come_later_are_the_handshakes_to_refuse()
    {
        // They arrive behind the reply, in another segment: the TLS layer reads them, and they are no TLS record.
        await Transcript.PlayAsync(Play.Introduction("STARTTLS") + "C: STARTTLS\nS: 220 go\nHANG", async peer =>
        {
            await using SmtpSession session = await Play.OpenAsync(peer);
            await Assert.ThrowsAsync<AuthenticationException>(async () => await session.StartTlsAsync(
                (_, _) => throw new AuthenticationException("not a TLS record"), Cancelled));
            await AssertOnlyQuitIsLeftAsync(session);
        });
    }

    [Fact]
    public Task T_02_a_server_that_does_not_offer_it_is_not_asked() => Transcript.PlayAsync(
        Play.Introduction("NOSTARTTLS", "XSTARTTLS", "AUTH PLAIN"), async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        ServiceExtensionMissingException missing = await Assert.ThrowsAsync<ServiceExtensionMissingException>(
            async () => await session.StartTlsAsync(peer.UpgradeAsync, Cancelled));
        Assert.Equal("STARTTLS", missing.Keyword);
        await AssertOnlyQuitIsLeftAsync(session);
    });

    [Fact]
    public Task T_02_helo_does_not_mean_that_clear_is_good_enough() => Transcript.PlayAsync(
        "S: 220 x\nC: EHLO bar.com\nS: 502 no\nC: HELO bar.com\nS: 250 x", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Assert.ThrowsAsync<ServiceExtensionMissingException>(async () => await session.StartTlsAsync(peer.UpgradeAsync, Cancelled));
        await AssertOnlyQuitIsLeftAsync(session);
    });

    [Theory]
    [InlineData("454 TLS not available")]
    [InlineData("501 no parameters")]
    [InlineData("502 not implemented")]
    [InlineData("530 no")]
    [InlineData("421 bye")]
    public Task T_03_a_refusal_ends_everything_but_quit(string reply) => Transcript.PlayAsync(
        Play.Introduction("STARTTLS", "AUTH PLAIN") + $"C: STARTTLS\nS: {reply}\nC: QUIT\nS? 221 bye", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        SmtpNegativeReplyException refused = await Assert.ThrowsAsync<SmtpNegativeReplyException>(
            async () => await session.StartTlsAsync(peer.UpgradeAsync, Cancelled));
        Assert.Equal((Phase.StartTls, reply), (refused.Phase, refused.Reply.ToString()));
        await AssertOnlyQuitIsLeftAsync(session);
        await session.QuitAsync(Cancelled);
    });

    [Theory]
    [InlineData("250 Okay, do your thing")]
    [InlineData("221 go")]
    [InlineData("354 go")]
    [InlineData("Okay, do your thing.")]
    public Task T_03_only_220_starts_tls(string reply) => Transcript.BreakAsync(
        Play.Introduction("STARTTLS") + $"C: STARTTLS\nS: {reply}\n", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await session.StartTlsAsync(peer.UpgradeAsync, Cancelled));
        await AssertOnlyQuitIsLeftAsync(session);
    });

    [Theory]
    [InlineData("502 not implemented")]
    [InlineData("500 what")]
    public Task T_04_nothing_said_in_clear_is_known_afterwards(string ehlo) => Transcript.PlayAsync(Play.Introduction("STARTTLS", "AUTH PLAIN LOGIN", "SIZE 1", "PIPELINING") + $"""
        C: STARTTLS
        S: 220 go
        TLS
        C: EHLO bar.com
        S: {ehlo}
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        SmtpNegativeReplyException refused = await Assert.ThrowsAsync<SmtpNegativeReplyException>(
            async () => await session.StartTlsAsync(peer.UpgradeAsync, Cancelled));
        Assert.Equal(Phase.Ehlo, refused.Phase);
        Assert.Empty(session.Extensions.Keywords);
        Assert.Empty(session.Extensions.Mechanisms);
        await AssertOnlyQuitIsLeftAsync(session);
    });

    [Fact]
    public Task T_05_no_secret_goes_over_a_stream_that_is_not_encrypted() => Transcript.PlayAsync(
        Play.Introduction("AUTH PLAIN LOGIN XOAUTH2"), async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { AllowCleartextPasswords = false });
        SaslMechanism[] mechanisms = [new Plain("u", new("p")), new Login("u", new("p")), new XOAuth2("u", new("t"))];
        foreach (SaslMechanism mechanism in mechanisms)
            await Assert.ThrowsAsync<EncryptionRequiredException>(async () => await session.AuthenticateAsync(mechanism, Cancelled));
    });

    [Theory]
    [InlineData("S: 220 hi\nS: 250 AUTH PLAIN\nHANG")]
    [InlineData("S: 220 hi\nS: 220 hi again\nHANG")]
    [InlineData("S: 220 hi\nS~ 250 half\nHANG")]
    public async Task T_06_what_comes_behind_the_greeting_was_not_asked_for(string script)
    {
        using ScriptedPeer peer = Transcript.Pause(script);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await Play.OpenAsync(peer));
        Assert.True(peer.IsClosed);
        peer.Dispose();
        peer.AssertDone();
    }

    [Theory]
    [InlineData("S: 235 signed in already")]
    [InlineData("S: 250 hi")]
    [InlineData("S: 221 bye")]
    [InlineData("S: 354 go")]
    [InlineData("S: +OK POP3 ready")]
    [InlineData("S: * OK IMAP ready")]
    [InlineData("S: SSH-2.0-OpenSSH_9.9")]
    public Task C_09_T_06_T_07_only_220_greets(string greeting) => Transcript.PlayAsync(greeting + "\nHANG", async peer =>
    {
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await Play.OpenAsync(peer));
        Assert.True(peer.IsClosed);
    });

    [Fact]
    public async Task T_08_nothing_is_sent_behind_starttls_before_the_handshake()
    {
        using ScriptedPeer peer = Transcript.Pause(Play.Introduction("STARTTLS", "PIPELINING") + "C: STARTTLS\nHANG");
        await using SmtpSession session = await Play.OpenAsync(peer);
        Task starting = session.StartTlsAsync(peer.UpgradeAsync, Cancelled).AsTask();
        await peer.Starved;
        Assert.False(starting.IsCompleted);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Play.SendAsync(session, Play.Envelope()));
        await session.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => starting);
        peer.AssertDone();
    }

    [Fact]
    public Task T_09_server_text_is_escaped_and_cut() => Transcript.PlayAsync(
        $"S: 554 \\x1B[31mURGENT {new string('x', 1000)}\nC: QUIT\nS? 221 bye", async peer =>
    {
        SmtpNegativeReplyException refused = await Assert.ThrowsAsync<SmtpNegativeReplyException>(async () => await Play.OpenAsync(peer));
        Assert.StartsWith("\\x1B[31mURGENT", refused.Reply.Text, StringComparison.Ordinal);
        Assert.DoesNotContain('\x1B', refused.Message);
        Assert.True(refused.Reply.Text.Length <= ServerText.MaxLength);
    });

    [Fact]
    public Task T_11_tls_does_not_go_inside_tls() => Transcript.PlayAsync(Play.Introduction("STARTTLS"), async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await session.StartTlsAsync(peer.UpgradeAsync, Cancelled));
    }, isEncrypted: true);

    private static async Task AssertOnlyQuitIsLeftAsync(SmtpSession session)
    {
        await Assert.ThrowsAnyAsync<Exception>(async () => await session.AuthenticateAsync(new Plain("u", new("p")), Cancelled));
        await Assert.ThrowsAnyAsync<Exception>(async () => await Play.SendAsync(session, Play.Envelope()));
    }
}
