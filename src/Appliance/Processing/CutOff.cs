using System.Buffers;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// "Process Email From": tells the messages that were received before a moment, by their headers alone. A message that has no date is not among
/// them.
/// </summary>
internal sealed class CutOff(DateTimeOffset moment) : IRetrievalSink
{
    // Far more than the fields that matter take, and little enough for thousands of messages in turn.
    private const int HeaderOctets = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _header = new();

    /// <summary>Their numbers.</summary>
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
