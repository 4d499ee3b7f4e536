using System.Text;
using EmailSync.Protocols.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>Command pipelining, after the examples of section 5. A mailbox line of a group comes before any of its replies.</summary>
public sealed class Rfc2920
{
    private static readonly SmtpOptions Options = Play.Options with { ClientName = "dbc.mtview.ca.us" };
    private static readonly Envelope ToThree = new(
        MailPath.Parse("mrose@dbc.mtview.ca.us"),
        [MailPath.Parse("ned@innosoft.com"), MailPath.Parse("dan@innosoft.com"), MailPath.Parse("kvc@innosoft.com")]);
    private static readonly Envelope ToTwo = new(
        MailPath.Parse("mrose@dbc.mtview.ca.us"), [MailPath.Parse("nsb@thumper.bellcore.com"), MailPath.Parse("galvin@tis.com")]);

    [Fact]
    public Task Section_5_without_pipelining_one_at_a_time() => Transcript.PlayAsync("""
        S: 220 Innosoft.com SMTP service ready
        C: EHLO dbc.mtview.ca.us
        S: 250 Innosoft.com
        C: MAIL FROM:<mrose@dbc.mtview.ca.us>
        S: 250 sender <mrose@dbc.mtview.ca.us> OK
        C: RCPT TO:<ned@innosoft.com>
        S: 250 recipient <ned@innosoft.com> OK
        C: RCPT TO:<dan@innosoft.com>
        S: 250 recipient <dan@innosoft.com> OK
        C: RCPT TO:<kvc@innosoft.com>
        S: 250 recipient <kvc@innosoft.com> OK
        C: DATA
        S: 354 enter mail, end with line containing only "."
        C: x
        C: .
        S: 250 message sent
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        Assert.True((await Play.SendAsync(session, ToThree)).IsAccepted);
    });

    [Fact]
    public Task Section_5_the_whole_envelope_in_one_flight() => Transcript.PlayAsync("""
        S: 220 innosoft.com SMTP service ready
        C: EHLO dbc.mtview.ca.us
        S: 250-innosoft.com
        S: 250 PIPELINING
        C: MAIL FROM:<mrose@dbc.mtview.ca.us>
        C: RCPT TO:<ned@innosoft.com>
        C: RCPT TO:<dan@innosoft.com>
        C: RCPT TO:<kvc@innosoft.com>
        C: DATA
        S: 250 sender <mrose@dbc.mtview.ca.us> OK
        S: 250 recipient <ned@innosoft.com> OK
        S: 250 recipient <dan@innosoft.com> OK
        S: 250 recipient <kvc@innosoft.com> OK
        S: 354 enter mail, end with line containing only "."
        C: x
        C: .
        S: 250 message sent
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        Assert.True((await Play.SendAsync(session, ToThree)).IsAccepted);
    });

    [Fact]
    public Task Section_5_all_recipients_refused_and_data_too() => Transcript.PlayAsync("""
        S: 220 innosoft.com SMTP service ready
        C: EHLO dbc.mtview.ca.us
        S: 250-innosoft.com
        S: 250 PIPELINING
        C: MAIL FROM:<mrose@dbc.mtview.ca.us>
        C: RCPT TO:<nsb@thumper.bellcore.com>
        C: RCPT TO:<galvin@tis.com>
        C: DATA
        S: 250 sender <mrose@dbc.mtview.ca.us> OK
        S: 550 remote mail to <nsb@thumper.bellore.com> not allowed
        S: 550 remote mail to <galvin@tis.com> not allowed
        S: 554 no valid recipients given
        C: RSET
        C: MAIL FROM:<mrose@dbc.mtview.ca.us>
        C: RCPT TO:<nsb@thumper.bellcore.com>
        C: RCPT TO:<galvin@tis.com>
        C: DATA
        S: 250 reset
        S: 250 OK
        S: 250 OK
        S: 250 OK
        S: 354 go
        C: x
        C: .
        S: 250 OK
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        TransactionResult result = await Play.SendAsync(session, ToTwo);
        Assert.Equal([550, 550], result.Recipients.Select(recipient => recipient.Reply.Code));
        Assert.Equal((false, null), (result.IsAccepted, result.Content));
        Assert.True((await Play.SendAsync(session, ToTwo)).IsAccepted);
    });

    // Section 3.1: the 250 (or here 554) to the lone dot is no delivery. A refusal that was read is a result, whatever ends behind it.
    [Theory]
    [InlineData("554 no valid recipients")]
    [InlineData("250 sent to nobody")]
    public Task S_09_section_5_all_recipients_refused_and_data_accepted_ends_with_a_lone_dot(string reply) => Transcript.PlayAsync($"""
        S: 220 innosoft.com SMTP service ready
        C: EHLO dbc.mtview.ca.us
        S: 250-innosoft.com
        S: 250 PIPELINING
        C: MAIL FROM:<mrose@dbc.mtview.ca.us>
        C: RCPT TO:<nsb@thumper.bellcore.com>
        C: RCPT TO:<galvin@tis.com>
        C: DATA
        S: 250 sender <mrose@dbc.mtview.ca.us> OK
        S: 550 remote mail to <nsb@thumper.bellore.com> not allowed
        S? 550 remote mail to <galvin@tis.com> not allowed
        S? 354 enter mail, end with line containing only "."
        C: .
        S? {reply}
        C: QUIT
        S? 221 goodbye
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        TransactionResult result = await Play.SendAsync(session, ToTwo);
        Assert.Equal((false, null), (result.IsAccepted, result.Content));
        await session.QuitAsync(TestContext.Current.CancellationToken);
    });

    [Fact]
    public Task Mail_refused_and_data_accepted_ends_with_a_lone_dot() => Transcript.PlayAsync(Play.Introduction("PIPELINING") + """
        C: MAIL FROM:<Smith@bar.com>
        C: RCPT TO:<Jones@foo.com>
        C: DATA
        S: 552 5.3.4 too big
        S? 250 OK
        S? 354 go
        C: .
        S? 250 OK
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        TransactionResult result = await Play.SendAsync(session, Play.Envelope());
        Assert.Equal((552, 0), (result.Refusal!.Code, result.Recipients.Count));
    });

    // Section 3.1: replies are counted, whatever they say and however many lines they have.
    [Fact]
    public Task Multiline_replies_in_a_group_are_counted_as_one() => Play.SendOneAsync(Play.Introduction("PIPELINING") + """
        C: MAIL FROM:<Smith@bar.com>
        C: RCPT TO:<Jones@foo.com>
        C: DATA
        S: 250-234 years
        S: 250 of sender
        S: 250-recipient
        S: 250-354 not yet
        S: 250 OK
        S: 354-go
        S: 354 ahead
        C: x
        C: .
        S: 250-done
        S: 250 OK
        """, result => Assert.Equal("done OK", result.Content!.Text));

    [Fact]
    public async Task Pipelining_can_be_turned_off()
    {
        await Play.SendOneAsync(
            Play.Introduction("PIPELINING") + """
            C: MAIL FROM:<Smith@bar.com>
            S: 250 OK
            C: RCPT TO:<Jones@foo.com>
            S: 250 OK
            C: DATA
            S: 354 go
            C: x
            C: .
            S: 250 OK
            """,
            result => Assert.True(result.IsAccepted),
            Play.Options with { UsePipelining = false });
    }

    // N-06: neither side may wait for the other when both directions are full.
    [Fact]
    public async Task Many_recipients_do_not_deadlock_over_small_buffers()
    {
        const int Recipients = 2000;
        (DuplexStream client, DuplexStream server) = DuplexStream.CreatePair(512);
        Task serving = ServeAsync(server, Recipients);
        await using (SmtpSession session = await SmtpSession.OpenAsync(client, Play.Options, TestContext.Current.CancellationToken))
        {
            Envelope envelope = Play.Envelope([.. Enumerable.Range(0, Recipients).Select(number => $"user{number}@foo.com")]);
            TransactionResult result = await Play.SendAsync(session, envelope);
            Assert.True(result.IsAccepted);
            Assert.Equal(Recipients, result.Recipients.Count);
        }
        await serving;
    }

    private static async Task ServeAsync(Stream stream, int recipients)
    {
        // A server that answers each command before it reads the next, and stops reading while its answer does not fit.
        using StreamReader reader = new(stream);
        Task sayAsync(string line) => stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n")).AsTask();
        await sayAsync("220 ready");
        await reader.ReadLineAsync();
        await sayAsync("250-foo.com\r\n250 PIPELINING");
        for (int reply = 0; reply < recipients + 1; reply++)
        {
            await reader.ReadLineAsync();
            await sayAsync($"250 OK {new string('x', 100)}");
        }
        await reader.ReadLineAsync();
        await sayAsync("354 go");
        while (await reader.ReadLineAsync() != ".")
        {
        }
        await sayAsync("250 OK");
    }
}
