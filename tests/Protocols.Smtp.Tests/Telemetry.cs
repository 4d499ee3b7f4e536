using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>What a session shows of itself to those who listen (docs/telemetry.md), and what it never shows.</summary>
public sealed class Telemetry
{
    private const string Duration = "smtp.client.operation.duration";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public Task Every_operation_has_an_activity_and_a_duration_and_recipients_are_counted_by_reply() => Transcript.PlayAsync(
        Play.Introduction("STARTTLS") + """
        C: STARTTLS
        S: 220 go
        TLS
        C: EHLO bar.com
        S: 250-foo.com
        S: 250-PIPELINING
        S: 250 AUTH PLAIN
        C: AUTH PLAIN AFNtaXRoAHNlY3JldA==
        S: 235 welcome, Smith
        C: MAIL FROM:<Smith@bar.com>
        C: RCPT TO:<Jones@foo.com>
        C: RCPT TO:<Green@foo.com>
        C: DATA
        S: 250 OK
        S: 250 OK
        S: 550 5.1.1 no Green here
        S: 354 go
        C: Subject: merger
        C: .
        S: 250 OK, Smith
        C: MAIL FROM:<Smith@bar.com>
        C: RCPT TO:<Green@foo.com>
        C: DATA
        S: 250 OK
        S: 550 5.1.1 no Green here
        S: 554 no valid recipients
        C: RSET
        S: 250 OK
        """,
        async peer =>
        {
            using TelemetryRecorder recorder = new();
            await using SmtpSession session = await Play.OpenAsync(peer);
            await session.StartTlsAsync(peer.UpgradeAsync, Cancelled);
            await session.AuthenticateAsync(new Plain("Smith", new("secret")), Cancelled);
            await Play.SendAsync(session, Play.Envelope("Jones@foo.com", "Green@foo.com"), "Subject: merger\r\n");
            await Play.SendAsync(session, Play.Envelope("Green@foo.com"));
            await session.ResetAsync(Cancelled);

            Assert.Equal(
                [
                    "smtp greeting", "smtp start_tls", "smtp sign_in smtp.auth.mechanism=PLAIN", "smtp transaction smtp.recipient.count=2 smtp.content.size=17",
                    "smtp transaction smtp.recipient.count=1 smtp.content.size=0 error.type=550",
                ],
                recorder.Activities);
            Assert.Equal(["s", "s", "s smtp.auth.mechanism=PLAIN", "s", "s error.type=550"], recorder.Of(Duration));
            Assert.Equal(["1"], recorder.Of("smtp.client.sent.messages"));
            Assert.Equal(["17"], recorder.Of("smtp.client.sent.content"));
            Assert.Equal(["1", "1 error.type=550", "1 error.type=550"], recorder.Of("smtp.client.recipients"));
            foreach (string word in (string[])["Smith", "secret", "AFNtaXRoAHNlY3JldA", "Jones", "Green", "bar.com", "merger", "welcome", "valid"])
                Assert.DoesNotContain(word, recorder.Everything, StringComparison.OrdinalIgnoreCase);
        });

    [Fact]
    public Task A_refused_sign_in_is_told_by_its_code() => Transcript.PlayAsync(
        Play.Introduction("AUTH PLAIN") + """
        C: AUTH PLAIN AFNtaXRoAHNlY3JldA==
        S: 535 5.7.8 Smith has another password than secret
        """,
        async peer =>
        {
            using TelemetryRecorder recorder = new();
            await using SmtpSession session = await Play.OpenAsync(peer);
            await Assert.ThrowsAsync<SmtpNegativeReplyException>(async () => await session.AuthenticateAsync(new Plain("Smith", new("secret")), Cancelled));

            Assert.Equal(["smtp greeting", "smtp sign_in smtp.auth.mechanism=PLAIN error.type=535"], recorder.Activities);
            Assert.DoesNotContain("Smith", recorder.Everything, StringComparison.Ordinal);
        });

    [Fact]
    public async Task A_message_in_doubt_is_told_by_the_name_of_its_exception()
    {
        using TelemetryRecorder recorder = new();
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
        using CancellationTokenSource given = new();
        await using SmtpSession session = await Play.OpenAsync(peer);
        Task<TransactionResult> sending = session.SendAsync(Play.Envelope(), Play.Content(), given.Token).AsTask();
        await peer.Starved;
        await given.CancelAsync();

        await Assert.ThrowsAsync<TransactionInDoubtException>(() => sending);
        Assert.Contains("s error.type=EmailSync.Protocols.Smtp.TransactionInDoubtException", recorder.Of(Duration));
        Assert.Empty(recorder.Of("smtp.client.sent.messages"));
    }
}
