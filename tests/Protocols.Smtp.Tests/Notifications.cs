using CsCheck;
using EmailSync.Lab;
using EmailSync.Protocols.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>What is asked of the server about notifications of delivery (RFC 3461, RFC 6533).</summary>
public sealed class Notifications
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // 3461-4-b: read back by a decoder that knows the grammar only.
    [Fact]
    public void Rfc3461_section_4_xtext_says_what_was_encoded_in_the_characters_it_has() =>
        Gen.Char[' ', '~'].Array.Select(characters => new string(characters)).Sample(text =>
        {
            Assert.True(Xtext.IsEncodable(text));
            string encoded = Xtext.Encode(text);
            Assert.Matches(@"^([!-*,-<>-~]|\+[0-9A-F]{2})*\z", encoded);
            Assert.Equal(text, System.Text.RegularExpressions.Regex.Replace(
                encoded, @"\+(..)", match => ((char)Convert.ToInt32(match.Groups[1].Value, 16)).ToString()));
        });

    [Theory]
    [InlineData("a\tb", false)]
    [InlineData("a\r\nb", false)]
    [InlineData("\x7F", false)]
    [InlineData("ü", false)]
    [InlineData("a b", true)]
    public void Rfc3461_section_4_4_only_printable_ascii_can_be_encoded(string text, bool isEncodable) =>
        Assert.Equal(isEncodable, Xtext.IsEncodable(text));

    // The example, but for Fred, who has no ORCPT in it.
    [Fact]
    public Task Rfc3461_section_10_1_submission() => Transcript.PlayAsync(Play.Introduction("DSN") + """
        C: MAIL FROM:<Alice@Example.ORG> RET=HDRS ENVID=QQ314159
        S: 250 <Alice@Example.ORG> sender ok
        C: RCPT TO:<Bob@Example.COM> NOTIFY=SUCCESS ORCPT=rfc822;Bob@Example.COM
        S: 250 <Bob@Example.COM> recipient ok
        C: RCPT TO:<Carol@Ivory.EDU> NOTIFY=FAILURE ORCPT=rfc822;Carol@Ivory.EDU
        S: 250 <Carol@Ivory.EDU> recipient ok
        C: RCPT TO:<Dana@Ivory.EDU> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Dana@Ivory.EDU
        S: 250 <Dana@Ivory.EDU> recipient ok
        C: RCPT TO:<Eric@Bombs.AF.MIL> NOTIFY=FAILURE ORCPT=rfc822;Eric@Bombs.AF.MIL
        S: 250 <Eric@Bombs.AF.MIL> recipient ok
        C: RCPT TO:<Fred@Bombs.AF.MIL> NOTIFY=NEVER ORCPT=rfc822;Fred@Bombs.AF.MIL
        S: 250 <Fred@Bombs.AF.MIL> recipient ok
        C: RCPT TO:<George@Tax-ME.GOV> NOTIFY=FAILURE ORCPT=rfc822;George@Tax-ME.GOV
        S: 250 <George@Tax-ME.GOV> recipient ok
        C: DATA
        S: 354 okay, send message
        C: x
        C: .
        S: 250 message accepted
        """, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        Assert.True(session.Extensions.HasDsn);
        Envelope envelope = Play.Envelope(
            "Bob@Example.COM", "Carol@Ivory.EDU", "Dana@Ivory.EDU", "Eric@Bombs.AF.MIL", "Fred@Bombs.AF.MIL", "George@Tax-ME.GOV") with
        {
            ReversePath = MailPath.Parse("Alice@Example.ORG"),
            Dsn = new()
            {
                Return = DsnReturn.Header,
                EnvelopeId = "QQ314159",
                Notify = DsnNotify.Failure,
                NotifyOf = new Dictionary<MailPath, DsnNotify>
                {
                    [MailPath.Parse("Bob@Example.COM")] = DsnNotify.Success,
                    [MailPath.Parse("Dana@Ivory.EDU")] = DsnNotify.Success | DsnNotify.Failure,
                    [MailPath.Parse("Fred@Bombs.AF.MIL")] = DsnNotify.Never,
                },
                GivesOriginalRecipients = true,
            },
        };
        Assert.True((await Play.SendAsync(session, envelope)).IsAccepted);
    });

    // 3461-4.2-c, 3461-4.2-d; RFC 6533 section 3 for what is not ASCII.
    [Theory]
    [InlineData("a+b=c@foo.com", "rfc822;a+2Bb+3Dc@foo.com")]
    [InlineData("\"a b\"@foo.com", "rfc822;\"a+20b\"@foo.com")]
    [InlineData("jürgen@foo.com", "utf-8;jürgen@foo.com")]
    [InlineData("\"jürgen +=\"@foo.com", "utf-8;\"jürgen\\\\x{20}\\\\x{2B}\\\\x{3D}\"@foo.com")]
    public async Task Rfc3461_section_4_2_the_original_recipient_is_the_recipient_encoded(string mailbox, string encoded)
    {
        MailPath path = MailPath.Parse(mailbox);
        await Transcript.PlayAsync(Play.Introduction("DSN", "SMTPUTF8") + $"""
            C: MAIL FROM:<Smith@bar.com>{(path.NeedsSmtpUtf8 ? " SMTPUTF8" : "")}
            S: 250 OK
            C: RCPT TO:<{path.Mailbox}> ORCPT={encoded}
            S: 550 enough
            """, async peer =>
        {
            await using SmtpSession session = await Play.OpenAsync(peer);
            await Play.SendAsync(session, Play.Envelope() with { ForwardPaths = [path], Dsn = new() { GivesOriginalRecipients = true } });
        });
    }

    // 3461-4-a
    [Fact]
    public Task Rfc3461_section_4_nothing_is_asked_of_a_server_without_dsn() => Transcript.PlayAsync(
        Play.Introduction("XDSN") + "C: NOOP\nS: 250 OK", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        ServiceExtensionMissingException missing = await Assert.ThrowsAsync<ServiceExtensionMissingException>(
            async () => await Play.SendAsync(session, Play.Envelope() with { Dsn = new() { Notify = DsnNotify.Never } }));
        Assert.Equal("DSN", missing.Keyword);
        await session.NoOpAsync(Cancelled);
    });

    // 3461-4.4-a, 3461-4.4-b: "ENVID=" and 94 characters are 100.
    [Fact]
    public void I_04_rfc3461_section_4_4_an_envelope_id_is_short_and_printable()
    {
        Assert.Equal(94, new DsnRequest { EnvelopeId = new string('x', 94) }.EnvelopeId!.Length);
        foreach (string bad in (string[])["", new('x', 95), new('+', 32), "a\r\nb", "ü"])
            Assert.Throws<ArgumentException>(() => new DsnRequest { EnvelopeId = bad });
    }

    // 3461-4.2-b: an address of the greatest length, most of it escaped.
    [Fact]
    public async Task Rfc3461_section_4_2_an_original_recipient_that_is_too_long_is_refused_here()
    {
        string mailbox = $"\"ü{new string(' ', 59)}\"@{string.Join('.', Enumerable.Repeat(new string('d', 37), 5))}";
        await Transcript.PlayAsync(Play.Introduction("DSN", "SMTPUTF8") + "C: NOOP\nS: 250 OK", async peer =>
        {
            await using SmtpSession session = await Play.OpenAsync(peer);
            await Assert.ThrowsAsync<ArgumentException>(
                async () => await Play.SendAsync(session, Play.Envelope(mailbox) with { Dsn = new() { GivesOriginalRecipients = true } }));
            await session.NoOpAsync(Cancelled);
        });
    }

    // 3461-5.2-a: what has nobody to report to asks for no report.
    [Theory]
    [InlineData(DsnReturn.Full, null)]
    [InlineData(null, DsnNotify.Failure)]
    [InlineData(DsnReturn.Header, DsnNotify.Never)]
    [InlineData(null, (DsnNotify)8)]
    [InlineData((DsnReturn)7, null)]
    public Task Rfc3461_section_6_1_contradictions_are_refused_before_anything_is_sent(DsnReturn? wanted, DsnNotify? notify) => Transcript.PlayAsync(
        Play.Introduction("DSN") + "C: NOOP\nS: 250 OK", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer);
        bool isKnown = Enum.IsDefined(wanted ?? 0) && (int?)notify is not 8;
        Envelope envelope = Play.Envelope() with
        {
            ReversePath = isKnown ? MailPath.Null : MailPath.Parse("Smith@bar.com"),
            Dsn = new() { Return = wanted, Notify = notify },
        };
        await Assert.ThrowsAsync<ArgumentException>(async () => await Play.SendAsync(session, envelope));
        await session.NoOpAsync(Cancelled);
    });

    [Fact]
    public async Task The_lab_gets_what_was_asked_for()
    {
        await using LabServer lab = await LabServer.StartAsync(new LabOptions { Mailboxes = 0 }, Cancelled);
        await using SmtpSession session = await SmtpSession.OpenAsync(await LabClient.ConnectAsync(lab), Play.Options, Cancelled);
        Envelope envelope = Play.Envelope("a@b.example", "c@d.example") with
        {
            Dsn = new()
            {
                Return = DsnReturn.Full,
                EnvelopeId = "a b",
                Notify = DsnNotify.Success | DsnNotify.Failure | DsnNotify.Delay,
                NotifyOf = new Dictionary<MailPath, DsnNotify> { [MailPath.Parse("c@d.example")] = DsnNotify.Never },
            },
        };
        Assert.True((await Play.SendAsync(session, envelope)).IsAccepted);
        Assert.Equal(
            ["SIZE=3", "RET=FULL", "ENVID=a+20b", "NOTIFY=SUCCESS,FAILURE,DELAY", "NOTIFY=NEVER"], Assert.Single(lab.Outbox).Parameters);
        Assert.Empty(lab.Journal.Violations);
    }
}
