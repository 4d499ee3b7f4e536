using System.Text;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Postfix;

/// <summary>What Postfix makes of a message on its way into a Maildir.</summary>
internal static class Arrival
{
    private static readonly string[] Trace = ["Return-Path:", "X-Original-To:", "Delivered-To:", "Received:", "\t"];

    /// <summary>A message that lacks no field that Postfix would add.</summary>
    public static byte[] Compose(string subject, string body) => Encoding.UTF8.GetBytes(
        $"From: <a@sender.example>\r\nTo: undisclosed-recipients:;\r\nSubject: {subject}\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n"
        + $"Message-ID: <{Guid.NewGuid():N}@sender.example>\r\n\r\n{body}");

    /// <summary>
    /// The file is the message with the system's line ends, and nothing else has changed but for the trace fields in front (RFC 5321
    /// section 4.4).
    /// </summary>
    public static void AssertIs(byte[] sent, byte[] arrived)
    {
        string expected = Encoding.Latin1.GetString(sent).Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        string file = Encoding.Latin1.GetString(arrived);
        Assert.Equal(expected, file[Math.Max(0, file.Length - expected.Length)..]);
        string[] trace = file[..^expected.Length].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(trace, line => Assert.Contains(Trace, field => line.StartsWith(field, StringComparison.Ordinal)));
    }

    /// <summary>The same, once it has arrived, and nothing beside it.</summary>
    public static async Task AssertReceivesAsync(this MailAccount account, byte[] sent)
    {
        IReadOnlyList<byte[]> arrived = await account.ReceiveAsync(1);
        AssertIs(sent, Assert.Single(arrived));
    }
}
