using System.Buffers;
using System.Globalization;
using System.Text;
using EmailSync.Protocols.Pop3;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Dovecot;

/// <summary>Many messages in one retrieval.</summary>
public sealed class Pipelining(MailServers servers)
{
    private const int Messages = 1000;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2048)]
    public async Task A_thousand_messages_come_in_order_and_whole(int commandsAhead)
    {
        MailAccount account = servers.NewAccount();
        byte[][] contents = [.. Enumerable.Range(1, Messages).Select(Content)];
        for (int number = 1; number <= Messages; number++)
            account.Deliver(number.ToString("D4", CultureInfo.InvariantCulture), contents[number - 1]);
        await using Pop3Session session = await servers.Dovecot.OpenAsync(options: new() { MaxCommandsAhead = commandsAhead });
        await using Maildrop maildrop = await session.LogInAsync(account.Address, new(account.Password), Cancelled);
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

    private static byte[] Content(int number) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"Subject: message {number}\r\n\r\n.{new string('x', number % 70)}\r\n{(number % 7 == 0 ? ".\r\n" : "")}"));

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
