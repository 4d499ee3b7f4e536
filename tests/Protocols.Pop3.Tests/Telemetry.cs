using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire.Sasl;
using static EmailSync.Protocols.Pop3.Tests.Sessions;

namespace EmailSync.Protocols.Pop3.Tests;

/// <summary>What a session shows of itself to those who listen (docs/telemetry.md), and what it never shows.</summary>
public sealed class Telemetry
{
    private const string Duration = "pop3.client.operation.duration";

    [Fact]
    public Task Every_operation_has_an_activity_and_a_duration_and_every_message_is_counted() => PlayAsync(
        SignInWith("PIPELINING", "UIDL") + """
        C: UIDL
        S: +OK
        S: 1 whqtswO00WBw418f9t5JxYwZ
        S: 2 QhdPYR:00WBw1Ph7x7
        S: .
        C: LIST
        S: +OK
        S: 1 9
        S: .
        C: RETR 1
        C: RETR 2
        S: +OK
        S: hello
        S: .
        S: -ERR no such message
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        """,
        async peer =>
        {
            using TelemetryRecorder recorder = new();
            await using Maildrop maildrop = await SignInAsync(peer.Stream, asksCapabilities: true);
            await maildrop.ListUniqueIdsAsync((_, _) => { });
            await maildrop.ListAsync().ToListAsync();
            await maildrop.RetrieveAsync([1, 2], new RecordingSink());
            await maildrop.DeleteAsync([1]);
            await maildrop.QuitAsync();

            Assert.Equal(
                [
                    "pop3 greeting", "pop3 sign_in pop3.auth.mechanism=USER", "pop3 list_unique_ids", "pop3 list",
                    "pop3 retrieve pop3.message.count=2", "pop3 delete pop3.message.count=1", "pop3 quit",
                ],
                recorder.Activities);
            Assert.Equal(["s", "s pop3.auth.mechanism=USER", "s", "s", "s", "s", "s"], recorder.Of(Duration));
            Assert.Equal(["1"], recorder.Of("pop3.client.received.messages"));
            Assert.Equal(["7"], recorder.Of("pop3.client.received.content"));
        });

    [Theory]
    [InlineData("-ERR [AUTH] wrong password for mrose", "AUTH")]
    [InlineData("-ERR [SYS/TEMP/DISK-7] try later", "SYS/TEMP")]
    [InlineData("-ERR [mrose-is-unknown] who?", "-ERR")]
    [InlineData("-ERR no", "-ERR")]
    public Task A_refusal_is_told_by_a_kind_that_is_known(string refusal, string kind) => PlayAsync(
        $"""
        S: +OK ready
        C: CAPA
        S: +OK
        S: RESP-CODES
        S: .
        C: USER mrose
        S: +OK
        C: PASS secret
        S: {refusal}
        """,
        async peer =>
        {
            using TelemetryRecorder recorder = new();
            await Assert.ThrowsAsync<Pop3NegativeResponseException>(() => SignInAsync(peer.Stream, asksCapabilities: true));

            Assert.Equal(["pop3 greeting", $"pop3 sign_in pop3.auth.mechanism=USER error.type={kind}"], recorder.Activities);
            Assert.Equal(["s", $"s pop3.auth.mechanism=USER error.type={kind}"], recorder.Of(Duration));
            Assert.All(recorder.Raw, activity => Assert.Null(activity.StatusDescription));
        });

    [Fact]
    public Task A_breach_is_told_by_the_name_of_its_exception() => BreakInMaildropAsync(
        """
        C: LIST
        S: +OK
        S: one 120
        S: .
        """,
        async maildrop =>
        {
            using TelemetryRecorder recorder = new();
            await Assert.ThrowsAsync<Wire.ProtocolViolationException>(async () => await maildrop.ListAsync().ToListAsync());

            Assert.Equal(["pop3 list error.type=EmailSync.Protocols.Wire.ProtocolViolationException"], recorder.Activities);
        });

    [Fact]
    public Task Names_secrets_and_what_a_message_says_are_in_none_of_it() => PlayAsync(
        """
        S: +OK hello from mail.example.com
        C: CAPA
        S: +OK
        S: SASL PLAIN
        S: RESP-CODES
        S: .
        C: AUTH PLAIN AG1yb3NlAHNlY3JldA==
        S: -ERR [AUTH] mrose@example.com has another password than secret
        C: AUTH PLAIN AG1yb3NlAHNlY3JldA==
        S: +OK welcome, mrose
        C: RETR 1
        S: +OK
        S: Subject: merger
        S: .
        C: RETR 2
        S: -ERR the message about the merger is gone
        C: QUIT
        S: +OK goodbye, mrose
        """,
        async peer =>
        {
            using TelemetryRecorder recorder = new();
            await using Pop3Session session = await OpenAsync(peer);
            await session.CapabilitiesAsync();
            await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await session.AuthenticateAsync(new Plain("mrose", Password)));
            await using Maildrop maildrop = await session.AuthenticateAsync(new Plain("mrose", Password));
            await maildrop.RetrieveAsync(1, Stream.Null);
            await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.RetrieveAsync(2, Stream.Null));
            await maildrop.QuitAsync();

            Assert.Contains("pop3 sign_in pop3.auth.mechanism=PLAIN error.type=AUTH", recorder.Activities);
            foreach (string word in (string[])["mrose", "secret", "AG1yb3NlAHNlY3JldA", "example.com", "merger", "welcome"])
                Assert.DoesNotContain(word, recorder.Everything, StringComparison.OrdinalIgnoreCase);
        });
}
