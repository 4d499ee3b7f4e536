using System.Text;
using EmailSync.Protocols.Pop3;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Dovecot;

/// <summary>What is peculiar to a Maildir; the rest is in the suite that every server is put through.</summary>
public sealed class Contents(MailServers servers)
{
    private const string Header = "From: a@sender.example\r\nSubject: content\r\n\r\n";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

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
}
