using System.Globalization;
using System.Text;

namespace EmailSync.Appliance.Processing;

/// <summary>The message that a test sends from a mailbox to itself, recognised by its Message-ID.</summary>
/// <param name="MessageId">With its angle brackets.</param>
/// <param name="Content">As it is sent.</param>
public sealed record TestMessage(string MessageId, byte[] Content)
{
    /// <summary>Composes one.</summary>
    public static TestMessage Compose(string address, DateTimeOffset now)
    {
        string domain = address[(address.LastIndexOf('@') + 1)..];
        string messageId = $"<emailsync-test-{Guid.NewGuid():N}@{domain}>";
        string content = string.Create(CultureInfo.InvariantCulture, $"""
            From: <{address}>
            To: <{address}>
            Subject: EmailSync test message
            Date: {now:ddd, dd MMM yyyy HH:mm:ss} +0000
            Message-ID: {messageId}
            Auto-Submitted: auto-generated
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8

            This message was sent to find out whether this mailbox can send to itself
            and receive what it sent. It is deleted once it has arrived.

            """).ReplaceLineEndings("\r\n");
        return new(messageId, Encoding.UTF8.GetBytes(content));
    }

    /// <summary>Whether a header is this message's. Servers may rewrite or add other fields; the Message-ID stays.</summary>
    public bool IsIn(ReadOnlySpan<byte> header) => header.IndexOf(Encoding.UTF8.GetBytes(MessageId)) >= 0;
}
