using System.Text;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>Content that can be read only once and comes in pieces of any size.</summary>
internal sealed class OnceOnly(string text, Func<int, int>? pieces = null, Func<CancellationToken, Task>? atEnd = null) : Stream
{
    /// <summary>For <c>atEnd</c>: the end never comes.</summary>
    public static Task Never(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);

    private readonly byte[] _octets = Encoding.UTF8.GetBytes(text);
    private int _read;
    private int _reads;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = Math.Min(Math.Min(buffer.Length, pieces?.Invoke(_reads++) ?? int.MaxValue), _octets.Length - _read);
        if (count == 0 && atEnd is not null && buffer.Length > 0)
            await atEnd(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        _octets.AsSpan(_read, count).CopyTo(buffer.Span);
        _read += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Flush() => throw new NotSupportedException();
}
