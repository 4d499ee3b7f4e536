using System.Text;
using EmailSync.Protocols.Pop3;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Dovecot;

/// <summary>What lies in the Maildir is what is received, octet for octet.</summary>
public sealed class Contents(MailServers servers)
{
    private const string Header = "From: a@sender.example\r\nSubject: content\r\n\r\n";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    [InlineData(".\r\n..\r\n...\r\n.x\r\n..x\r\n \r\n.\r\n")]
    [InlineData("end\r\n.\r\n")]
    [InlineData("\r\n.\r\n+OK\r\n-ERR\r\n.\r\n")]
    [InlineData("Grüße aus Köln\r\n\u00ff\u00fe\u0080\u0081\r\n")]
    [InlineData("\u0001\u0002\b\t\v\f\u001b\u007f\r\n")]
    [InlineData("one\rtwo\r\n\r\r\n")]
    [InlineData("one \r\n\t\r\n  \r\n")]
    public async Task A_message_is_what_lies_in_the_maildir(string body)
    {
        byte[] content = Encoding.Latin1.GetBytes(Header + body);
        Assert.Equal(content, await PassAsync(content));
    }

    [Fact]
    public async Task A_line_of_a_megabyte()
    {
        byte[] content = Encoding.Latin1.GetBytes(Header + "." + new string('x', 1 << 20) + "\r\n." + new string('y', 1 << 20) + "\r\n");
        Assert.Equal(content, await PassAsync(content));
    }

    [Fact]
    public async Task Twenty_five_megabytes_of_anything()
    {
        byte[] content = Anything(25 << 20);
        Assert.Equal(content, await PassAsync(content));
    }

    // A multi-line response is made of lines, each of which ends in CRLF (RFC 1939 section 3), so a message that lacks the last line end
    // cannot be sent as it is: the server completes it, and no client can know. Dovecot does so for a file of no octets too.
    [Theory]
    [InlineData(Header + "the end")]
    [InlineData(Header + ".")]
    [InlineData("")]
    public async Task A_last_line_without_an_end_gets_one_on_the_way(string stored)
    {
        byte[] content = Encoding.Latin1.GetBytes(stored);
        byte[] completed = [.. content, .. "\r\n"u8];
        Assert.Equal(completed, await PassAsync(content));
    }

    // A Maildir holds local files, which have the line ends of the system; on the wire they are CRLF (RFC 1939 section 3).
    [Fact]
    public async Task A_file_with_bare_line_feeds_comes_with_CRLF()
    {
        byte[] stored = Encoding.Latin1.GetBytes((Header + ".\r\n..\r\nGrüße\r\n").ReplaceLineEndings("\n"));
        Assert.Equal(Encoding.Latin1.GetBytes(Header + ".\r\n..\r\nGrüße\r\n"), await PassAsync(stored));
    }

    private async Task<byte[]> PassAsync(byte[] content)
    {
        MailAccount account = servers.NewAccount();
        account.Deliver("1", content);
        await using Maildrop maildrop = await servers.Dovecot.OpenMaildropAsync(account);
        using MemoryStream received = new();
        long octets = await maildrop.RetrieveAsync(1, received, cancellationToken: Cancelled);
        await maildrop.QuitAsync(Cancelled);
        Assert.Equal(received.Length, octets);
        return received.ToArray();
    }

    /// <summary>Random octets without NUL, in lines of any length, many of which begin with a dot.</summary>
    private static byte[] Anything(int length)
    {
        Random random = new(25);
        byte[] content = new byte[length];
        random.NextBytes(content);
        content.AsSpan().Replace((byte)0, (byte)'.');
        content.AsSpan().Replace((byte)'\n', (byte)'.');
        for (int position = 0; position < length - 4; position += random.Next(1, 2000))
            "\r\n."u8.CopyTo(content.AsSpan(position));
        "\r\n"u8.CopyTo(content.AsSpan(length - 2));
        return content;
    }
}
