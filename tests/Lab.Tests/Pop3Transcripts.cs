namespace EmailSync.Lab.Tests;

public sealed class Pop3Transcripts
{
    private static readonly LabOptions Quiet = new() { Domain = "dbc.example", Mailboxes = 0 };

    [Fact]
    public async Task After_Rfc1939_section_10()
    {
        await using LabServer lab = await StartWithTwoMessagesAsync();
        await Dialogue.PlayAsync(lab, LabService.Pop3, """
            S: +OK EmailSync lab POP3 ready <1.1@dbc.example>
            C: APOP mrose@dbc.example c5e48fe54ec22d2f0dc5e1f59d4e03b6
            S: -ERR [AUTH] wrong user name or password
            C: USER mrose@dbc.example
            S: +OK send your password
            C: PASS secret with spaces
            S: +OK 2 messages
            C: STAT
            S: +OK 2 44
            C: LIST
            S: +OK 2 messages
            S: 1 25
            S: 2 19
            S: .
            C: RETR 1
            S: +OK 25 octets
            S: Subject: one
            S: 
            S: ..
            S: ..dot
            S: .
            C: DELE 1
            S: +OK marked
            C: RETR 1
            S: -ERR no such message
            C: STAT
            S: +OK 1 19
            C: LIST 2
            S: +OK 2 19
            C: QUIT
            S: +OK bye
            S: (end)
            """);
        Assert.Equal(1, lab.Mailboxes[0].MessageCount);
        Assert.Equal(1, lab.Journal.MessagesRemoved);
    }

