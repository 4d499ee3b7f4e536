using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>The other examples of RFC 4954 section 4.1, and what a challenge may be.</summary>
public sealed class Rfc4954Examples
{
    private static readonly SmtpOptions Options = Play.Options with { ClientName = "client.example.com" };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // The client of the example sends no initial response although it could. Ours waits where the response would not fit, as here.
    [Fact]
    public Task Section_4_1_plain_without_an_initial_response() => Transcript.PlayAsync($"""
        S: 220 smtp.example.com
        C: EHLO client.example.com
        S: 250-smtp.example.com Hello client.example.com
        S: 250 AUTH GSSAPI DIGEST-MD5 PLAIN
        C: AUTH PLAIN
        S: 334\x20
        C: {Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"test\0test\0{new string('x', 372)}"))}
        S: 235 2.7.0 Authentication successful
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        await session.AuthenticateAsync(new Plain("test", new(new string('x', 372)), "test"), Cancelled);
    }, isEncrypted: true);

    // Also the example of RFC 2195 section 2, whose challenge and digest are other ones.
    [Fact]
    public Task Section_4_1_cram_md5() => Transcript.PlayAsync("""
        S: 220-smtp.example.com ESMTP Server
        S: 220
        C: EHLO client.example.com
        S: 250-smtp.example.com Hello client.example.com
        S: 250-AUTH DIGEST-MD5 CRAM-MD5
        S: 250-ENHANCEDSTATUSCODES
        S: 250 STARTTLS
        C: AUTH CRAM-MD5
        S: 334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+
        C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
        S: 235 2.7.0 Authentication successful
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        await session.AuthenticateAsync(new CramMd5("tim", new("tanstaaftanstaaf")), Cancelled);
    }, isEncrypted: true);

    [Fact]
    public Task Section_4_1_external_within_tls() => Transcript.PlayAsync("""
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
        S: 250 AUTH EXTERNAL GSSAPI DIGEST-MD5 PLAIN
        C: AUTH EXTERNAL =
        S: 235 2.7.0 Authentication successful
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        await session.StartTlsAsync(peer.UpgradeAsync, Cancelled);
        await session.AuthenticateAsync(new External(), Cancelled);
    });

    // RFC 4616 section 4, in SMTP's words: a sign-in, and one for another that is refused.
    [Fact]
    public Task Rfc4616_section_4_the_examples() => Transcript.PlayAsync(Play.Introduction("AUTH CRAM-MD5 PLAIN") + $"""
        C: AUTH PLAIN {Convert.ToBase64String("Ursel\0Kurt\0xipj3plmq"u8)}
        S: 535 5.7.8 Not authorized to requested authorization identity
        C: AUTH PLAIN {Convert.ToBase64String("\0tim\0tanstaaftanstaaf"u8)}
        S: 235 Authenticated
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Assert.ThrowsAsync<SmtpNegativeReplyException>(
            async () => await session.AuthenticateAsync(new Plain("Kurt", new("xipj3plmq"), "Ursel"), Cancelled));
        await session.AuthenticateAsync(new Plain("tim", new("tanstaaftanstaaf")), Cancelled);
    }, isEncrypted: true);

    // 4954-4-b, 4954-4-i
    [Fact]
    public Task Section_4_an_empty_initial_response_is_an_equals_sign() => Transcript.PlayAsync(Play.Introduction("AUTH X-TEST") + """
        C: AUTH X-TEST =
        S: 334 dj1zZXJ2ZXI=
        C:
        S: 235 OK
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await session.AuthenticateAsync(new Empty(), Cancelled);
    }, isEncrypted: true);

    // 4954-4-g
    [Fact]
    public Task Section_4_a_challenge_of_12288_octets_is_taken() => Transcript.PlayAsync(
        Play.Introduction("AUTH X-TEST") + $"C: AUTH X-TEST =\nS: 334 {new string('A', 12_288)}\nC:\nS: 235 OK", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await session.AuthenticateAsync(new Empty(), Cancelled);
    }, isEncrypted: true);

    /// <summary>A mechanism that has nothing to say, twice.</summary>
    private sealed class Empty : SaslMechanism
    {
        private int _responses;

        public override string Name => "X-TEST";
        public override bool IsClientFirst => true;
        public override bool IsComplete => _responses == 2;

        public override ValueTask<byte[]> RespondAsync(ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken = default)
        {
            _responses++;
            return new([]);
        }
    }
}
