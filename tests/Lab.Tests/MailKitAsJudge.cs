using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MailKit.Net.Pop3;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace EmailSync.Lab.Tests;

/// <summary>A client that is not ours gets along with the server, message for message.</summary>
public sealed class MailKitAsJudge
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LabService.Pop3, SecureSocketOptions.None)]
    [InlineData(LabService.Pop3, SecureSocketOptions.StartTls)]
    [InlineData(LabService.Pop3s, SecureSocketOptions.SslOnConnect)]
    public async Task Every_generated_message_is_read_and_deleted(LabService service, SecureSocketOptions security)
    {
        await using LabServer lab = await LabServer.StartAsync(new LabOptions { MessagesPerMailbox = 24 }, Cancelled);
        using Pop3Client client = new() { ServerCertificateValidationCallback = Trusting(lab) };
        await client.ConnectAsync("localhost", lab.PortOf(service), security, Cancelled);
        await client.AuthenticateAsync(lab.Mailboxes[0].Address, lab.Mailboxes[0].Password, Cancelled);
        Assert.Equal(24, client.Count);
        Assert.Equal(lab.Mailboxes[0].UniqueIds, await client.GetMessageUidsAsync(Cancelled));
        IList<int> sizes = await client.GetMessageSizesAsync(Cancelled);
        IList<Stream> messages = await client.GetStreamsAsync(0, 24, false, Cancelled);
        Assert.Equal(sizes.Select(size => (long)size), messages.Select(message => message.Length));
        HashSet<string> messageIds = [];
        foreach (Stream stream in messages)
        {
            MimeMessage message = await MimeMessage.LoadAsync(stream, Cancelled);
            Assert.True(messageIds.Add(message.MessageId!));
            Assert.Equal(lab.Mailboxes[0].Address, message.To.Mailboxes.Single().Address);
        }
        await client.DeleteAllMessagesAsync(Cancelled);
        await client.DisconnectAsync(true, Cancelled);
        Assert.Equal(0, lab.Mailboxes[0].MessageCount);
        Assert.Empty(lab.Journal.Violations);
    }

    [Theory]
    [InlineData(LabService.Smtp, SecureSocketOptions.None)]
    [InlineData(LabService.Smtp, SecureSocketOptions.StartTls)]
    [InlineData(LabService.Smtps, SecureSocketOptions.SslOnConnect)]
    public async Task What_is_submitted_arrives_octet_for_octet(LabService service, SecureSocketOptions security)
    {
        await using LabServer lab = await LabServer.StartAsync(
            new LabOptions { MessagesPerMailbox = 0, RequireAuthentication = true }, Cancelled);
        LabMailbox mailbox = lab.Mailboxes[0];
        using MimeMessage message = new(
            [new MailboxAddress("A", "a@sender.example")], [new MailboxAddress("U", mailbox.Address), new MailboxAddress("E", "e@else.example")],
            "dots", new TextPart("plain") { Text = ".\r\n..\r\n.x\r\nGrüße\r\n" });
        using SmtpClient client = new() { ServerCertificateValidationCallback = Trusting(lab) };
        await client.ConnectAsync("localhost", lab.PortOf(service), security, Cancelled);
        await client.AuthenticateAsync(mailbox.Address, mailbox.Password, Cancelled);
        await client.SendAsync(message, Cancelled);
        await client.DisconnectAsync(true, Cancelled);

        SubmittedMessage submitted = Assert.Single(lab.Outbox);
        Assert.Equal(mailbox.Address, submitted.AuthenticatedAs);
        Assert.Equal([mailbox.Address, "e@else.example"], submitted.ForwardPaths);
        using MemoryStream expected = new();
        FormatOptions format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        format.EnsureNewLine = true;
        await message.WriteToAsync(format, expected, Cancelled);
        Assert.Equal(expected.ToArray(), submitted.Content.ToArray());
        Assert.Equal(1, mailbox.MessageCount);
        Assert.Empty(lab.Journal.Violations);
    }

    private static RemoteCertificateValidationCallback Trusting(LabServer lab) => (_, certificate, _, errors) =>
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(lab.Authority.Root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == SslPolicyErrors.None
            && chain.Build((X509Certificate2)certificate!);
    };
}
