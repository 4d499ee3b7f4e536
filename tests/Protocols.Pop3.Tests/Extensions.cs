using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire.Sasl;
using static EmailSync.Protocols.Pop3.Tests.Sessions;

namespace EmailSync.Protocols.Pop3.Tests;

/// <summary>The example sessions of RFC 2449, 2595, 3206, 5034 and 6856, by section, each in every fragmentation.</summary>
public sealed class Extensions
{
    [Fact]
    public Task Rfc2449_section_5_capa() => Transcript.PlayAsync("""
        S: +OK ready
        C: CAPA
        S: +OK Capability list follows
        S: TOP
        S: USER
        S: SASL CRAM-MD5 KERBEROS_V4
        S: RESP-CODES
        S: LOGIN-DELAY 900
        S: PIPELINING
        S: EXPIRE 60
        S: UIDL
        S: IMPLEMENTATION Shlemazle-Plotz-v302
        S: x-unknown a b
        S: .
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        Pop3Capabilities? capabilities = await session.CapabilitiesAsync();
        Assert.NotNull(capabilities);
        Assert.True(capabilities is { HasTop: true, HasUser: true, HasResponseCodes: true, HasPipelining: true, HasUniqueIds: true });
        Assert.True(capabilities is { HasStartTls: false, HasUtf8: false, HasUtf8User: false, HasAuthResponseCode: false, ExpiresNever: false });
        Assert.Equal(["CRAM-MD5", "KERBEROS_V4"], capabilities.SaslMechanisms!.Order());
        Assert.Equal(TimeSpan.FromSeconds(900), capabilities.LoginDelay);
        Assert.Equal(60, capabilities.ExpireDays);
        Assert.Equal("Shlemazle-Plotz-v302", capabilities.Implementation);
        Assert.Equal(["a", "b"], capabilities.Parameters("X-UNKNOWN"));
        Assert.Same(capabilities, session.Capabilities);
    });

    [Fact]
    public Task Rfc2449_section_5_capa_refused_means_nothing_is_known() => Transcript.PlayAsync("""
        S: +OK ready
        C: CAPA
        S: +OK
        S: PIPELINING
        S: .
        C: CAPA
        S: -ERR unknown command
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        Assert.NotNull(await session.CapabilitiesAsync());
        Assert.Null(await session.CapabilitiesAsync());
        Assert.Null(session.Capabilities);
    });

    [Theory]
    [InlineData("EXPIRE NEVER", null, true)]
    [InlineData("EXPIRE never", null, true)]
    [InlineData("EXPIRE 0", 0, false)]
    [InlineData("EXPIRE 30 USER", 30, false)]
    [InlineData("EXPIRE -1", null, false)]
    [InlineData("EXPIRE 99999999999999999999", null, false)]
    [InlineData("EXPIRE", null, false)]
    public Task Rfc2449_section_6_7_expire(string line, int? days, bool never) => Transcript.PlayAsync(
        $"S: +OK\nC: CAPA\nS: +OK\nS: {line}\nS: .", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        Pop3Capabilities? capabilities = await session.CapabilitiesAsync();
        Assert.Equal((days, never), (capabilities!.ExpireDays, capabilities.ExpiresNever));
        Assert.Equal(line.EndsWith("USER", StringComparison.Ordinal), capabilities.IsExpirePerUser);
    });

    [Theory]
    [InlineData("LOGIN-DELAY 180", 180, false)]
    [InlineData("LOGIN-DELAY 180 USER", 180, true)]
    [InlineData("LOGIN-DELAY 180 user", 180, true)]
    [InlineData("LOGIN-DELAY USER", null, false)]
    public Task Rfc2449_section_6_5_login_delay(string line, int? seconds, bool isPerUser) => Transcript.PlayAsync(
        $"S: +OK\nC: CAPA\nS: +OK\nS: {line}\nS: .", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        Pop3Capabilities? capabilities = await session.CapabilitiesAsync();
        Assert.Equal((seconds, isPerUser), ((int?)capabilities!.LoginDelay?.TotalSeconds, capabilities.IsLoginDelayPerUser));
    });

    [Fact]
    public Task Rfc2449_section_8_1_2_in_use() => PlayAsync("""
        S: +OK ready <1896.697170952@dbc.mtview.ca.us>
        C: CAPA
        S: +OK
        S: RESP-CODES
        S: .
        C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
        S: -ERR [IN-USE] Do you have another POP session running?
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await session.CapabilitiesAsync();
        Pop3NegativeResponseException refusal = await Assert.ThrowsAsync<Pop3NegativeResponseException>(
            async () => await session.AuthenticateByApopAsync("mrose", new("tanstaaf")));
        Assert.True(refusal.Response.Code!.Value.IsWithin(ResponseCode.InUse));
        Assert.Equal("[IN-USE] Do you have another POP session running?", refusal.Response.Text);
    });

    // 2449-6.4-a: without RESP-CODES a bracket is text.
    [Fact]
    public Task Rfc2449_section_6_4_no_resp_codes_no_code() => InMaildropAsync("""
        C: NOOP
        S: -ERR [SYS/TEMP] not now
        """, async maildrop =>
    {
        Pop3NegativeResponseException refusal = await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.NoOpAsync());
        Assert.Null(refusal.Response.Code);
        Assert.Equal("[SYS/TEMP] not now", refusal.Response.Text);
    });

    // RFC 3206, and 2449-8-b, 2449-8-c: case does not matter, unknown detail is ignored.
    [Theory]
    [InlineData("[SYS/TEMP] x", "SYS/TEMP", true)]
    [InlineData("[sys/temp/disk] x", "SYS/TEMP/DISK", true)]
    [InlineData("[SYS/TEMPORARY] x", "SYS/TEMPORARY", false)]
    [InlineData("[SYS] x", "SYS", false)]
    [InlineData("[AUTH]", "AUTH", false)]
    [InlineData("[] x", null, false)]
    [InlineData("[SYS TEMP] x", null, false)]
    [InlineData("[/SYS] x", null, false)]
    [InlineData("[SYS/] x", null, false)]
    [InlineData("[SYS//TEMP] x", null, false)]
    [InlineData("[SYS/TEMP x", null, false)]
    [InlineData("x [SYS/TEMP]", null, false)]
    public Task Rfc3206_codes_are_hierarchical(string text, string? code, bool isSysTemp) => PlayAsync(
        SignInWith("RESP-CODES") + $"C: NOOP\nS: -ERR {text}", async peer =>
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream, asksCapabilities: true);
        Pop3NegativeResponseException refusal = await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.NoOpAsync());
        Assert.Equal(code, refusal.Response.Code?.Value);
        Assert.Equal(isSysTemp, refusal.Response.Code?.IsWithin(ResponseCode.SysTemp) ?? false);
        Assert.Equal(text, refusal.Response.Text);
    });

    [Fact]
    public Task Rfc5034_section_6_stls_and_an_initial_response() => Transcript.PlayAsync("""
        S: +OK pop.example.com BlurdyBlurp POP3 server ready
        C: CAPA
        S: +OK List of capabilities follows
        S: SASL DIGEST-MD5 GSSAPI ANONYMOUS
        S: STLS
        S: IMPLEMENTATION BlurdyBlurp POP3 server
        S: .
        C: STLS
        S: +OK Begin TLS negotiation now
        TLS
        C: CAPA
        S: +OK List of capabilities follows
        S: SASL PLAIN DIGEST-MD5 GSSAPI ANONYMOUS
        S: IMPLEMENTATION BlurdyBlurp POP3 server
        S: .
        C: AUTH PLAIN dGVzdAB0ZXN0AHRlc3Q=
        S: +OK Maildrop locked and ready
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        Assert.True((await session.CapabilitiesAsync())!.HasStartTls);
        Assert.False(session.IsEncrypted);
        await session.StartTlsAsync(peer.UpgradeAsync);
        Assert.True(session.IsEncrypted);
        Assert.Null(session.Capabilities);
        await session.CapabilitiesAsync();
        await using Maildrop maildrop = await session.AuthenticateAsync(new Plain("test", new("test"), authorizationIdentity: "test"));
    });

    [Fact]
    public Task Rfc5034_section_6_without_an_initial_response() => PlayAsync("""
        S: +OK pop.example.com BlurdyBlurp POP3 server ready
        C: AUTH PLAIN
        S: +\x20
        C: dGVzdAB0ZXN0AHRlc3Q=
        S: +OK Maildrop locked and ready
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await using Maildrop maildrop = await session.AuthenticateAsync(new Plain("test", new("test"), authorizationIdentity: "test"));
    });

    // Section 4 shows a second STLS being refused; we do not even send it.
    [Fact]
    public Task Rfc2595_section_4_the_examples() => Transcript.PlayAsync("""
        S: +OK ready
        C: STLS
        S: +OK Begin TLS negotiation
        TLS
        C: QUIT
        S: +OK
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await session.StartTlsAsync(peer.UpgradeAsync);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await session.StartTlsAsync(peer.UpgradeAsync));
        await session.QuitAsync();
    });

    // The mechanism of the example is historic (RFC 6331); its exchange is played by one that says what it says.
    [Fact]
    public Task Rfc5034_section_6_a_mechanism_whose_server_ends() => PlayAsync($"""
        S: +OK pop.example.com BlurdyBlurp POP3 server ready
        C: CAPA
        S: +OK List of capabilities follows
        S: SASL DIGEST-MD5 GSSAPI ANONYMOUS
        S: STLS
        S: IMPLEMENTATION BlurdyBlurp POP3 server
        S: .
        C: AUTH DIGEST-MD5
        S: + cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoIixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==
        C: {Digest}
        S: + cnNwYXV0aD0wYjk3MTQ2MmNlZjVlOGY5MzBkYjlhMzNiMDJmYzlhMA==
        C:
        S: +OK Maildrop locked and ready
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await session.CapabilitiesAsync();
        ServerFirst mechanism = new();
        await using Maildrop maildrop = await session.AuthenticateAsync(mechanism);
        Assert.Equal("rspauth=0b971462cef5e8f930db9a33b02fc9a0", mechanism.LastChallenge);
    });

    private const string Digest =
        "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25j"
        + "ZT0iT0E2TUhYaDZWcVRyUmsiLGRpZ2VzdC11cmk9InBvcC9lbHdvb2QuaW5ub3NvZnQuY29tIixyZXNwb25zZT1iMGQ1NmQyZjA1NGMyNGI2MjA3MjMyMjEwNjQ2OGRiOSxxb3A9YXV0aA==";

    /// <summary>Says what the example's client says.</summary>
    private sealed class ServerFirst : SaslMechanism
    {
        private int _responses;

        public string LastChallenge { get; private set; } = "";
        public override string Name => "DIGEST-MD5";
        public override bool IsClientFirst => false;
        public override bool IsComplete => _responses == 2;

        public override ValueTask<byte[]> RespondAsync(ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken = default)
        {
            LastChallenge = System.Text.Encoding.ASCII.GetString(challenge.Span);
            return new(_responses++ == 0 ? Convert.FromBase64String(Digest) : []);
        }
    }

    [Fact]
    public Task Rfc6856_section_2_utf8() => PlayAsync("""
        S: +OK ready
        C: CAPA
        S: +OK
        S: UTF8 USER
        S: .
        C: UTF8
        S: +OK
        C: USER jörg
        S: +OK
        C: PASS pässword
        S: +OK
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        Assert.True((await session.CapabilitiesAsync())!.HasUtf8User);
        await session.EnableUtf8Async();
        await using Maildrop maildrop = await session.LogInAsync("jörg", new("pässword"));
    });

    // 6856-2.2-a
    [Fact]
    public Task Rfc6856_section_2_2_without_UTF8_USER_nothing_but_ASCII_is_sent() => PlayAsync("S: +OK ready\nHANG", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await Assert.ThrowsAsync<ArgumentException>(async () => await session.LogInAsync("jörg", Password));
        await Assert.ThrowsAsync<ArgumentException>(async () => await session.LogInAsync("mrose", new("pässword")));
    });

    // 6856-2.1-c
    [Fact]
    public Task Rfc6856_section_2_1_no_stls_after_utf8() => Transcript.PlayAsync("S: +OK ready\nC: UTF8\nS: +OK", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await session.EnableUtf8Async();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await session.StartTlsAsync(peer.UpgradeAsync));
    });

    [Fact]
    public Task Rfc6856_section_3_2_lang() => PlayAsync("""
        S: +OK ready
        C: LANG MUL
        S: -ERR invalid language MUL
        C: LANG
        S: +OK Language listing follows:
        S: en English
        S: en-boont English Boontling dialect
        S: de Deutsch
        S: es
        S: .
        C: LANG
        S: -ERR Server is unable to list languages
        C: LANG es
        S: +OK es Idioma cambiado
        C: LANG uga
        S: -ERR es Idioma <<UGA>> no es conocido
        C: LANG sv
        S: +OK sv Kommandot "LANG" lyckades
        C: LANG *
        S: +OK es Idioma cambiado
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await session.SetLanguageAsync("MUL"));
        Assert.Equal(
            [new("en", "English"), new("en-boont", "English Boontling dialect"), new("de", "Deutsch"), new("es", "")],
            await session.LanguagesAsync());
        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await session.LanguagesAsync());
        await session.SetLanguageAsync("es");
        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await session.SetLanguageAsync("uga"));
        await session.SetLanguageAsync("sv");
        await session.SetLanguageAsync("*");
    });
}
