using System.Text;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>One letter as several mailboxes receive it: what the relays wrote on it differs, and the rest is the same.</summary>
internal static class Letters
{
    public static byte[] Body(int length, int seed = 1)
    {
        byte[] body = new byte[length];
        new Random(seed).NextBytes(body);
        return body;
    }

    /// <summary>A copy.</summary>
    /// <param name="recipient">Whose.</param>
    /// <param name="body">What it has in common with the others.</param>
    /// <param name="messageId">With angle brackets; null is none.</param>
    /// <param name="headerLength">Octets of the header block with its empty line; null is as long as it comes.</param>
    public static byte[] Copy(string recipient, byte[] body, string? messageId = "<letter@example.org>", int? headerLength = null)
    {
        StringBuilder header = new($"Delivered-To: {recipient}\r\nReceived: for {recipient}\r\n");
        header.Append(messageId is null ? "" : $"Message-ID: {messageId}\r\n").Append("X-Padding: ");
        header.Append('.', Math.Max(0, (headerLength ?? 0) - header.Length - 4)).Append("\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(header.ToString()), .. body];
    }
}
