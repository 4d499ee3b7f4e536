using System.Buffers;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>"Process Email From": tells the messages that were received before a moment, by their headers alone.</summary>
public static class CutOff
{
    // Far more than the fields that matter take, and little enough for thousands of messages in turn.
    private const int HeaderOctets = 64 * 1024;

    /// <summary>The messages that were received before a moment. A message that has no date is not among them.</summary>
    /// <param name="maildrop">Where they lie.</param>
    /// <param name="messages">Which are judged.</param>
    /// <param name="moment">The moment.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<HashSet<int>> OlderAsync(
        Maildrop maildrop, IReadOnlyList<NewMessage> messages, DateTimeOffset moment, CancellationToken cancellationToken)
    {
        HeaderSink sink = new(moment);
        int[] numbers = [.. messages.Select(message => message.Number)];
        if (maildrop.Capabilities is { HasTop: false })
            await maildrop.RetrieveAsync(numbers, sink, cancellationToken: cancellationToken);
        else
            await maildrop.TopAsync(numbers, 0, sink, cancellationToken: cancellationToken);
        return sink.Older;
    }

    private sealed class HeaderSink(DateTimeOffset moment) : IRetrievalSink
    {
        private readonly ArrayBufferWriter<byte> _header = new();

        public HashSet<int> Older { get; } = [];

        public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken)
        {
            _header.ResetWrittenCount();
            return ValueTask.CompletedTask;
        }

        public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
        {
            int room = HeaderOctets - _header.WrittenCount;
            _header.Write(octets.Span[..Math.Min(room, octets.Length)]);
            return ValueTask.CompletedTask;
        }

        public ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken)
        {
            if (retrieval.Refusal is null && ReceivedDate.Of(_header.WrittenSpan) < moment)
                Older.Add(retrieval.MessageNumber);
            return ValueTask.CompletedTask;
        }
    }
}
