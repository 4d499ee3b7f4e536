using System.Net.Mail;
using System.Net.Mime;
using System.Text;
using EmailSync.Load.Messages;

namespace EmailSync.Load.Clients;

/// <summary>The client of the base library. It knows no implicit TLS.</summary>
internal static class SystemNetMail
{
    public static async Task<Tally> SendAsync(ClientPlan plan)
    {
        if (plan.Tls)
            throw new LoadException("system-net-mail speaks no implicit TLS; leave --tls or this client out.");
        MessageSet messages = SentMessages.Of(plan);
        string[] bodies = [.. Enumerable.Range(0, messages.Variants).Select(variant => BodyOf(messages.Content(variant)))];
        await Connections.ForEachConnectionAsync(plan, async (_, numbers) =>
        {
            using SmtpClient client = new("127.0.0.1", plan.Port);
            foreach (int number in numbers)
            {
                using MailMessage message = new("sender@example.com", "reader@example.com", "Load", bodies[messages.VariantOf(0, number)])
                {
                    BodyTransferEncoding = TransferEncoding.SevenBit,
                };
                await client.SendMailAsync(message);
            }
        });
        return default;
    }

    private static string BodyOf(byte[] content)
    {
        string text = Encoding.ASCII.GetString(content);
        return text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
    }
}