    [Fact]
    public async Task Without_quit_nothing_is_deleted()
    {
        await using LabServer lab = await StartWithTwoMessagesAsync();
        await using (Dialogue dialogue = await SignedInAsync(lab))
        {
            await dialogue.PlayAsync("""
                C: DELE 1
                S: +OK marked
                """);
        }
        await lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, TestContext.Current.CancellationToken);
        Assert.Equal(2, lab.Mailboxes[0].MessageCount);
    }

    [Fact]
    public async Task Reset_unmarks()
    {
        await using LabServer lab = await StartWithTwoMessagesAsync();
        await using Dialogue dialogue = await SignedInAsync(lab);
        await dialogue.PlayAsync("""
            C: DELE 1
            S: +OK marked
            C: DELE 1
            S: -ERR no such message
            C: RSET
            S: +OK deletion marks removed
            C: QUIT
            S: +OK bye
            """);
        Assert.Equal(2, lab.Mailboxes[0].MessageCount);
    }

    [Fact]
    public async Task Apop_digests_the_timestamp_and_the_password()
    {
        await using LabServer lab = await LabServer.StartAsync(Quiet with { Domain = "dbc.mtview.ca.us" }, Cancelled);
        lab.AddMailbox("mrose@dbc.mtview.ca.us", "tanstaaf");
        await Dialogue.PlayAsync(lab, LabService.Pop3, """
            S: +OK EmailSync lab POP3 ready <1.1@dbc.mtview.ca.us>
            C: APOP mrose@dbc.mtview.ca.us 8159c72b674130e1fe80ce8964981a31
            S: +OK 0 messages
            """);
    }

    [Fact]
    public async Task A_second_session_finds_the_maildrop_locked()
    {
        await using LabServer lab = await StartWithTwoMessagesAsync();
        await using Dialogue first = await SignedInAsync(lab);
        await Dialogue.PlayAsync(lab, LabService.Pop3, """
            S: +OK*
            C: USER mrose@dbc.example
            C: PASS secret with spaces
            S: +OK*
            S: -ERR [IN-USE]*
            """);
        await first.PlayAsync("""
            C: QUIT
            S: +OK bye
            """);
        await using Dialogue third = await SignedInAsync(lab);
    }

    [Theory]
    [InlineData("AUTH PLAIN AG1yb3NlQGRiYy5leGFtcGxlAHNlY3JldCB3aXRoIHNwYWNlcw==", "+OK 2 messages")]
    [InlineData("AUTH PLAIN\r\nAG1yb3NlQGRiYy5leGFtcGxlAHNlY3JldCB3aXRoIHNwYWNlcw==", "+ ", "+OK 2 messages")]
    [InlineData("AUTH LOGIN\r\nbXJvc2VAZGJjLmV4YW1wbGU=\r\nc2VjcmV0IHdpdGggc3BhY2Vz", "+ VXNlcm5hbWU6", "+ UGFzc3dvcmQ6", "+OK 2 messages")]
    [InlineData("auth login bXJvc2VAZGJjLmV4YW1wbGU=\r\nc2VjcmV0IHdpdGggc3BhY2Vz", "+ UGFzc3dvcmQ6", "+OK 2 messages")]
    [InlineData("AUTH PLAIN\r\n*", "+ ", "-ERR authentication exchange cancelled or malformed")]
    [InlineData("AUTH PLAIN !!!", "-ERR authentication exchange cancelled or malformed")]
    [InlineData("AUTH NTLM", "-ERR unknown mechanism")]
    public async Task Authenticates(string sent, params string[] expected)
    {
        await using LabServer lab = await StartWithTwoMessagesAsync();
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Pop3);
        await dialogue.ExpectAsync("+OK*");
        await dialogue.SendAsync(sent + "\r\n");
        foreach (string line in expected)
            await dialogue.ExpectAsync(line);
        Assert.DoesNotContain(lab.Journal.Entries, entry => entry.Line.Contains("c2VjcmV0", StringComparison.Ordinal)
            || entry.Line.Contains("AG1yb3", StringComparison.Ordinal) || entry.Line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stls_drops_what_was_sent_ahead_in_clear()
    {
        await using LabServer lab = await StartWithTwoMessagesAsync();
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Pop3);
        await dialogue.PlayAsync("""
            S: +OK*
            C: STLS
            C: USER mrose@dbc.example
            S: +OK begin TLS negotiation
            """);
        await dialogue.EncryptAsync();
        await dialogue.PlayAsync("""
            C: PASS secret with spaces
            S: -ERR PASS is not valid*
            C: STLS
            S: -ERR STLS is not valid*
            """);
        Assert.Single(lab.Journal.Violations);
    }

    [Fact]
    public async Task Capabilities_are_those_of_the_options_and_bind_the_server()
    {
        await using LabServer lab = await LabServer.StartAsync(
            Quiet with { Pop3Capabilities = ["USER", "STLS", "EXPIRE 0"] }, Cancelled);
        lab.AddMailbox("mrose@dbc.example", "secret with spaces");
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Pop3s);
        await dialogue.PlayAsync("""
            S: +OK*
            C: CAPA
            S: +OK capabilities follow
            S: USER
            S: EXPIRE 0
            S: .
            C: AUTH PLAIN
            S: -ERR AUTH is not valid*
            C: USER mrose@dbc.example
            S: +OK*
            C: PASS secret with spaces
            S: +OK 0 messages
            C: UIDL
            S: -ERR UIDL is not valid*
            C: TOP 1 0
            S: -ERR TOP is not valid*
            C: LIST
            S: +OK 0 messages
            S: .
            C: XYZZY
            S: -ERR unknown command
            """);
        Assert.Empty(lab.Journal.Violations);
    }

    [Fact]
    public async Task Pipelining_where_it_is_not_offered_is_noted()
    {
        await using LabServer lab = await StartWithTwoMessagesAsync();
        lab.Misbehave(Misbehaviour.Without("PIPELINING"));
        await using Dialogue dialogue = await SignedInAsync(lab);
        await dialogue.PlayAsync("""
            C: NOOP
            C: NOOP
            S: +OK
            S: +OK
            """);
        Assert.Contains("pipelined behind NOOP", lab.Journal.Violations[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Top_gives_the_header_and_so_many_lines()
    {
        await using LabServer lab = await StartWithTwoMessagesAsync();
        await using Dialogue dialogue = await SignedInAsync(lab);
        await dialogue.PlayAsync("""
            C: TOP 1 0
            C: TOP 1 1
            C: TOP 1 99
            S: +OK*
            S: Subject: one
            S: 
            S: .
            S: +OK*
            S: Subject: one
            S: 
            S: ..
            S: .
            S: +OK*
            S: Subject: one
            S: 
            S: ..
            S: ..dot
            S: .
            """);
    }

    [Fact]
    public async Task A_message_of_megabytes_arrives_whole()
    {
        await using LabServer lab = await LabServer.StartAsync(
            new LabOptions { MessagesPerMailbox = 6, MessageOctets = 1024 * 1024 }, Cancelled);
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Pop3);
        await dialogue.PlayAsync($"""
            S: +OK*
            C: USER {lab.Mailboxes[0].Address}
            C: PASS {lab.Mailboxes[0].Password}
            S: +OK*
            S: +OK 6 messages
            C: LIST
            S: +OK*
            """);
        List<string> listing = await dialogue.ReadListingAsync();
        for (int number = 1; number <= 6; number++)
        {
            await dialogue.SendAsync($"RETR {number}\r\n");
            await dialogue.ExpectAsync("+OK*");
            List<string> lines = await dialogue.ReadListingAsync();
            long octets = lines.Sum(line => System.Text.Encoding.UTF8.GetByteCount(line) + 2 - (line.StartsWith('.') ? 1 : 0));
            Assert.Equal($"{number} {octets}", listing[number - 1]);
        }
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static async Task<LabServer> StartWithTwoMessagesAsync()
    {
        LabServer lab = await LabServer.StartAsync(Quiet, Cancelled);
        lab.AddMailbox("mrose@dbc.example", "secret with spaces");
        lab.Deliver("mrose@dbc.example", "Subject: one\r\n\r\n.\r\n.dot\r\n"u8);
        lab.Deliver("mrose@dbc.example", "Subject: two\r\n\r\nx\r\n"u8);
        return lab;
    }

    private static async Task<Dialogue> SignedInAsync(LabServer lab)
    {
        Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Pop3);
        await dialogue.PlayAsync("""
            S: +OK*
            C: USER mrose@dbc.example
            S: +OK*
            C: PASS secret with spaces
            S: +OK 2 messages
            """);
        return dialogue;
    }
}
