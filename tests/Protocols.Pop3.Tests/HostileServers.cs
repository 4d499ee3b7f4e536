using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using static EmailSync.Protocols.Pop3.Tests.Sessions;

namespace EmailSync.Protocols.Pop3.Tests;

/// <summary>Servers, or someone between, who mean harm. The names are those of the threat model.</summary>
public sealed class HostileServers
{
    [Theory]
    [InlineData("S: +OK injected")]
    [InlineData("S: +OK\nS: SASL LOGIN\nS: .")]
    [InlineData("S~ +OK inj")]
    public Task T_01_a_response_injected_before_TLS_is_never_believed(string injected) => Transcript.BreakAsync(
        $"S: +OK ready\nC: STLS\nS: +OK begin\n{injected}", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        // What comes later is the TLS layer's to refuse: it is no TLS record.
        Exception thrown = await Assert.ThrowsAnyAsync<Exception>(async () => await session.StartTlsAsync(peer.UpgradeAsync));
        Assert.True(thrown is ProtocolViolationException or HandshakeFailedException, $"{thrown}");
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await session.CapabilitiesAsync());
    });

    // T-02, T-03
    [Theory]
    [InlineData("-ERR not here", typeof(Pop3NegativeResponseException))]
    [InlineData("+Okay, do your thing.", typeof(ProtocolViolationException))]
    [InlineData("+ok", typeof(ProtocolViolationException))]
    [InlineData("220 go ahead", typeof(ProtocolViolationException))]
    public Task T_03_only_a_strict_OK_begins_TLS_and_no_secret_goes_out_in_clear(string answer, Type exception) => Transcript.BreakAsync(
        $"S: +OK ready\nC: STLS\nS: {answer}\nHANG", async peer =>
    {
        // Not even where the options would let a password go in clear.
        await using Pop3Session session = await OpenAsync(peer, new() { AllowCleartextPasswords = true });
        await Assert.ThrowsAsync(exception, async () => await session.StartTlsAsync(peer.UpgradeAsync));
        Assert.False(session.IsEncrypted);
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await session.LogInAsync("mrose", Password));
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await session.AuthenticateAsync(new Plain("mrose", Password)));
    });

    [Fact]
    public Task T_04_nothing_learned_in_clear_survives_TLS() => Transcript.PlayAsync("""
        S: +OK ready <1896.697170952@dbc.mtview.ca.us>
        C: CAPA
        S: +OK
        S: RESP-CODES
        S: PIPELINING
        S: STLS
        S: .
        C: STLS
        S: +OK
        TLS
        C: USER mrose
        S: -ERR [AUTH] no
        HANG
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await session.CapabilitiesAsync();
        await session.StartTlsAsync(peer.UpgradeAsync);
        Assert.Null(session.Capabilities);
        await Assert.ThrowsAsync<EncryptionRequiredException>(async () => await session.AuthenticateByApopAsync("mrose", Password));
        Pop3NegativeResponseException refusal = await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await session.LogInAsync("mrose", Password));
        Assert.Null(refusal.Response.Code);
    });

    [Fact]
    public Task T_05_no_secret_goes_over_a_stream_that_is_not_encrypted_whatever_the_server_says() => Transcript.PlayAsync("""
        S: +OK it is all right to use PLAIN here <1896.697170952@dbc.mtview.ca.us>
        C: CAPA
        S: +OK
        S: USER
        S: SASL PLAIN LOGIN XOAUTH2
        S: .
        HANG
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await session.CapabilitiesAsync();
        await Assert.ThrowsAsync<EncryptionRequiredException>(async () => await session.LogInAsync("mrose", Password));
        await Assert.ThrowsAsync<EncryptionRequiredException>(async () => await session.AuthenticateByApopAsync("mrose", Password));
        await Assert.ThrowsAsync<EncryptionRequiredException>(async () => await session.AuthenticateAsync(new Plain("mrose", Password)));
        await Assert.ThrowsAsync<EncryptionRequiredException>(async () => await session.AuthenticateAsync(new Login("mrose", Password)));
        await Assert.ThrowsAsync<EncryptionRequiredException>(async () => await session.AuthenticateAsync(new XOAuth2("mrose", Password)));
    });

    [Fact]
    public Task T_05_unless_the_options_say_so() => Transcript.PlayAsync(SignIn, async peer =>
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream, options: new() { AllowCleartextPasswords = true });
    });

    [Theory]
    [InlineData("S: +OK 2 messages (320 octets)\nS: 1 120\nS: 2 200\nS: .")]
    [InlineData("S: +OK ready\nS: +OK ready")]
    public async Task T_06_a_greeting_that_goes_on_fails_the_session(string greeting)
    {
        using ScriptedPeer peer = Transcript.Pause(greeting + "\nHANG", isEncrypted: true);
        await using Pop3Session session = await OpenAsync(peer);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await session.LogInAsync("mrose", Password));
        peer.Dispose();
        peer.AssertDone();
    }

    [Theory]
    [InlineData("-ERR go away", typeof(Pop3NegativeResponseException))]
    [InlineData("-ERR [SYS/PERM] go away", typeof(Pop3NegativeResponseException))]
    [InlineData("220 smtp.example.com ESMTP", typeof(ProtocolViolationException))]
    [InlineData("* OK IMAP4rev1", typeof(ProtocolViolationException))]
    [InlineData("", typeof(ProtocolViolationException))]
    public Task T_07_after_a_bad_greeting_nothing_is_sent_and_the_connection_closes(string greeting, Type exception) => Transcript.BreakAsync(
        $"S: {greeting}\nHANG", async peer =>
    {
        await Assert.ThrowsAsync(exception, async () => await OpenAsync(peer));
        Assert.True(peer.IsClosed);
    });

    [Fact]
    public Task T_09_what_a_server_says_is_shown_as_data() => Transcript.PlayAsync(
        @"S: +OK \x1B[31mALERT\x1B[0m \xE2\x80\xAEtfel\x7F \x9B31m caf\xC3\xA9" + new string('x', 400), async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        Assert.DoesNotContain(session.Greeting, c => char.IsControl(c) || c == '\u202E');
        Assert.StartsWith(@"\x1B[31mALERT\x1B[0m ", session.Greeting, StringComparison.Ordinal);
        Assert.Equal(200, session.Greeting.Length);
        Assert.EndsWith("x…", session.Greeting, StringComparison.Ordinal);
    });

    [Fact]
    public Task T_11_no_TLS_inside_TLS() => PlayAsync("S: +OK ready\nC: CAPA\nS: +OK\nS: STLS\nS: .\nHANG", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await session.CapabilitiesAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await session.StartTlsAsync(peer.UpgradeAsync));
    });

    // P-05
    [Theory]
    [InlineData("-1 120")]
    [InlineData("+1 120")]
    [InlineData("0 120")]
    [InlineData("1e9 120")]
    [InlineData("0x1 120")]
    [InlineData("2147483648 120")]
    [InlineData("4294967297 120")]
    [InlineData("1 9223372036854775808")]
    [InlineData("1 99999999999999999999")]
    [InlineData("1 -120")]
    [InlineData("1 ")]
    [InlineData("1")]
    [InlineData(" 1 120")]
    [InlineData("")]
    [InlineData("1 120x")]
    [InlineData("\u0661 120")]
    [InlineData("1000001 120")]
    public Task P_05_numbers_are_ASCII_digits_in_range(string line) => BreakInMaildropAsync($"C: LIST\nS: +OK\nS: {line}\nHANG", async maildrop =>
    {
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await maildrop.ListAsync().ToListAsync());
        await maildrop.DisposeAsync();
    });

    [Theory]
    [InlineData("1 9223372036854775807", 1, long.MaxValue)]
    [InlineData("007 0120", 7, 120)]
    [InlineData("1000000 0", 1_000_000, 0)]
    public Task P_05_and_large_ones_are_fine(string line, int number, long octets) => InMaildropAsync(
        $"C: LIST\nS: +OK\nS: {line}\nS: .",
        async maildrop => Assert.Equal([new(number, octets)], await maildrop.ListAsync().ToListAsync()));

    [Fact]
    public Task P_06_gaps_and_any_order_are_fine_the_same_number_twice_is_not() => InMaildropAsync("""
        C: UIDL
        S: +OK
        S: 700 c
        S: 3 a
        S: 12 b
        S: .
        C: UIDL
        S: +OK
        S: 700 c
        S: 3 a
        S: 700 c
        HANG
        """, async maildrop =>
    {
        Assert.Equal([700, 3, 12], (await maildrop.ListUniqueIdsAsync().ToListAsync()).Select(listing => listing.MessageNumber));
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await maildrop.ListUniqueIdsAsync((_, _) => { }));
        await maildrop.DisposeAsync();
    });

    [Fact]
    public Task P_07_ids_of_all_kinds_come_through_and_say_what_they_are_worth() => InMaildropAsync("""
        C: UIDL
        S: +OK
        S: 1
        S: 2\x20
        S: 3 with blanks
        S: 4 \xE9
        S: 5 \x1B[2J
        S: 6 ../../etc/passwd
        S: 7 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        S: 8 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        S: 9 \0
        S: .
        """, async maildrop =>
    {
        List<UniqueIdListing> listings = await maildrop.ListUniqueIdsAsync().ToListAsync();
        Assert.Equal("with blanks", listings[2].UniqueId);
        Assert.Equal("\u00E9", listings[3].UniqueId);
        Assert.Equal([3, 4, 6, 7, 8], listings.Where(listing => listing.IsUsable).Select(listing => listing.MessageNumber));
        Assert.Equal([6, 8], listings.Where(listing => listing.IsConforming).Select(listing => listing.MessageNumber));
    });

    [Theory]
    [InlineData("CAPA")]
    [InlineData("LIST")]
    [InlineData("UIDL")]
    public async Task P_04_a_listing_has_an_end(string command)
    {
        string lines = string.Join('\n', Enumerable.Range(1, 11).Select(number => $"S: {number} {number}"));
        await BreakAsync(SignIn + $"C: {command}\nS: +OK\n{lines}\nHANG", async peer =>
        {
            await using Maildrop maildrop = await SignInAsync(peer.Stream, options: new() { MaxMessages = 10, MaxCapabilities = 10 });
            await Assert.ThrowsAsync<ProtocolViolationException>(async () =>
            {
                if (command == "CAPA")
                    await maildrop.CapabilitiesAsync();
                else if (command == "LIST")
                    await maildrop.ListAsync().ToListAsync();
                else
                    await maildrop.ListUniqueIdsAsync((_, _) => { });
            });
        });
    }

    // P-01
    [Theory]
    [InlineData("C: NOOP\nS~ +OK ", 8 * 1024)]
    [InlineData("C: UIDL\nS: +OK\nS~ 1 ", 1024)]
    public Task P_01_a_line_has_an_end(string script, int limit) => BreakAsync(SignIn + script + new string('x', limit) + "\nHANG", async peer =>
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream);
        await Assert.ThrowsAsync<ProtocolViolationException>(async () =>
        {
            if (script.Contains("NOOP", StringComparison.Ordinal))
                await maildrop.NoOpAsync();
            else
                await maildrop.ListUniqueIdsAsync().ToListAsync();
        });
    });

    // P-02
    [Fact]
    public Task P_02_a_line_of_a_message_has_no_limit()
    {
        string line = new('x', 300_000);
        return InMaildropAsync($"C: RETR 1\nS: +OK\nS: {line}\nS: .", async maildrop =>
            Assert.Equal(line + "\r\n", await maildrop.RetrieveTextAsync(1)));
    }

    [Theory]
    [InlineData("+OKAY")]
    [InlineData("+ok")]
    [InlineData(" +OK")]
    [InlineData(@"+OK\t")]
    [InlineData(@"\xEF\xBB\xBF+OK")]
    [InlineData("-err")]
    [InlineData("-ERROR")]
    [InlineData("OK")]
    [InlineData("+")]
    [InlineData("+ OK")]
    [InlineData(@"+OK\0")]
    public Task P_11_a_status_is_one_of_two_words_exactly(string line) => BreakInMaildropAsync($"C: NOOP\nS: {line}\nHANG", async maildrop =>
    {
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await maildrop.NoOpAsync());
        await maildrop.DisposeAsync();
    });

    [Fact]
    public async Task P_12_two_responses_to_one_command_fail_the_session()
    {
        using ScriptedPeer peer = Transcript.Pause(SignIn + """
            C: NOOP
            S: +OK
            S: +OK
            HANG
            """, isEncrypted: true);
        await using Maildrop maildrop = await SignInAsync(peer.Stream);
        await maildrop.NoOpAsync();
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await maildrop.NoOpAsync());
        peer.Dispose();
        peer.AssertDone();
    }

    [Theory]
    [InlineData("S: +OK\nS: text\nS~ .\\r\\n+OK")]
    [InlineData("S: +OK\nS: text\nS~ text")]
    [InlineData("S: +OK\nS: text\nS~ .")]
    [InlineData("S: +OK\nS: text\nS~ .\\r")]
    [InlineData("S: +OK")]
    public Task T_13_a_message_that_does_not_end_is_no_message(string answer) => BreakAsync(
        SignInWith("PIPELINING") + $"C: RETR 1\nC: RETR 2\n{answer}", async peer =>
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream, asksCapabilities: true);
        RecordingSink sink = new();
        await Assert.ThrowsAnyAsync<IOException>(async () => await maildrop.RetrieveAsync([1, 2], sink));
        Assert.True(sink.Messages is [] or ["1: text"]);
    });

    // I-02
    [Theory]
    [InlineData("mrose\r\nDELE 1", "secret")]
    [InlineData("mrose", "secret\n")]
    [InlineData("mrose", "sec\0ret")]
    [InlineData("mrose", "")]
    public Task I_02_a_line_end_in_a_name_or_a_password_reaches_no_wire(string name, string password) => PlayAsync(
        "S: +OK <1@host>\nHANG", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await Assert.ThrowsAsync<ArgumentException>(async () => await session.LogInAsync(name, new(password)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await session.AuthenticateByApopAsync(name, new(password)));
    });

    [Fact]
    public Task A_command_longer_than_255_octets_is_not_sent() => PlayAsync("S: +OK", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        ArgumentException refusal = await Assert.ThrowsAsync<ArgumentException>(async () => await session.LogInAsync("mrose", new(new string('x', 249))));
        Assert.Contains("AUTH PLAIN", refusal.Message, StringComparison.Ordinal);
    });
}
