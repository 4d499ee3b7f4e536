using EmailSync.Lab;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>REQUIRETLS (RFC 8689): a message that requires it goes out with it or not at all.</summary>
public sealed class Rfc8689
{
    private static readonly Envelope Required = Play.Envelope() with { RequireTls = true };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public Task Section_4_2_1_it_is_asked_for_over_tls_where_the_ehlo_behind_it_offers_it() => Transcript.PlayAsync(Play.Introduction("STARTTLS") + """
        C: STARTTLS
        S: 220 go
        TLS
        C: EHLO bar.com
        S: 250-foo.com
        S: 250 REQUIRETLS
        C: MAIL FROM:<Smith@bar.com> REQUIRETLS
        S: 550 enough
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await session.StartTlsAsync(peer.UpgradeAsync, Cancelled);
        Assert.True(session.Extensions.HasRequireTls);
        await Play.SendAsync(session, Required);
    });

    // 8689-2-a: what was offered in clear was offered by anyone.
    [Fact]
    public Task Section_2_in_clear_the_message_is_not_sent_whatever_was_offered() => Transcript.PlayAsync(
        Play.Introduction("REQUIRETLS") + "C: NOOP\nS: 250 OK", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Assert.ThrowsAsync<EncryptionRequiredException>(async () => await Play.SendAsync(session, Required));
        await session.NoOpAsync(Cancelled);
    });

    // 8689-4.2.1-a: not without it either, and other messages still may.
    [Fact]
    public Task Section_4_2_1_where_it_is_not_offered_under_tls_the_message_is_not_sent() => Transcript.PlayAsync(Play.Introduction("STARTTLS", "REQUIRETLS") + """
        C: STARTTLS
        S: 220 go
        TLS
        C: EHLO bar.com
        S: 250 foo.com
        C: MAIL FROM:<Smith@bar.com>
        S: 550 enough
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await session.StartTlsAsync(peer.UpgradeAsync, Cancelled);
        ServiceExtensionMissingException missing =
            await Assert.ThrowsAsync<ServiceExtensionMissingException>(async () => await Play.SendAsync(session, Required));
        Assert.Equal("REQUIRETLS", missing.Keyword);
        await Play.SendAsync(session, Play.Envelope());
    });

    [Fact]
    public async Task The_lab_offers_it_under_tls_and_takes_the_message()
    {
        await using LabServer lab = await LabServer.StartAsync(
            new LabOptions { Mailboxes = 0, SmtpExtensions = ["STARTTLS", "REQUIRETLS"] }, Cancelled);
        await using SmtpSession session = await SmtpSession.OpenAsync(await LabClient.ConnectAsync(lab), Play.Options, Cancelled);
        Assert.False(session.Extensions.HasRequireTls);
        await session.StartTlsAsync((stream, token) => LabClient.EncryptAsync(lab, stream, token), Cancelled);
        Assert.True((await Play.SendAsync(session, Required)).IsAccepted);
        Assert.Equal(["REQUIRETLS"], Assert.Single(lab.Outbox).Parameters);
    }
}
