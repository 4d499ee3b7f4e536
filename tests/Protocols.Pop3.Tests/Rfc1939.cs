using System.Text;
using EmailSync.Protocols.Testing;
using static EmailSync.Protocols.Pop3.Tests.Sessions;

namespace EmailSync.Protocols.Pop3.Tests;

/// <summary>The example sessions of RFC 1939, by section, each in every fragmentation.</summary>
public sealed class Rfc1939
{
    [Fact]
    public Task Section_10_the_example_session() => PlayAsync("""
        S: +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>
        C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
        S: +OK mrose's maildrop has 2 messages (320 octets)
        C: STAT
        S: +OK 2 320
        C: LIST
        S: +OK 2 messages (320 octets)
        S: 1 120
        S: 2 200
        S: .
        C: RETR 1
        S: +OK 120 octets
        S: From: mrose
        S:
        S: message 1
        S: .
        C: DELE 1
        S: +OK message 1 deleted
        C: RETR 2
        S: +OK 200 octets
        S: From: mrose
        S:
        S: ..message 2
        S: .
        C: DELE 2
        S: +OK message 2 deleted
        C: QUIT
        S: +OK dewey POP3 server signing off (maildrop empty)
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        Assert.Equal("POP3 server ready <1896.697170952@dbc.mtview.ca.us>", session.Greeting);
        await using Maildrop maildrop = await session.AuthenticateByApopAsync("mrose", new("tanstaaf"));
        Assert.Equal(new DropListing(2, 320), await maildrop.StatAsync());
        Assert.Equal([new(1, 120), new(2, 200)], await maildrop.ListAsync().ToListAsync());
        Assert.Equal("From: mrose\r\n\r\nmessage 1\r\n", await maildrop.RetrieveTextAsync(1));
        await maildrop.DeleteAsync(1);
        Assert.Equal("From: mrose\r\n\r\n.message 2\r\n", await maildrop.RetrieveTextAsync(2));
        await maildrop.DeleteAsync(2);
        await maildrop.QuitAsync();
        Assert.True(peer.IsClosed);
    });

    [Fact]
    public Task Section_4_quit_before_sign_in() => Transcript.PlayAsync("""
        S: +OK POP3 server ready
        C: QUIT
        S: +OK dewey POP3 server signing off
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await session.QuitAsync();
    });

    [Fact]
    public Task Section_5_list() => InMaildropAsync("""
        C: LIST
        S: +OK 2 messages (320 octets)
        S: 1 120
        S: 2 200 and whatever the server likes to add
        S: .
        C: LIST 2
        S: +OK 2 200
        C: LIST 3
        S: -ERR no such message, only 2 messages in maildrop
        """, async maildrop =>
    {
        Assert.Equal([new(1, 120), new(2, 200)], await maildrop.ListAsync().ToListAsync());
        Assert.Equal(new ScanListing(2, 200), await maildrop.ListAsync(2));
        Pop3NegativeResponseException refusal = await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.ListAsync(3));
        Assert.Equal("no such message, only 2 messages in maildrop", refusal.Response.Text);
    });

    [Fact]
    public Task Section_5_an_empty_maildrop() => InMaildropAsync("""
        C: STAT
        S: +OK 0 0
        C: LIST
        S: +OK
        S: .
        C: UIDL
        S: +OK
        S: .
        """, async maildrop =>
    {
        Assert.Equal(new DropListing(0, 0), await maildrop.StatAsync());
        Assert.Empty(await maildrop.ListAsync().ToListAsync());
        Assert.Equal(0, await maildrop.ListUniqueIdsAsync((_, _) => Assert.Fail("There is no message")));
    });

    [Fact]
    public Task Section_5_dele_noop_rset() => InMaildropAsync("""
        C: DELE 1
        S: +OK message 1 deleted
        C: DELE 2
        S: -ERR message 2 already deleted
        C: NOOP
        S: +OK
        C: RSET
        S: +OK maildrop has 2 messages (320 octets)
        """, async maildrop =>
    {
        await maildrop.DeleteAsync(1);
        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.DeleteAsync(2));
        await maildrop.NoOpAsync();
        await maildrop.ResetAsync();
    });

    [Fact]
    public Task P_14_section_6_quit_that_could_not_remove_everything() => InMaildropAsync("""
        C: QUIT
        S: -ERR some deleted messages not removed
        """, async maildrop =>
        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.QuitAsync()));

    [Fact]
    public Task Section_7_top() => InMaildropAsync("""
        C: TOP 1 10
        S: +OK
        S: Subject: top
        S:
        S: first
        S: .
        C: TOP 100 3
        S: -ERR no such message
        """, async maildrop =>
    {
        MemoryStream top = new();
        await maildrop.TopAsync(1, 10, top);
        Assert.Equal("Subject: top\r\n\r\nfirst\r\n", Encoding.ASCII.GetString(top.ToArray()));
        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.TopAsync(100, 3, Stream.Null));
    });

    [Fact]
    public Task Section_7_uidl() => InMaildropAsync("""
        C: UIDL
        S: +OK
        S: 1 whqtswO00WBw418f9t5JxYwZ
        S: 2 QhdPYR:00WBw1Ph7x7
        S: .
        C: UIDL
        S: +OK
        S: 1 whqtswO00WBw418f9t5JxYwZ
        S: 2 QhdPYR:00WBw1Ph7x7
        S: .
        C: UIDL 2
        S: +OK 2 QhdPYR:00WBw1Ph7x7
        C: UIDL 3
        S: -ERR no such message, only 2 messages in maildrop
        """, async maildrop =>
    {
        UniqueIdListing[] expected = [new(1, "whqtswO00WBw418f9t5JxYwZ"), new(2, "QhdPYR:00WBw1Ph7x7")];
        Assert.Equal(expected, await maildrop.ListUniqueIdsAsync().ToListAsync());
        List<UniqueIdListing> visited = [];
        Assert.Equal(2, await maildrop.ListUniqueIdsAsync((number, id) => visited.Add(new(number, Encoding.ASCII.GetString(id)))));
        Assert.Equal(expected, visited);
        Assert.Equal(expected[1], await maildrop.UniqueIdAsync(2));
        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.UniqueIdAsync(3));
    });

    [Fact]
    public Task Section_7_user_and_pass() => PlayAsync("""
        S: +OK ready
        C: USER frated
        S: -ERR sorry, no mailbox for frated here
        C: USER mrose
        S: +OK mrose is a real hoopy frood
        C: PASS secret
        S: -ERR maildrop already locked
        C: USER mrose
        S: +OK mrose is a real hoopy frood
        C: PASS a secret with spaces\x20
        S: +OK mrose's maildrop has 2 messages (320 octets)
        """, async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        Pop3NegativeResponseException refusal =
            await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await session.LogInAsync("frated", Password));
        Assert.Equal(("USER", "sorry, no mailbox for frated here"), (refusal.Command, refusal.Response.Text));
        refusal = await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await session.LogInAsync("mrose", Password));
        Assert.Equal(("PASS", "maildrop already locked"), (refusal.Command, refusal.Response.Text));
        await using Maildrop maildrop = await session.LogInAsync("mrose", new("a secret with spaces "));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await session.QuitAsync());
    });
}
