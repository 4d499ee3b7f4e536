using System.Text;

namespace EmailSync.Lab.Tests;

public sealed class SmtpTranscripts
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_Rfc5321_appendix_D_1()
    {
        await using LabServer lab = await LabServer.StartAsync(new LabOptions { Domain = "foo.com", Mailboxes = 0 }, Cancelled);
        lab.AddMailbox("Jones@foo.com");
        lab.AddMailbox("Brown@foo.com");
        await Dialogue.PlayAsync(lab, LabService.Smtp, """
            S: 220 foo.com EmailSync lab ESMTP ready
            C: EHLO bar.com
            S: 250-foo.com
            S: 250-PIPELINING
            S: 250-SIZE 67108864
            S: 250-8BITMIME
            S: 250-SMTPUTF8
            S: 250-CHUNKING
            S: 250-ENHANCEDSTATUSCODES
            S: 250-DSN
            S: 250-STARTTLS
            S: 250 AUTH PLAIN LOGIN XOAUTH2
            C: MAIL FROM:<Smith@bar.com>
            S: 250 2.1.0 sender OK
            C: RCPT TO:<Jones@foo.com>
            S: 250 2.1.5 recipient OK
            C: RCPT TO:<Green@foo.com>
            S: 550 5.1.1 no such user here
            C: RCPT TO:<Brown@foo.com>
            S: 250 2.1.5 recipient OK
            C: DATA
            S: 354 start mail input; end with <CRLF>.<CRLF>
            C: Blah blah blah...
            C: ...etc. etc. etc.
            C: .
            S: 250 2.0.0 OK
            C: QUIT
            S: 221 2.0.0 bye
            S: (end)
            """);
        SubmittedMessage message = Assert.Single(lab.Outbox);
        Assert.Equal("Smith@bar.com", message.ReversePath);
        Assert.Equal(["Jones@foo.com", "Brown@foo.com"], message.ForwardPaths);
        Assert.Equal("Blah blah blah...\r\n..etc. etc. etc.\r\n", Encoding.ASCII.GetString(message.Content.Span));
        Assert.All(lab.Mailboxes, mailbox => Assert.Equal(1, mailbox.MessageCount));
        Assert.Empty(lab.Journal.Violations);
    }

    [Fact]
    public async Task A_pipelined_group_is_answered_in_order_and_a_null_reverse_path_is_taken()
    {
        await using LabServer lab = await LabServer.StartAsync(cancellationToken: Cancelled);
        await Dialogue.PlayAsync(lab, LabService.Smtps, """
            S: 220*
            C: HELO bar.com
            S: 250 lab.example
            C: MAIL FROM:<> SIZE=12 BODY=8BITMIME RET=HDRS ENVID=x
            C: RCPT TO:<"a b>c"@else.example> NOTIFY=NEVER
            C: RCPT TO:<jürgen@else.example>
            C: DATA
            S: 250 2.1.0*
            S: 250 2.1.5*
            S: 553 5.6.7*
            S: 354*
            C: .
            S: 250 2.0.0*
            C: MAIL FROM:<a@b.example> SMTPUTF8
            C: RCPT TO:<jürgen@else.example>
            C: RSET
            S: 250*
            S: 250*
            S: 250*
            C: DATA
            S: 503*
            """);
        SubmittedMessage message = Assert.Single(lab.Outbox);
        Assert.Equal("", message.ReversePath);
        Assert.Equal(["\"a b>c\"@else.example"], message.ForwardPaths);
        Assert.Equal(["SIZE=12", "BODY=8BITMIME", "RET=HDRS", "ENVID=x", "NOTIFY=NEVER"], message.Parameters);
        Assert.Equal(0, message.Octets);
        Assert.True(message.IsEncrypted);
    }

    [Fact]
    public async Task Chunks_are_taken_as_they_are()
    {
        await using LabServer lab = await LabServer.StartAsync(cancellationToken: Cancelled);
        await Dialogue.PlayAsync(lab, LabService.Smtp, """
            S: 220*
            C: BDAT 3 LAST
            C: x
            S: 503 5.5.1*
            C: HELO bar.com
            S: 250*
            C: MAIL FROM:<a@b.example>
            C: RCPT TO:<c@d.example>
            C: BDAT 8
            C: .
            C: .x.
            C: BDAT 0 LAST
            S: 250*
            S: 250*
            S: 250 2.0.0*
            S: 250 2.0.0*
            C: MAIL FROM:<a@b.example>
            C: BDAT 3 LAST
            C: x
            S: 250*
            S: 554 5.5.1*
            C: DATA
            S: 503*
            """);
        SubmittedMessage message = Assert.Single(lab.Outbox);
        Assert.True(message.IsChunked);
        Assert.Equal(".\r\n.x.\r\n", Encoding.ASCII.GetString(message.Content.Span));
    }

    [Theory]
    [InlineData("\n.\n")]
    [InlineData("\n.\r\n")]
    [InlineData("\r\n.\n")]
    [InlineData("\r.\r\n")]
    [InlineData("\r\n\0.\r\n")]
    public async Task Only_crlf_dot_crlf_ends_the_content(string smuggled)
    {
        await using LabServer lab = await LabServer.StartAsync(cancellationToken: Cancelled);
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Smtp);
        await dialogue.PlayAsync("""
            S: 220*
            C: HELO bar.com
            S: 250*
            C: MAIL FROM:<a@b.example>
            C: RCPT TO:<c@d.example>
            C: DATA
            S: 250*
            S: 250*
            S: 354*
            """);
        foreach (char octet in $"x{smuggled}MAIL FROM:<evil@b.example>\r\n.\r\n")
            await dialogue.SendAsync(octet.ToString());
        await dialogue.ExpectAsync("250*");
        string content = Encoding.ASCII.GetString(Assert.Single(lab.Outbox).Content.Span);
        Assert.Equal($"x{smuggled.Replace("\r\n.", "\r\n", StringComparison.Ordinal)}MAIL FROM:<evil@b.example>\r\n", content);
    }

    [Theory]
    [InlineData("MAIL FROM: <a@b.example>", "501*")]
    [InlineData("MAIL FROM:a@b.example", "501*")]
    [InlineData("MAIL FROM:<a@b.example> SIZE=99999999999999999999", "552 5.3.4*")]
    [InlineData("MAIL FROM:<a@b.example> SIZE=67108865", "552 5.3.4*")]
    [InlineData("MAIL FROM:<a@b.example> X=1", "555*")]
    [InlineData("RCPT TO:<a@b.example>", "503*")]
    [InlineData("VRFY a", "252*")]
    [InlineData("EXPN a", "502*")]
    [InlineData("NOOP", "250*")]
    [InlineData("HELP", "214*")]
    [InlineData("XYZZY", "500*")]
    [InlineData("AUTH NTLM", "504*")]
    [InlineData("AUTH PLAIN AGEAYg==", "535 5.7.8*")]
    public async Task Answers(string command, string reply)
    {
        await using LabServer lab = await LabServer.StartAsync(cancellationToken: Cancelled);
        await Dialogue.PlayAsync(lab, LabService.Smtp, $"""
            S: 220*
            C: HELO bar.com
            S: 250*
            C: {command}
            S: {reply}
            """);
    }

    [Fact]
    public async Task Authentication_can_be_required_and_confined_to_tls()
    {
        await using LabServer lab = await LabServer.StartAsync(
            new LabOptions { RequireAuthentication = true, AllowAuthenticationInClear = false }, Cancelled);
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Smtp);
        await dialogue.PlayAsync("""
            S: 220*
            C: HELO bar.com
            S: 250*
            C: AUTH PLAIN
            S: 502*
            C: MAIL FROM:<a@b.example>
            S: 530 5.7.0*
            C: STARTTLS
            S: 220 2.0.0*
            """);
        await dialogue.EncryptAsync();
        await dialogue.PlayAsync($"""
            C: EHLO bar.com
            S: 250-lab.example
            S: 250-PIPELINING
            S: 250-SIZE*
            S: 250-8BITMIME
            S: 250-SMTPUTF8
            S: 250-CHUNKING
            S: 250-ENHANCED*
            S: 250-DSN
            S: 250 AUTH*
            C: AUTH LOGIN
            S: 334 VXNlcm5hbWU6
            C: {Base64(lab.Mailboxes[0].Address)}
            S: 334 UGFzc3dvcmQ6
            C: {Base64(lab.Mailboxes[0].Password)}
            S: 235 2.7.0*
            C: MAIL FROM:<a@b.example>
            S: 250*
            """);
        Assert.DoesNotContain(lab.Journal.Entries, entry => entry.Line.Contains(Base64(lab.Mailboxes[0].Password), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bearer_token_signs_in()
    {
        await using LabServer lab = await LabServer.StartAsync(cancellationToken: Cancelled);
        LabMailbox mailbox = lab.Mailboxes[0];
        string right = Base64($"user={mailbox.Address}\u0001auth=Bearer {mailbox.AccessToken}\u0001\u0001");
        string wrong = Base64($"user={mailbox.Address}\u0001auth=Bearer {mailbox.Password}\u0001\u0001");
        await Dialogue.PlayAsync(lab, LabService.Smtp, $"""
            S: 220*
            C: HELO bar.com
            S: 250*
            C: AUTH XOAUTH2 {wrong}
            S: 535*
            C: AUTH XOAUTH2 {right}
            S: 235*
            """);
        Assert.Equal((1, 1), (lab.Journal.SignIns, lab.Journal.SignInsRefused));
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
