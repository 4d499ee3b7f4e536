using EmailSync.Load.Messages;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace EmailSync.Load.Clients;

/// <summary>MailKit's SMTP client. Its only way: messages that were parsed before the clock starts, and are serialised again each time.</summary>
internal static class MailKitSmtp
{
    private static readonly MailboxAddress Sender = MailboxAddress.Parse("sender@example.com");
    private static readonly MailboxAddress[] Recipients = [MailboxAddress.Parse("reader@example.com")];

    // Sending prepares a message anew, so that no two connections can share one.
    private static MimeMessage[][]? _parsed;

    public static async Task<Tally> SendAsync(ClientPlan plan)
    {
        MessageSet messages = SentMessages.Of(plan);
        _parsed ??= [.. Enumerable.Range(0, plan.Connections).Select(_ => Parse(messages))];
        await Connections.ForEachConnectionAsync(plan, async (connection, numbers) =>
        {
            using SmtpClient client = new() { CheckCertificateRevocation = false, ServerCertificateValidationCallback = static (_, _, _, _) => true };
            await client.ConnectAsync(plan.Tls ? Connections.Host : "127.0.0.1", plan.Port, plan.Tls ? SecureSocketOptions.SslOnConnect : SecureSocketOptions.None);
            foreach (int number in numbers)
                await client.SendAsync(_parsed[connection][messages.VariantOf(0, number)], Sender, Recipients);
            await client.DisconnectAsync(true);
        });
        return default;
    }

    private static MimeMessage[] Parse(MessageSet messages) =>
        [.. Enumerable.Range(0, messages.Variants).Select(variant => MimeMessage.Load(new MemoryStream(messages.Content(variant))))];
}
