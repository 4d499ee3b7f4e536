using EmailSync.Lab;
using EmailSync.Protocols.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>AUTH= on MAIL (RFC 4954 section 5).</summary>
public sealed class Submitters
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // The second is the RFC's own example.
    [Theory]
    [InlineData(null, "<>")]
    [InlineData("e=mc2@example.com", "e+3Dmc2@example.com")]
    [InlineData("a+b@example.com", "a+2Bb@example.com")]
    public Task Rfc4954_section_5_the_submitter_is_told_in_xtext(string? mailbox, string told) => Transcript.PlayAsync(
        Play.Introduction("AUTH PLAIN") + $"C: MAIL FROM:<Smith@bar.com> AUTH={told}\nS: 550 enough", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        await Play.SendAsync(session, Play.Envelope() with { Submitter = mailbox is null ? MailPath.Null : MailPath.Parse(mailbox) });
    });

    // 4954-5-a
    [Fact]
    public Task Rfc4954_section_5_nobody_is_told_where_auth_is_not_offered_and_nobody_odd() => Transcript.PlayAsync(
        Play.Introduction("SMTPUTF8") + "C: NOOP\nS: 250 OK", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        ServiceExtensionMissingException missing = await Assert.ThrowsAsync<ServiceExtensionMissingException>(
            async () => await Play.SendAsync(session, Play.Envelope() with { Submitter = MailPath.Null }));
        Assert.Equal("AUTH", missing.Keyword);
        foreach (string odd in (string[])["postmaster", "jürgen@example.com"])
            await Assert.ThrowsAsync<ArgumentException>(
                async () => await Play.SendAsync(session, Play.Envelope() with { Submitter = MailPath.Parse(odd) }));
        await session.NoOpAsync(Cancelled);
    });

    [Fact]
    public async Task The_lab_takes_it()
    {
        await using LabServer lab = await LabServer.StartAsync(new LabOptions { Mailboxes = 0 }, Cancelled);
        await using SmtpSession session = await SmtpSession.OpenAsync(await LabClient.ConnectAsync(lab), Play.Options, Cancelled);
        Assert.True((await Play.SendAsync(session, Play.Envelope() with { Submitter = MailPath.Parse("e=mc2@example.com") })).IsAccepted);
        Assert.Contains("AUTH=e+3Dmc2@example.com", Assert.Single(lab.Outbox).Parameters);
    }
}
