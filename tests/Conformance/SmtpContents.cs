using System.Text;
using EmailSync.Protocols.Smtp;

namespace EmailSync.Conformance;

/// <summary>What is sent is what arrives, by DATA and by BDAT.</summary>
public abstract class SmtpContents(ISubmissionHost host)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("plain\r\n")]
    [InlineData("")]
    [InlineData(".\r\n..\r\n...\r\n.x\r\n..x\r\n\r\n.\r\n")]
    [InlineData("From somebody\r\n>From somebody\r\n \r\nblank at the end \r\n\t\r\n")]
    [InlineData("end\r\n.\r\nMAIL FROM:<a@sender.example>\r\nQUIT\r\n")]
    public Task By_data_a_message_arrives_as_it_was_sent(string body) => PassAsync(body, isChunked: false, Ability.KeepsOctets);

    [Theory]
    [InlineData("plain\r\n")]
    [InlineData("")]
    [InlineData(".\r\n..\r\n...\r\n.x\r\n..x\r\n\r\n.\r\n")]
    [InlineData("From somebody\r\n>From somebody\r\n \r\nblank at the end \r\n\t\r\n")]
    [InlineData("end\r\n.\r\nMAIL FROM:<a@sender.example>\r\nQUIT\r\n")]
    public Task By_bdat_a_message_arrives_as_it_was_sent(string body) => PassAsync(body, isChunked: true, Ability.Chunking);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Eight_bit_octets(bool isChunked) =>
        PassAsync("Grüße aus Köln, 日本 ☺\r\n", isChunked, Ability.EightBitMime, isChunked ? Ability.Chunking : Ability.KeepsOctets);

    [Fact]
    public async Task A_header_in_utf8()
    {
        host.Lacks.Require(Ability.SmtpUtf8, Ability.KeepsOctets);
        Account account = host.NewAccount();
        byte[] message = Outgoing.Compose("Grüße aus Köln, 日本 ☺", "Grüße\r\n");
        await using SmtpSession session = await host.OpenAsync(Encryption.None);

        Assert.True((await session.SubmitAsync(message, account.Name)).IsAccepted);

        Assert.Equal(message, Assert.Single(await host.ReceiveAsync(account, 1)));
        await session.QuitAsync(Cancelled);
    }

    // The content of a mail transaction is lines (RFC 5321 section 4.1.1.4), so the last one gets its end.
    [Fact]
    public async Task A_last_line_without_an_end_gets_one()
    {
        host.Lacks.Require(Ability.KeepsOctets);
        Account account = host.NewAccount();
        byte[] message = Outgoing.Compose("no end", "the end");
        await using SmtpSession session = await host.OpenAsync(Encryption.None);

        Assert.True((await session.SubmitAsync(message, account.Name)).IsAccepted);

        byte[] completed = [.. message, .. "\r\n"u8];
        Assert.Equal(completed, Assert.Single(await host.ReceiveAsync(account, 1)));
        await session.QuitAsync(Cancelled);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Twenty_five_megabytes_with_dots_everywhere(bool isChunked) =>
        PassAsync(Lines(25 << 20), isChunked, Ability.LargeContent, isChunked ? Ability.Chunking : Ability.KeepsOctets);

    [Fact]
    public async Task More_than_the_server_takes_is_not_even_begun()
    {
        host.Lacks.Require(Ability.SizeLimit);
        Account account = host.NewAccount();
        await using SmtpSession session = await host.OpenAsync(Encryption.None);
        Assert.Equal(host.MaxSize, session.Extensions.MaxSize);
        Envelope envelope = Outgoing.EnvelopeTo(account.Name) with { Size = host.MaxSize + 1 };
        await using OnceOnlyStream content = new(Outgoing.Compose("too large", Lines(100_000)));

        await Assert.ThrowsAsync<UnsendableContentException>(async () => await session.SendAsync(envelope, content, Cancelled));

        await session.QuitAsync(Cancelled);
    }

    private async Task PassAsync(string body, bool isChunked, params Ability[] needed)
    {
        host.Lacks.Require(needed);
        Account account = host.NewAccount();
        byte[] message = Outgoing.Compose("content", body);
        await using SmtpSession session = await host.OpenAsync(Encryption.None, new() { UseChunking = isChunked });

        Assert.True((await session.SubmitAsync(message, account.Name)).IsAccepted);

        Assert.Equal(message, Assert.Single(await host.ReceiveAsync(account, 1)));
        await session.QuitAsync(Cancelled);
    }

    private static string Lines(int octets)
    {
        StringBuilder lines = new(octets + 1000);
        Random random = new(10);
        while (lines.Length < octets)
            lines.Append('.', random.Next(3)).Append('x', random.Next(900)).Append("\r\n");
        return lines.ToString();
    }

    /// <summary>Content as it comes from a socket: nobody knows how long it is, and it cannot be read again.</summary>
    private sealed class OnceOnlyStream(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
