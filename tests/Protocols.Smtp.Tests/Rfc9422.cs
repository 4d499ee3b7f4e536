using EmailSync.Protocols.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>LIMITS (RFC 9422): what the server announced that it will refuse is not tried.</summary>
public sealed class Rfc9422
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("LIMITS RCPTMAX=20 MAILMAX=10", 10, 20, null)]
    [InlineData("limits rcptdomainmax=1 X=y FUTURE", null, null, 1)]
    [InlineData("LIMITS MAILMAX=0 RCPTMAX=1234567 RCPTDOMAINMAX=many", null, null, null)]
    [InlineData("LIMITS MAILMAX RCPTMAX= RCPTDOMAINMAX=-1", null, null, null)]
    [InlineData("XLIMITS MAILMAX=1", null, null, null)]
    public Task Section_4_the_limits_are_read_and_what_is_no_limit_is_ignored(string line, int? transactions, int? recipients, int? domains) => Transcript.PlayAsync(
        Play.Introduction(line), async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.Equal(new ServiceLimits(transactions, recipients, domains), session.Extensions.Limits);
    });

    [Fact]
    public Task Section_4_2_recipients_over_the_limit_are_for_another_transaction() => Transcript.PlayAsync(Play.Introduction("LIMITS RCPTMAX=2") + """
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<a@foo.com>
        S: 250 OK
        C: RCPT TO:<b@foo.com>
        S: 550 no
        C: DATA
        S: 354 go
        C: x
        C: .
        S: 250 OK
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<c@foo.com>
        S: 250 OK
        C: DATA
        S: 354 go
        C: x
        C: .
        S: 250 OK
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        TransactionResult first = await Play.SendAsync(session, Play.Envelope("a@foo.com", "b@foo.com", "c@foo.com"));
        Assert.True(first.IsAccepted);
        Assert.Equal([(250, false), (550, false), (452, true)], first.Recipients.Select(recipient => (recipient.Reply.Code, recipient.IsOverLimit)));
        Assert.Equal("4.5.3", first.Recipients[2].Reply.Status.ToString());

        MailPath[] left = [.. first.Recipients.Where(recipient => recipient.IsOverLimit).Select(recipient => recipient.ForwardPath)];
        Assert.True((await Play.SendAsync(session, Play.Envelope() with { ForwardPaths = left })).IsAccepted);
    });

    [Fact]
    public Task Section_4_3_recipients_in_one_domain_too_many_are_for_another_transaction() => Transcript.PlayAsync(Play.Introduction("LIMITS RCPTDOMAINMAX=1") + """
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<a@foo.com>
        S: 550 no
        C: RCPT TO:<c@FOO.com>
        S: 550 no
        C: RSET
        S: 250 OK
        C: MAIL FROM:<Smith@bar.com>
        S: 451 no
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        TransactionResult result = await Play.SendAsync(session, Play.Envelope("a@foo.com", "b@else.example", "c@FOO.com"));
        Assert.Equal([550, 452, 550], result.Recipients.Select(recipient => recipient.Reply.Code));
        // Where MAIL is refused there are no recipients to tell about.
        Assert.Empty((await Play.SendAsync(session, Play.Envelope("a@foo.com", "b@else.example"))).Recipients);
    });

    [Fact]
    public Task Section_4_1_a_session_with_no_transactions_left_says_so_and_sends_nothing() => Transcript.PlayAsync(Play.Introduction("LIMITS MAILMAX=1") + """
        C: MAIL FROM:<Smith@bar.com>
        S: 550 no
        C: QUIT
        S? 221 bye
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.False(session.IsSpent);
        await Play.SendAsync(session, Play.Envelope());
        Assert.True(session.IsSpent);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Play.SendAsync(session, Play.Envelope()));
        await session.QuitAsync(Cancelled);
    });
}
