using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using static EmailSync.Protocols.Pop3.Tests.Sessions;

namespace EmailSync.Protocols.Pop3.Tests;

/// <summary>AUTH (RFC 5034): where the response goes, what a challenge may be, and when success is success.</summary>
public sealed class SignIns
{
    [Fact]
    public Task LOGIN_answers_two_prompts_whatever_they_say() => PlayAsync("""
        S: +OK
        C: AUTH LOGIN
        S: + VXNlcm5hbWU6
        C: bXJvc2U=
        S: + anything
        C: c2VjcmV0
        S: +OK
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await using Maildrop maildrop = await session.AuthenticateAsync(new Login("mrose", Password));
    });

    // 5034-4-c
    [Theory]
    [InlineData(173, true)]
    [InlineData(174, false)]
    public async Task An_initial_response_that_makes_the_line_longer_than_255_octets_waits_for_the_challenge(int passwordLength, bool atOnce)
    {
        string password = new('x', passwordLength);
        string response = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"\0mrose\0{password}"));
        string exchange = atOnce ? $"C: AUTH PLAIN {response}" : $"C: AUTH PLAIN\nS: + \nC: {response}";
        await PlayAsync($"S: +OK\nC: CAPA\nS: +OK\nS: SASL PLAIN\nS: .\n{exchange}\nS: +OK", async peer =>
        {
            await using Pop3Session session = await OpenAsync(peer);
            await session.CapabilitiesAsync();
            await using Maildrop maildrop = await session.AuthenticateAsync(new Plain("mrose", new(password)));
        });
    }

    // 5034-4-b
    [Fact]
    public Task An_empty_initial_response_is_an_equals_sign_and_an_empty_later_one_an_empty_line() => PlayAsync("""
        S: +OK
        C: CAPA
        S: +OK
        S: sasl x-test
        S: .
        C: AUTH X-TEST =
        S: +\x20
        C:
        S: + dj1zZXJ2ZXI=
        C:
        S: +OK
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await session.CapabilitiesAsync();
        TestMechanism mechanism = new("", "", "");
        await using Maildrop maildrop = await session.AuthenticateAsync(mechanism);
        Assert.Equal(["", "", "v=server"], mechanism.Challenges);
    });

    // 5034-3-a
    [Theory]
    [InlineData("SASL LOGIN", "LOGIN")]
    [InlineData("USER", "no AUTH at all")]
    [InlineData(@"SASL \x1B[2J", @"\x1B[2J")]
    public Task A_mechanism_that_is_not_announced_is_not_tried(string capability, string complaint) => PlayAsync(
        $"S: +OK\nC: CAPA\nS: +OK\nS: {capability}\nS: .\nHANG", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await session.CapabilitiesAsync();
        NotSupportedException refusal = await Assert.ThrowsAsync<NotSupportedException>(
            async () => await session.AuthenticateAsync(new Plain("mrose", Password)));
        Assert.Contains(complaint, refusal.Message, StringComparison.Ordinal);
    });

    // A-06, 5802-2.2: success before the mechanism has verified the server is no success.
    [Theory]
    [InlineData("S: +OK welcome")]
    [InlineData("S: + Y2hhbGxlbmdl\nC: b25l\nS: +OK")]
    public Task A_success_that_comes_too_early_is_a_violation(string exchange) => BreakAsync(
        $"S: +OK\nC: AUTH X-TEST\n{exchange}\nHANG", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await session.AuthenticateAsync(new TestMechanism("one", "two")));
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await session.CapabilitiesAsync());
    });

    // A-07, 5034-4-f, 5034-4-g
    [Theory]
    [InlineData("+ !!!!")]
    [InlineData("+ YQ ==")]
    [InlineData("+ YQ==YQ==")]
    [InlineData("+ YQ=")]
    [InlineData("+ Y=Q=")]
    [InlineData("+ Y")]
    [InlineData(@"+ YQ==\t")]
    public Task A_challenge_that_is_not_base64_is_cancelled(string challenge) => BreakAsync(
        $"S: +OK\nC: AUTH X-TEST\nS: {challenge}\nC: *\nHANG", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await session.AuthenticateAsync(new TestMechanism("one", "two")));
    });

    [Fact]
    public Task A_challenge_too_many_is_cancelled() => BreakAsync("""
        S: +OK
        C: AUTH PLAIN
        S: +
        C: AG1yb3NlAHNlY3JldA==
        S: + bW9yZQ==
        C: *
        HANG
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await session.AuthenticateAsync(new Plain("mrose", Password)));
    });

    [Fact]
    public async Task Challenges_without_end_are_cancelled()
    {
        string rounds = string.Concat(Enumerable.Repeat("S: + bW9yZQ==\nC: eA==\n", SaslMechanism.MaxRounds));
        await BreakAsync($"S: +OK\nC: AUTH X-TEST\n{rounds}S: + bW9yZQ==\nC: *\nHANG", async peer =>
        {
            await using Pop3Session session = await OpenAsync(peer);
            await Assert.ThrowsAsync<ProtocolViolationException>(
                async () => await session.AuthenticateAsync(new TestMechanism([.. Enumerable.Repeat("x", 20)])));
        });
    }

    [Theory]
    [InlineData(SaslMechanism.MaxChallengeLength, true)]
    [InlineData(SaslMechanism.MaxChallengeLength + 4, false)]
    public Task A_challenge_has_a_limit(int length, bool isTaken) => BreakAsync(
        $"S: +OK\nC: AUTH X-TEST\nS: + {new string('A', length)}\n{(isTaken ? "C: eA==\nS: -ERR\n" : "")}HANG", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await Assert.ThrowsAsync(
            isTaken ? typeof(Pop3NegativeResponseException) : typeof(ProtocolViolationException),
            async () => await session.AuthenticateAsync(new TestMechanism("x")));
    });

    // 5034-4-o
    [Fact]
    public Task After_a_refusal_another_sign_in_may_be_tried() => PlayAsync("""
        S: +OK
        C: AUTH LOGIN
        S: -ERR no such mechanism
        C: USER mrose
        S: +OK
        C: PASS secret
        S: +OK
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        Pop3NegativeResponseException refusal = await Assert.ThrowsAsync<Pop3NegativeResponseException>(
            async () => await session.AuthenticateAsync(new Login("mrose", Password)));
        Assert.Equal("AUTH LOGIN", refusal.Command);
        await using Maildrop maildrop = await session.LogInAsync("mrose", Password);
    });

    // W-05: every mechanism with a canary, and nothing that was seen holds it, in plain or in base64.
    [Theory]
    [InlineData("USER")]
    [InlineData("APOP")]
    [InlineData("PLAIN")]
    [InlineData("PLAIN in two lines")]
    [InlineData("LOGIN")]
    [InlineData("XOAUTH2")]
    public async Task No_secret_is_in_the_transcript_or_in_an_error(string way)
    {
        const string Canary = "Canary-b1rd";
        string encoded = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(Canary));
        (string script, Func<SaslMechanism>? mechanism) = way switch
        {
            "USER" => ($"C: USER mrose\nS: +OK\nC: PASS {Canary}", null),
            "APOP" => ("C: APOP mrose 1f0dd4bf24b7a1e1f0a3ba6e5dbb2b1c", null),
            "PLAIN" => ($"C: CAPA\nS: +OK\nS: SASL PLAIN\nS: .\nC: AUTH PLAIN {Plain(Canary)}", () => new Plain("mrose", new(Canary))),
            "PLAIN in two lines" => ($"C: AUTH PLAIN\nS: +\nC: {Plain(Canary)}", () => new Plain("mrose", new(Canary))),
            "LOGIN" => ($"C: AUTH LOGIN\nS: +\nC: bXJvc2U=\nS: +\nC: {encoded}", () => new Login("mrose", new(Canary))),
            _ => ((string, Func<SaslMechanism>?))($"C: AUTH XOAUTH2\nS: +\nC: {XOAuth2(Canary)}\nS: + {encoded}\nC:", () => new XOAuth2("mrose", new(Canary))),
        };
        RecordedTranscript transcript = new();
        script = script.Replace("1f0dd4bf24b7a1e1f0a3ba6e5dbb2b1c", Digest(Canary), StringComparison.Ordinal);
        await PlayAsync($"S: +OK <1@host>\n{script}\nS: -ERR no", async peer =>
        {
            await using Pop3Session session = await OpenAsync(peer, new() { Transcript = transcript });
            if (script.Contains("CAPA", StringComparison.Ordinal))
                await session.CapabilitiesAsync();
            Pop3NegativeResponseException refusal = await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () =>
                await (way == "USER" ? session.LogInAsync("mrose", new(Canary))
                    : way == "APOP" ? session.AuthenticateByApopAsync("mrose", new(Canary))
                    : session.AuthenticateAsync(mechanism!())));

            string seen = transcript.ToString() + (way == "XOAUTH2" ? "" : refusal.ToString());
            Assert.Contains("***", seen, StringComparison.Ordinal);
            foreach (string secret in new[] { Canary, encoded, Plain(Canary), XOAuth2(Canary), Digest(Canary) })
                Assert.DoesNotContain(secret, seen, StringComparison.Ordinal);
        });
    }

    private static string Plain(string password) => Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"\0mrose\0{password}"));

    private static string XOAuth2(string token) =>
        Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"user=mrose\u0001auth=Bearer {token}\u0001\u0001"));

#pragma warning disable CA5351 // APOP is MD5
    private static string Digest(string secret) =>
        Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.ASCII.GetBytes("<1@host>" + secret)));
#pragma warning restore CA5351

    /// <summary>Answers with the given responses, one a challenge, and is complete after the last.</summary>
    private sealed class TestMechanism(params string[] responses) : SaslMechanism
    {
        public List<string> Challenges { get; } = [];
        public override string Name => "X-TEST";
        public override bool IsClientFirst => true;
        public override bool IsComplete => Challenges.Count == responses.Length;

        public override ValueTask<byte[]> RespondAsync(ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken = default)
        {
            Challenges.Add(System.Text.Encoding.ASCII.GetString(challenge.Span));
            return new(System.Text.Encoding.ASCII.GetBytes(responses[Challenges.Count - 1]));
        }
    }
}
