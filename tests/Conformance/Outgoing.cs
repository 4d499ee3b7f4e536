using System.Text;
using EmailSync.Protocols.Smtp;

namespace EmailSync.Conformance;

internal static class Outgoing
{
    /// <summary>A message that lacks no field that a server would add.</summary>
    public static byte[] Compose(string subject, string body) => Encoding.UTF8.GetBytes(
        $"From: a@sender.example\r\nTo: somebody@sender.example\r\nSubject: {subject}\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n"
        + $"Message-ID: <{Guid.NewGuid():N}@sender.example>\r\n\r\n{body}");

    public static Envelope EnvelopeTo(params string[] addresses) => new(MailPath.Parse("a@sender.example"), [.. addresses.Select(MailPath.Parse)]);

    public static async Task<TransactionResult> SubmitAsync(this SmtpSession session, byte[] message, params string[] addresses)
    {
        using MemoryStream content = new(message);
        return await session.SendAsync(EnvelopeTo(addresses), content, TestContext.Current.CancellationToken);
    }
}
