using System.Buffers;
using System.Text;

namespace EmailSync.Protocols.Pop3.Tests;

/// <summary>Keeps what a retrieval brought, one line a message.</summary>
internal sealed class RecordingSink : IRetrievalSink
{
    private readonly ArrayBufferWriter<byte> _content = new();
    private int _current;

    /// <summary><c>7: text</c>, or <c>7 refused: text</c>, or <c>7 too long: octets</c>.</summary>
    public List<string> Messages { get; } = [];

    public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken)
    {
        _current = messageNumber;
        _content.ResetWrittenCount();
        return default;
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        // The slice is the receive buffer's: yielding before the copy shows that it holds until we are done.
        await Task.Yield();
        _content.Write(octets.Span);
    }

    public ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken)
    {
        if (retrieval.Refusal is { } refusal)
        {
            Messages.Add($"{retrieval.MessageNumber} refused: {refusal.Text}");
            return default;
        }
        Assert.Equal(_current, retrieval.MessageNumber);
        if (retrieval.IsTooLong)
            Messages.Add($"{retrieval.MessageNumber} too long: {retrieval.Octets} octets, of which {_content.WrittenCount} came");
        else
        {
            Assert.Equal(_content.WrittenCount, retrieval.Octets);
            Messages.Add($"{retrieval.MessageNumber}: {Encoding.Latin1.GetString(_content.WrittenSpan).TrimEnd()}");
        }
        return default;
    }
}
