using System.Text;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>AUTH, after the examples of section 4.1 and the hostile challenges of threat A-07.</summary>
public sealed class Rfc4954
{
    private static readonly SmtpOptions Options = Play.Options with { ClientName = "client.example.com" };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public Task Section_4_1_plain_with_an_initial_response_after_starttls() => Transcript.PlayAsync("""
        S: 220-smtp.example.com ESMTP Server
        S: 220
        C: EHLO client.example.com
        S: 250-smtp.example.com Hello client.example.com
        S: 250-AUTH GSSAPI DIGEST-MD5
        S: 250-ENHANCEDSTATUSCODES
        S: 250 STARTTLS
        C: STARTTLS
        S: 220 Ready to start TLS
        TLS
        C: EHLO client.example.com
        S: 250-smtp.example.com Hello client.example.com
        S: 250 AUTH GSSAPI DIGEST-MD5 PLAIN
        C: AUTH PLAIN dGVzdAB0ZXN0ADEyMzQ=
        S: 235 2.7.0 Authentication successful
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options with { AllowCleartextPasswords = false });
        await session.StartTlsAsync(peer.UpgradeAsync, Cancelled);
        await session.AuthenticateAsync(new Plain("test", new("1234"), "test"), Cancelled);
    });

    // 4954-4-c: a response that does not fit into 512 octets waits for the empty challenge, with or without its space.
    [Theory]
    [InlineData("S: 334 ")]
    [InlineData("S: 334")]
    [InlineData("S: 334 go ahead")]
    public async Task A_long_initial_response_goes_in_the_second_line(string challenge)
    {
        string password = new('x', 372);
        string response = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0u\0{password}"));
        Assert.Equal(500, response.Length);
        await Transcript.PlayAsync(Play.Introduction("AUTH PLAIN") + $"C: AUTH PLAIN\n{challenge}\nC: {response}\nS: 235 2.7.0 OK", async peer =>
        {
            await using SmtpSession session = await Play.OpenAsync(peer);
            await session.AuthenticateAsync(new Plain("u", new(password)), Cancelled);
        });
    }

    [Fact]
    public async Task An_initial_response_of_512_octets_in_all_goes_at_once()
    {
        string password = new('x', 369);
        string response = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0u\0{password}"));
        Assert.Equal(512, "AUTH PLAIN \r\n".Length + response.Length + 3);
        await Transcript.PlayAsync(Play.Introduction("AUTH PLAIN") + $"C: AUTH PLAIN {response}\nS: 235 2.7.0 OK", async peer =>
        {
            await using SmtpSession session = await Play.OpenAsync(peer);
            await session.AuthenticateAsync(new Plain("u", new(password)), Cancelled);
        });
    }

    [Fact]
    public async Task Login_answers_whatever_is_asked()
    {
        RecordedTranscript transcript = new();
        await Transcript.PlayAsync(Play.Introduction("AUTH LOGIN") + """
            C: AUTH LOGIN
            S: 334 VXNlcm5hbWU6
            C: dQ==
            S: 334 and the password, please
            C: c2VjcmV0
            S: 235 2.7.0 OK
            """, async peer =>
        {
            await using SmtpSession session = await Play.OpenAsync(peer, Play.Options with { Transcript = transcript });
            await session.AuthenticateAsync(new Login("u", new("secret")), Cancelled);
            Assert.Contains("C: ***", transcript.Lines);
            Assert.DoesNotContain("c2VjcmV0", transcript.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("dQ==", transcript.ToString(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public Task A_refused_token_comes_with_the_providers_reason() => Transcript.PlayAsync(Play.Introduction("AUTH XOAUTH2") + """
        C: AUTH XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHQBAQ==
        S: 334 eyJzdGF0dXMiOiI0MDAifQ==
        C:
        S: 535-5.7.8 Username and Password not accepted.
        S: 535 5.7.8 https://support.example/
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        SmtpNegativeReplyException refused = await Assert.ThrowsAsync<SmtpNegativeReplyException>(
            async () => await session.AuthenticateAsync(new XOAuth2("u", new("t")), Cancelled));
        Assert.Equal((Phase.Auth, 535, "{\"status\":\"400\"}"), (refused.Phase, refused.Reply.Code, refused.Detail));
        Assert.Equal(2, refused.Reply.Lines.Count);
        Assert.Equal("5.7.8", refused.Reply.Status.ToString());
    });

    // Section 6: these are different things, and all of them reach the caller.
    [Theory]
    [InlineData("535 5.7.8 credentials invalid")]
    [InlineData("454 4.7.0 temporary failure")]
    [InlineData("534 5.7.9 too weak")]
    [InlineData("432 4.7.12 password transition needed")]
    [InlineData("538 5.7.11 encryption required")]
    [InlineData("421 4.7.0 too many failures")]
    public Task A_refusal_keeps_its_code_and_another_try_is_the_callers_decision(string reply) => Transcript.PlayAsync(
        Play.Introduction("AUTH PLAIN LOGIN") + $"C: AUTH PLAIN AHUAcA==\nS: {reply}", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        SmtpNegativeReplyException refused = await Assert.ThrowsAsync<SmtpNegativeReplyException>(
            async () => await session.AuthenticateAsync(new Plain("u", new("p")), Cancelled));
        Assert.Equal(reply, refused.Reply.ToString());
        Assert.Equal(reply.StartsWith("421", StringComparison.Ordinal), session.IsBroken);
    });

    [Fact]
    public Task Auth_succeeds_once_in_a_session_and_only_by_an_offered_mechanism() => Transcript.PlayAsync(
        Play.Introduction("AUTH plain", "XAUTH LOGIN") + "C: AUTH PLAIN AHUAcA==\nS: 235 OK", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        ServiceExtensionMissingException missing = await Assert.ThrowsAsync<ServiceExtensionMissingException>(
            async () => await session.AuthenticateAsync(new Login("u", new("p")), Cancelled));
        Assert.Equal("AUTH LOGIN", missing.Keyword);
        await session.AuthenticateAsync(new Plain("u", new("p")), Cancelled);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await session.AuthenticateAsync(new Plain("u", new("p")), Cancelled));
    });

    //
    [Theory]
    [InlineData("S: 235 OK")]
    [InlineData("S: 334 Zm9v!\nC: *")]
    [InlineData("S: 334 Zm 9v\nC: *")]
    [InlineData("S: 334 Zg==Zg==\nC: *")]
    [InlineData("S: 334 Z\nC: *")]
    [InlineData("S: 334-Zm9v\nS: 334 Zm9v")]
    [InlineData("S: 354 go")]
    [InlineData("S: 334 Zm9v\nC: AQ==\nS: 334 Zm9v\nC: AQ==\nS: 334 Zm9v\nC: AQ==\nS: 334 Zm9v\nC: AQ==\nS: 334 Zm9v\nC: AQ==\n"
        + "S: 334 Zm9v\nC: AQ==\nS: 334 Zm9v\nC: AQ==\nS: 334 Zm9v\nC: AQ==\nS: 334 Zm9v\nC: AQ==\nS: 334 Zm9v\nC: AQ==\nS: 334 Zm9v\nC: *")]
    public Task A_07_a_hostile_exchange_ends_the_session(string script) => Transcript.PlayAsync(
        Play.Introduction("AUTH NEVER-ENOUGH") + $"C: AUTH NEVER-ENOUGH\n{script}", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await session.AuthenticateAsync(new NeverEnough(), Cancelled));
        Assert.True(session.IsBroken);
    });

    [Fact]
    public Task A_07_an_endless_challenge_is_cut_off() => Transcript.BreakAsync(
        Play.Introduction("AUTH NEVER-ENOUGH") + $"C: AUTH NEVER-ENOUGH\nS~ 334 {new string('x', 20_000)}\nHANG", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await session.AuthenticateAsync(new NeverEnough(), Cancelled));
    });

    /// <summary>A mechanism that reads its challenges and is never satisfied.</summary>
    private sealed class NeverEnough : SaslMechanism
    {
        public override string Name => "NEVER-ENOUGH";
        public override bool IsClientFirst => false;
        public override bool IsComplete => false;
        public override ValueTask<byte[]> RespondAsync(ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken = default) => new([1]);
    }
}
