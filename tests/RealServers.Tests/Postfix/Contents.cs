using System.Text;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Postfix;

/// <summary>What is sent is what arrives, by DATA and by BDAT.</summary>
public sealed class Contents(MailServers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("plain\r\n", true)]
    [InlineData("plain\r\n", false)]
    [InlineData(".\r\n..\r\n...\r\n.x\r\n..x\r\n\r\n.\r\n", true)]
    [InlineData(".\r\n..\r\n...\r\n.x\r\n..x\r\n\r\n.\r\n", false)]
    [InlineData("Grüße aus Köln, 日本 ☺\r\n", true)]
    [InlineData("Grüße aus Köln, 日本 ☺\r\n", false)]
    [InlineData("From somebody\r\n>From somebody\r\n \r\nblank at the end \r\n\t\r\n", true)]
    [InlineData("From somebody\r\n>From somebody\r\n \r\nblank at the end \r\n\t\r\n", false)]
    public async Task A_message_arrives_as_it_was_sent(string body, bool isChunked)
    {
        MailAccount account = servers.NewAccount();
        byte[] message = Arrival.Compose("content", body);
        Verbs verbs = new();
        await using SmtpSession session = await servers.Postfix.OpenAsync(options: new() { UseChunking = isChunked, Transcript = verbs });
        Assert.True(session.Extensions is { HasChunking: true, HasPipelining: true, HasEightBitMime: true, HasSmtpUtf8: true });

        Assert.True((await SendAsync(session, account, message)).IsAccepted);

        await account.AssertReceivesAsync(message);
        await session.QuitAsync(Cancelled);
        Assert.Equal(["EHLO", "MAIL", "RCPT", isChunked ? "BDAT" : "DATA", "QUIT"], verbs.Sent);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_large_message_with_dots_everywhere(bool canBeReadTwice)
    {
        MailAccount account = servers.NewAccount();
        byte[] message = Arrival.Compose("large", Lines(10 << 20));
        await using SmtpSession session = await servers.Postfix.OpenAsync();
        await using Stream content = canBeReadTwice ? new MemoryStream(message) : new OnceOnlyStream(message);

        Assert.True((await session.SendAsync(EnvelopeTo(account), content, Cancelled)).IsAccepted);

        await account.AssertReceivesAsync(message);
        await session.QuitAsync(Cancelled);
    }

    // The content of a mail transaction is lines (RFC 5321 section 4.1.1.4), so the last one gets its end.
    [Fact]
    public async Task A_last_line_without_an_end_gets_one()
    {
        MailAccount account = servers.NewAccount();
        byte[] message = Arrival.Compose("no end", "the end");
        await using SmtpSession session = await servers.Postfix.OpenAsync();

        Assert.True((await SendAsync(session, account, message)).IsAccepted);

        await account.AssertReceivesAsync([.. message, .. "\r\n"u8]);
        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task More_than_the_server_takes_is_not_even_begun()
    {
        MailAccount account = servers.NewAccount();
        byte[] message = Arrival.Compose("too large", Lines(PostfixServer.MaxSize));
        await using SmtpSession session = await servers.Postfix.OpenAsync();
        Assert.Equal(PostfixServer.MaxSize, session.Extensions.MaxSize);

        await Assert.ThrowsAsync<UnsendableContentException>(() => SendAsync(session, account, message));

        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task Where_nobody_knew_the_size_before_the_server_says_that_it_is_too_much()
    {
        MailAccount account = servers.NewAccount();
        await using SmtpSession session = await servers.Postfix.OpenAsync();
        await using OnceOnlyStream content = new(Arrival.Compose("too large", Lines(PostfixServer.MaxSize)));

        TransactionResult result = await session.SendAsync(EnvelopeTo(account), content, Cancelled);

        Assert.False(result.IsAccepted);
        Assert.Equal((552, "5.3.4"), (result.Refusal!.Code, result.Refusal.Status.ToString()));
        Assert.Equal(0, account.Count);
    }

    private static async Task<TransactionResult> SendAsync(SmtpSession session, MailAccount account, byte[] message)
    {
        using MemoryStream content = new(message);
        return await session.SendAsync(EnvelopeTo(account), content, Cancelled);
    }

    private static Envelope EnvelopeTo(MailAccount account) => new(MailPath.Parse("a@sender.example"), [MailPath.Parse(account.Address)]);

    private static string Lines(int octets)
    {
        StringBuilder lines = new(octets + 1000);
        Random random = new(10);
        while (lines.Length < octets)
            lines.Append('.', random.Next(3)).Append('x', random.Next(900)).Append("\r\n");
        return lines.ToString();
    }

    private sealed class Verbs : ITranscript
    {
        public List<string> Sent { get; } = [];

        void ITranscript.Sent(ReadOnlySpan<byte> line) => Sent.Add(Encoding.ASCII.GetString(line[..4]));

        public void Received(ReadOnlySpan<byte> line)
        {
        }

        public void Content(long octets, bool sent)
        {
        }
    }

    /// <summary>Content as it comes from a socket: nobody knows how long it is, and it cannot be read again.</summary>
    private sealed class OnceOnlyStream(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
