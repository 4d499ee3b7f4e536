using System.Threading.Channels;

namespace EmailSync.Lab;

/// <summary>A stream whose writes arrive late, or a few octets at a time, while its reads are as fast as ever.</summary>
/// <remarks>Lateness is that of a long line: a second write does not wait for the first one's delay.</remarks>
internal sealed class SlowStream : Stream
{
    private readonly Stream _inner;
    private readonly Func<(TimeSpan Delay, int DripOctets, TimeSpan DripPause)> _pace;
    private readonly TimeProvider _clock;
    private readonly Channel<(byte[] Octets, long SentAt)> _underWay =
        Channel.CreateBounded<(byte[], long)>(new BoundedChannelOptions(1024) { SingleReader = true });
    private readonly Task _delivery;

    public SlowStream(
        Stream inner, Func<(TimeSpan Delay, int DripOctets, TimeSpan DripPause)> pace, TimeProvider clock,
        CancellationToken stopping)
    {
        _inner = inner;
        _pace = pace;
        _clock = clock;
        _delivery = DeliverAsync(stopping);
    }

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _inner.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _underWay.Writer.WriteAsync((buffer.ToArray(), _clock.GetTimestamp()), cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() { }
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        _underWay.Writer.TryComplete();
        await _delivery.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _inner.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task DeliverAsync(CancellationToken stopping)
    {
        try
        {
            await foreach ((byte[] octets, long sentAt) in _underWay.Reader.ReadAllAsync(stopping))
            {
                (TimeSpan delay, int dripOctets, TimeSpan dripPause) = _pace();
                TimeSpan left = delay - _clock.GetElapsedTime(sentAt);
                if (left > TimeSpan.Zero)
                    await Task.Delay(left, _clock, stopping);
                int piece = dripOctets > 0 ? dripOctets : octets.Length;
                for (int from = 0; from < octets.Length; from += piece)
                {
                    await _inner.WriteAsync(octets.AsMemory(from, Math.Min(piece, octets.Length - from)), stopping);
                    if (dripPause > TimeSpan.Zero)
                        await Task.Delay(dripPause, _clock, stopping);
                }
            }
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The client has left or the server stops: later writes learn it from the closed channel.
            _underWay.Writer.TryComplete(new IOException("The client has left.", gone));
        }
    }
}
