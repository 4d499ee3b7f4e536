using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Processing;

/// <summary>A draft that gets a message's header and nothing else, for what writes to a stream.</summary>
/// <param name="draft">Gets it.</param>
/// <param name="most">Octets of the header that are wanted; a header without an end is not stored without end.</param>
internal sealed class HeaderStream(IncomingDraft draft, long most) : Stream
{
    private HeaderPart _header = new();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => draft.Length;

    public override long Position
    {
        get => draft.Length;
        set => throw new NotSupportedException();
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ReadOnlyMemory<byte> part = _header.Of(buffer);
        return draft.WriteAsync(part[..(int)Math.Min(part.Length, most - draft.Length)], cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
