using System.Net.Security;

namespace EmailSync.Protocols.Testing;

/// <summary>The client's end of a <see cref="ScriptedPeer"/>; says whether it is encrypted as a TLS stream would.</summary>
internal sealed class ScriptedStream(ScriptedPeer peer, bool isEncrypted) : AuthenticatedStream(new MemoryStream(), leaveInnerStreamOpen: false)
{
    public override bool IsAuthenticated => isEncrypted;
    public override bool IsEncrypted => isEncrypted;
    public override bool IsMutuallyAuthenticated => false;
    public override bool IsServer => false;
    public override bool IsSigned => isEncrypted;
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        peer.ReadAsync(this, buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        peer.Write(this, buffer.Span);
        return default;
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() => throw new NotSupportedException("The client is asynchronous only");
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("The client is asynchronous only");
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("The client is asynchronous only");
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        peer.Close(this);
        base.Dispose(disposing);
    }

    public override ValueTask DisposeAsync()
    {
        peer.Close(this);
        return base.DisposeAsync();
    }
}
