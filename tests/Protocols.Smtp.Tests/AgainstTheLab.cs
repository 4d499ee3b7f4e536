using System.Text;
using EmailSync.Lab;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>Whole sessions over sockets and TLS, at a server that notes every breach of the protocol.</summary>
public sealed class AgainstTheLab
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LabService.Smtp, false)]
    [InlineData(LabService.Smtp, true)]
    [InlineData(LabService.Smtps, false)]
    public async Task Signed_in_over_tls_many_messages_go_out_and_the_server_has_no_complaint(LabService service, bool startsTls)
    {
        await using LabServer lab = await LabServer.StartAsync(
            new LabOptions { MessagesPerMailbox = 0, RequireAuthentication = true, AllowAuthenticationInClear = service == LabService.Smtp && !startsTls },
            Cancelled);
        LabMailbox mailbox = lab.Mailboxes[0];
        await using (SmtpSession session = await SmtpSession.OpenAsync(
            await LabClient.ConnectAsync(lab, service), new() { AllowCleartextPasswords = !startsTls }, Cancelled))
        {
            if (startsTls)
                await session.StartTlsAsync((stream, token) => LabClient.EncryptAsync(lab, stream, token), Cancelled);
            await session.AuthenticateAsync(new Login(mailbox.Address, new(mailbox.Password)), Cancelled);
            for (int message = 0; message < 50; message++)
            {
                Envelope envelope = Play.Envelope(mailbox.Address, "nobody@lab.example", $"user{message}@else.example");
                TransactionResult result = await Play.SendAsync(session, envelope, $"Subject: {message}\r\n\r\n.{message}\r\n");
                Assert.True(result.IsAccepted);
                Assert.Equal([250, 550, 250], result.Recipients.Select(recipient => recipient.Reply.Code));
            }
            await session.QuitAsync(Cancelled);
        }
        Assert.Equal(50, mailbox.MessageCount);
        Assert.Equal(
            Enumerable.Range(0, 50).Select(message => $"Subject: {message}\r\n\r\n.{message}\r\n"),
            lab.Outbox.Select(message => Encoding.ASCII.GetString(message.Content.Span)));
        Assert.All(lab.Outbox, message => Assert.Equal(mailbox.Address, message.AuthenticatedAs));
        Assert.Equal((1, 1), (lab.Journal.Count("QUIT"), lab.Journal.SignIns));
        Assert.Empty(lab.Journal.Violations);
    }

    [Fact]
    public async Task Without_pipelining_nothing_is_sent_ahead()
    {
        await using LabServer lab = await LabServer.StartAsync(
            new LabOptions { Mailboxes = 0, Script = [Misbehaviour.Without("PIPELINING")] }, Cancelled);
        await using SmtpSession session = await SmtpSession.OpenAsync(await LabClient.ConnectAsync(lab), null, Cancelled);
        Assert.True((await Play.SendAsync(session, Play.Envelope("a@b.example", "c@d.example"))).IsAccepted);
        Assert.Empty(lab.Journal.Violations);
    }

    [Fact]
    public async Task Greylisting_is_over_at_the_next_attempt()
    {
        await using LabServer lab = await LabServer.StartAsync(
            new LabOptions { Mailboxes = 0, Script = [Misbehaviour.Greylist("a@b.example")] }, Cancelled);
        await using SmtpSession session = await SmtpSession.OpenAsync(await LabClient.ConnectAsync(lab), null, Cancelled);
        Assert.True((await Play.SendAsync(session, Play.Envelope("a@b.example"))).Refusal!.IsTransient);
        Assert.True((await Play.SendAsync(session, Play.Envelope("a@b.example"))).IsAccepted);
    }

    [Fact]
    public async Task An_oversized_message_is_refused_here_or_there()
    {
        await using LabServer lab = await LabServer.StartAsync(new LabOptions { Mailboxes = 0, MaxMessageOctets = 1000 }, Cancelled);
        await using SmtpSession session = await SmtpSession.OpenAsync(await LabClient.ConnectAsync(lab), null, Cancelled);
        string content = string.Concat(Enumerable.Repeat("0123456789\r\n", 10_000));
        await Assert.ThrowsAsync<UnsendableContentException>(async () => await Play.SendAsync(session, Play.Envelope(), content));
        TransactionResult result = await session.SendAsync(Play.Envelope(), new OnceOnly(content), Cancelled);
        Assert.Equal("5.3.4", result.Content!.Status.ToString());
        Assert.True((await Play.SendAsync(session, Play.Envelope())).IsAccepted);
    }
}
