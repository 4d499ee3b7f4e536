using System.Net.Security;

namespace EmailSync.Protocols.Testing;

/// <summary>A stream that says it is encrypted, for what is said behind TLS without TLS.</summary>
public sealed class SecuredStream(Stream inner) : AuthenticatedStream(inner, leaveInnerStreamOpen: false)
{
    public override bool IsAuthenticated => true;
    public override bool IsEncrypted => true;
    public override bool IsMutuallyAuthenticated => false;
    public override bool IsServer => false;
    public override bool IsSigned => true;
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => InnerStream.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => InnerStream.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => InnerStream.FlushAsync(cancellationToken);

    public override void Flush() => throw new NotSupportedException();
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}
