using System.Buffers;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Aot;

/// <summary>Keeps what is retrieved.</summary>
internal sealed class Messages : IRetrievalSink
{
    private readonly ArrayBufferWriter<byte> _message = new();

    public List<byte[]> Whole { get; } = [];

    public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken)
    {
        _message.ResetWrittenCount();
        return default;
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        _message.Write(octets.Span);
        return default;
    }

    public ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken)
    {
        if (retrieval.IsWhole)
            Whole.Add(_message.WrittenSpan.ToArray());
        return default;
    }
}
