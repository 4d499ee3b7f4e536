using System.Buffers;
using System.Globalization;
using System.Text;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Conformance;

/// <summary>What lies in the maildrop is what is received, octet for octet.</summary>
public abstract class Pop3Contents(IMaildropHost host)
{
    private const string Header = "From: a@sender.example\r\nSubject: content\r\n\r\n";
    private const int Messages = 1000;

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
    public async Task A_message_is_what_lies_in_the_maildrop(string body)
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
    // cannot be sent as it is: the server completes it, and no client can know. Servers differ about a message of no octets.
    [Theory]
    [InlineData(Header + "the end")]
    [InlineData(Header + ".")]
    public async Task A_last_line_without_an_end_gets_one_on_the_way(string stored)
    {
        byte[] content = Encoding.Latin1.GetBytes(stored);
        byte[] completed = [.. content, .. "\r\n"u8];
        Assert.Equal(completed, await PassAsync(content));
    }

    [Fact]
    public async Task A_message_of_no_octets_is_nothing_or_an_empty_line() =>
        Assert.Contains(Encoding.Latin1.GetString(await PassAsync([])), (string[])["", "\r\n"]);

    [Theory]
    [InlineData(1)]
    [InlineData(2048)]
    public async Task A_thousand_messages_come_in_order_and_whole(int commandsAhead)
    {
        Account account = host.NewAccount();
        byte[][] contents = [.. Enumerable.Range(1, Messages).Select(Numbered)];
        foreach (byte[] content in contents)
            host.Deliver(account, content);
        await using Maildrop maildrop = await Maildrops.OpenAsync(host, account, new() { MaxCommandsAhead = commandsAhead });
        Collector collector = new();

        // One that is not there stands in the middle of the flight, and costs nobody else anything.
        await maildrop.RetrieveAsync([.. Enumerable.Range(1, 500), Messages + 1, .. Enumerable.Range(501, 500)], collector, cancellationToken: Cancelled);
        Assert.Empty(await maildrop.DeleteAsync([.. Enumerable.Range(1, Messages)], Cancelled));
        Assert.Equal(0, (await maildrop.StatAsync(Cancelled)).Messages);
        await maildrop.ResetAsync(Cancelled);
        await maildrop.QuitAsync(Cancelled);

        Assert.Equal([Messages + 1], collector.Refused);
        Assert.Equal(contents, collector.Messages);
    }

    private async Task<byte[]> PassAsync(byte[] content)
    {
        Account account = host.NewAccount();
        host.Deliver(account, content);
        await using Maildrop maildrop = await Maildrops.OpenAsync(host, account);
        using MemoryStream received = new();
        long octets = await maildrop.RetrieveAsync(1, received, cancellationToken: Cancelled);
        await maildrop.QuitAsync(Cancelled);
        Assert.Equal(received.Length, octets);
        return received.ToArray();
    }

    private static byte[] Numbered(int number) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"Subject: message {number}\r\n\r\n.{new string('x', number % 70)}\r\n{(number % 7 == 0 ? ".\r\n" : "")}"));

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

    private sealed class Collector : IRetrievalSink
    {
        private readonly ArrayBufferWriter<byte> _current = new();

        public List<byte[]> Messages { get; } = [];

        public List<int> Refused { get; } = [];

        public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken)
        {
            _current.ResetWrittenCount();
            return default;
        }

        public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
        {
            _current.Write(octets.Span);
            return default;
        }

        public ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken)
        {
            if (retrieval.IsWhole)
                Messages.Add(_current.WrittenSpan.ToArray());
            else
                Refused.Add(retrieval.MessageNumber);
            return default;
        }
    }
}
