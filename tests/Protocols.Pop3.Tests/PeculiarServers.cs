using System.Collections;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using static EmailSync.Protocols.Pop3.Tests.Sessions;

namespace EmailSync.Protocols.Pop3.Tests;

/// <summary>Servers met in the field, each as its transcript, named after the thread in which it was reported.</summary>
public sealed class PeculiarServers
{
    // MailKit 872: 20,437 messages, and an octet count that has wrapped around.
    [Theory]
    [InlineData("+OK 20437 -2147483648", null)]
    [InlineData("+OK 20437", null)]
    [InlineData("+OK 20437 99999999999999999999", null)]
    [InlineData("+OK 20437 4294967296 octets", 4294967296)]
    public Task MailKit_872_stat_with_octets_that_cannot_be_true(string line, long? octets) => InMaildropAsync(
        $"C: STAT\nS: {line}",
        async maildrop => Assert.Equal(new DropListing(20437, octets), await maildrop.StatAsync()));

    // MailKit 391
    [Fact]
    public Task Exchange_2003_says_OK_where_it_means_go_on() => PlayAsync("""
        S: +OK Microsoft Exchange Server 2003 POP3 server version 6.5.7638.1 ready.
        C: AUTH PLAIN
        S: +OK
        C: AHRlc3QAdGVzdA==
        S: +OK User successfully logged on.
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await using Maildrop maildrop = await session.AuthenticateAsync(new Plain("test", new("test")));
    });

    // MailKit 268
    [Theory]
    [InlineData("+ go ahead")]
    [InlineData("+")]
    [InlineData("+ ")]
    [InlineData("+ dGV4dA==")]
    public Task MailKit_268_words_where_an_empty_challenge_belongs(string challenge) => PlayAsync(
        $"S: +OK\nC: AUTH PLAIN\nS: {challenge}\nC: AHRlc3QAdGVzdA==\nS: +OK", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await using Maildrop maildrop = await session.AuthenticateAsync(new Plain("test", new("test")));
    });

    // MailKit 529, curl 3278, MailKit 395
    [Theory]
    [InlineData("mail.test POP3 ready <F201706231210.AA102635MD1932@mail.test>", "<F201706231210.AA102635MD1932@mail.test>")]
    [InlineData("<16184.1473445882@mail3.gohsphere.com>", "<16184.1473445882@mail3.gohsphere.com>")]
    [InlineData("E.Novation POP3 server ready <a.b.c>", null)]
    [InlineData("<a.b.c> ready <1.2@host>", "<1.2@host>")]
    [InlineData("ready <<1.2@host>", "<1.2@host>")]
    // what the attack needs is no msg-id.
    [InlineData("ready <1@2@host>", null)]
    [InlineData("ready <@host>", null)]
    [InlineData("ready <1@>", null)]
    [InlineData("ready <1..2@host>", null)]
    [InlineData("ready <1 2@host>", null)]
    [InlineData("ready <1\u00802@host>", null)]
    [InlineData("ready <1\u00012@host>", null)]
    public void A_01_Gohsphere_and_E_Novation_the_timestamp_is_wherever_it_is_and_strictly_a_message_id(string greeting, string? timestamp) =>
        Assert.Equal(timestamp, ApopTimestamp.Find(System.Text.Encoding.Latin1.GetBytes("+OK " + greeting)));

    //
    [Fact]
    public void A_02_a_greeting_of_nothing_but_brackets_is_read_in_one_pass() =>
        Assert.Null(ApopTimestamp.Find([.. Enumerable.Repeat((byte)'<', 4000), .. Enumerable.Repeat((byte)'>', 4000)]));

    // MailKit 395: APOP refused, and closed.
    [Fact]
    public Task Gohsphere_refuses_and_closes_and_the_refusal_is_what_counts() => BreakAsync("""
        S: +OK <16184.1473445882@mail3.gohsphere.com>
        C: APOP mrose ef1a20434ca8426a32c33b6bc1e7e010
        S: -ERR authorization failed
        C: QUIT
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        Pop3NegativeResponseException refusal = await Assert.ThrowsAsync<Pop3NegativeResponseException>(
            async () => await session.AuthenticateByApopAsync("mrose", Password));
        Assert.Equal("authorization failed", refusal.Response.Text);
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await session.QuitAsync());
    });

    // MailKit 856
    [Fact]
    public Task GoDaddy_answers_without_a_status_and_its_words_are_kept() => BreakAsync("""
        S: +OK
        C: USER mrose
        S: +OK
        C: PASS secret
        S: warning: auth_error: authorization failed (authorization failed wrong password)
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        ProtocolViolationException violation = await Assert.ThrowsAsync<ProtocolViolationException>(async () => await session.LogInAsync("mrose", Password));
        Assert.Contains("wrong password", violation.Message, StringComparison.Ordinal);
    });

    // MailKit 1636
    [Fact]
    public Task Office365_sends_an_empty_line_before_its_response() => InMaildropAsync("""
        C: DELE 1
        S:
        S: +OK
        C: DELE 2
        S: +OK
        """, async maildrop =>
    {
        await maildrop.DeleteAsync(1);
        await maildrop.DeleteAsync(2);
    });

    [Fact]
    public Task Office365_but_not_for_ever() => BreakInMaildropAsync("""
        C: DELE 1
        S:
        S:
        S:
        S:
        """, async maildrop => await Assert.ThrowsAsync<ProtocolViolationException>(async () => await maildrop.DeleteAsync(1)));

    // aenetmail 174: the octets 0A 0D 0A 2E 0D 0A before the next response.
    [Fact]
    public Task HMailServer_ends_a_message_with_a_bare_LF_before_the_terminator() => InMaildropAsync("""
        C: RETR 1
        S: +OK
        S~ text\n\r\n.\r\n
        C: DELE 1
        S: +OK msg deleted
        """, async maildrop =>
    {
        Assert.Equal("text\n\r\n", await maildrop.RetrieveTextAsync(1));
        await maildrop.DeleteAsync(1);
    });

    // MailKit 1533
    [Fact]
    public Task Km_ru_has_no_TOP_and_none_is_sent() => PlayAsync(SignInWith("IMPLEMENTATION fast_pop", "RESP-CODE", "UIDL") + "HANG", async peer =>
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream, asksCapabilities: true);
        Assert.False(maildrop.Capabilities!.HasResponseCodes);
        NotSupportedException refusal = await Assert.ThrowsAsync<NotSupportedException>(async () => await maildrop.TopAsync(1, 0, Stream.Null));
        Assert.Contains("retrieve the message instead", refusal.Message, StringComparison.Ordinal);
    });

    // MailKit 171, 174
    [Fact]
    public Task Poczta_o2_pl_offers_pipelining_only_before_sign_in() => PlayAsync(SignInWith("LAST", "TOP", "USER", "PIPELINING", "UIDL", "SASL LOGIN PLAIN") + """
        C: CAPA
        S: -ERR
        C: RETR 1
        S: +OK
        S: one
        S: .
        C: RETR 2
        S: +OK
        S: two
        S: .
        """, async peer =>
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream, asksCapabilities: true);
        Assert.Null(await maildrop.CapabilitiesAsync());
        RecordingSink sink = new();
        await maildrop.RetrieveAsync([1, 2], sink);
        Assert.Equal(["1: one", "2: two"], sink.Messages);
    });

    // MailKit 174: what came before the drop is kept, and the caller knows the rest did not.
    [Fact]
    public Task Poczta_o2_pl_drops_the_connection_inside_a_window() => BreakAsync(SignInWith("PIPELINING") + """
        C: RETR 1
        C: RETR 2
        C: RETR 3
        S: +OK
        S: one
        S: .
        S: +OK
        S: tw
        """, async peer =>
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream, asksCapabilities: true);
        RecordingSink sink = new();
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await maildrop.RetrieveAsync([1, 2, 3], sink));
        Assert.Equal(["1: one"], sink.Messages);
    });

    // jakartaee/mail-api 50: UIDL and PIPELINING are listed only after sign-in.
    [Fact]
    public Task Gmail_offers_more_after_sign_in() => PlayAsync(SignInWith("USER", "SASL PLAIN XOAUTH2") + """
        C: CAPA
        S: +OK
        S: UIDL
        S: PIPELINING
        S: .
        C: DELE 1
        C: DELE 2
        S: +OK
        S: +OK
        """, async peer =>
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream, asksCapabilities: true);
        Assert.False(maildrop.Capabilities!.HasPipelining);
        Assert.True((await maildrop.CapabilitiesAsync())!.HasPipelining);
        Assert.Empty(await maildrop.DeleteAsync([1, 2]));
    });

    // neomutt 1427: no UIDL, which is no failed session.
    [Fact]
    public Task Aol_jpop_has_no_UIDL_and_the_session_goes_on() => PlayAsync(SignInWith("TOP", "USER", "SASL LOGIN PLAIN", "IMPLEMENTATION jpop-0.1") + """
        C: UIDL
        S: -ERR unknown command
        C: NOOP
        S: +OK
        """, async peer =>
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream, asksCapabilities: true);
        Assert.False(maildrop.Capabilities!.HasUniqueIds);
        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.ListUniqueIdsAsync().ToListAsync());
        await maildrop.NoOpAsync();
    });

    // MailKit 560: a listing that is not all there.
    [Fact]
    public Task MailKit_560_an_incomplete_listing_is_what_it_is() => InMaildropAsync("""
        C: UIDL
        S: +OK 3 messages
        S: 2 b
        S: .
        """, async maildrop => Assert.Equal([new(2, "b")], await maildrop.ListUniqueIdsAsync().ToListAsync()));

    // twisted 9104
    [Fact]
    public Task Twisted_9104_the_number_is_left_out() => InMaildropAsync("""
        C: UIDL 6670
        S: +OK 00001a1457b5a851
        """, async maildrop => Assert.Equal(new UniqueIdListing(6670, "00001a1457b5a851"), await maildrop.UniqueIdAsync(6670)));

    // mailpit 552
    [Fact]
    public Task Mailpit_answers_UIDL_with_a_number_with_a_listing() => InMaildropAsync("""
        C: UIDL 2
        S: +OK
        S: 1 first
        S: 2 second
        S: .
        C: NOOP
        S: +OK
        """, async maildrop =>
    {
        Assert.Equal(new UniqueIdListing(2, "second"), await maildrop.UniqueIdAsync(2));
        await maildrop.NoOpAsync();
    });

    // thunderbird-android 323
    [Fact]
    public Task Thunderbird_323_several_blanks_between_number_and_id() => InMaildropAsync("""
        C: UIDL
        S: +OK
        S: 1   uid
        S: 2\tuid2
        S: .
        C: LIST
        S: +OK
        S: 1   120
        S: .
        """, async maildrop =>
    {
        Assert.Equal([new(1, "uid"), new(2, "uid2")], await maildrop.ListUniqueIdsAsync().ToListAsync());
        Assert.Equal([new(1, 120)], await maildrop.ListAsync().ToListAsync());
    });

    // MimeKit 99: two lines although SASL is announced; the error as a challenge, an empty line, and only then the refusal.
    [Fact]
    public Task Gmail_explains_in_a_challenge_why_it_refuses_a_token() => PlayAsync("""
        S: +OK Gpop ready
        C: CAPA
        S: +OK
        S: SASL PLAIN XOAUTH2 OAUTHBEARER
        S: RESP-CODES
        S: .
        C: AUTH XOAUTH2
        S: +\x20
        C: dXNlcj11c2VyQGV4YW1wbGUuY29tAWF1dGg9QmVhcmVyIHRva2VuAQE=
        S: + eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=
        C:
        S: -ERR [AUTH] Username and password not accepted.
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await session.CapabilitiesAsync();
        Pop3NegativeResponseException refusal = await Assert.ThrowsAsync<Pop3NegativeResponseException>(
            async () => await session.AuthenticateAsync(new XOAuth2("user@example.com", new("token"))));
        Assert.Equal("""{"status":"400","schemes":"Bearer"}""", refusal.Detail);
        Assert.True(refusal.Response.Code!.Value.IsWithin(ResponseCode.Auth));
    });

    // MailKit 88
    [Fact]
    public Task Hotmail_throttles_and_its_words_are_in_the_exception() => PlayAsync("""
        S: +OK
        C: USER mrose
        S: +OK
        C: PASS secret
        S: -ERR Exceeded the login limit for a 15 minute period. Reduce the frequency of requests to the POP3 server.
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        Pop3NegativeResponseException refusal = await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await session.LogInAsync("mrose", Password));
        Assert.Contains("Exceeded the login limit for a 15 minute period", refusal.Message, StringComparison.Ordinal);
    });

    // MailKit 1650: without QUIT nothing is deleted, so disposing sends none.
    [Fact]
    public Task MailKit_1650_a_maildrop_that_is_only_disposed_deletes_nothing() => PlayAsync(SignIn + "C: DELE 1\nS: +OK\nHANG", async peer =>
    {
        await using (Maildrop maildrop = await SignInAsync(peer.Stream))
            await maildrop.DeleteAsync(1);
    });

    // greenmail 1049, mailpit 299: a lone dot that was not stuffed ends the message; what follows is no response.
    [Theory]
    [InlineData("S: after\nS: .")]
    [InlineData("S: .")]
    public async Task S_04_Greenmail_does_not_stuff_and_is_found_out(string remains)
    {
        using ScriptedPeer peer = Transcript.Pause(SignIn + $"C: RETR 1\nS: +OK\nS: before\nS: .\n{remains}\nHANG", isEncrypted: true);
        await using Maildrop maildrop = await SignInAsync(peer.Stream);
        await maildrop.RetrieveTextAsync(1);
        ProtocolViolationException violation = await Assert.ThrowsAsync<ProtocolViolationException>(async () => await maildrop.DeleteAsync(1));
        Assert.NotNull(violation.ServerText);
        peer.Dispose();
        peer.AssertDone();
    }

    // MailKit 641, 1066: LINQ over a client downloaded everything.
    [Fact]
    public void MailKit_641_a_maildrop_is_no_sequence_of_messages() =>
        Assert.False(typeof(IEnumerable).IsAssignableFrom(typeof(Maildrop)));
}
