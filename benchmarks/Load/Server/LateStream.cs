using System.Diagnostics;
using System.Threading.Channels;

namespace EmailSync.Load.Server;

/// <summary>A network with a round trip: what is written goes out later, in order, and at any rate.</summary>
internal sealed class LateStream : Stream
{
    private readonly Stream _inner;
    private readonly long _delay;
    private readonly Channel<(long Due, byte[] Octets)> _underway = Channel.CreateUnbounded<(long, byte[])>(new() { SingleReader = true });
    private readonly Task _delivering;

    public LateStream(Stream inner, TimeSpan delay)
    {
        _inner = inner;
        _delay = (long)(delay.TotalSeconds * Stopwatch.Frequency);
        _delivering = DeliverAsync();
    }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _inner.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_delivering.IsFaulted)
            return new(_delivering);
        _underway.Writer.TryWrite((Stopwatch.GetTimestamp() + _delay, buffer.ToArray()));
        return default;
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        _underway.Writer.TryComplete();
        // What could not be delivered was for a client that is gone.
        await _delivering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _inner.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task DeliverAsync()
    {
        await foreach ((long due, byte[] octets) in _underway.Reader.ReadAllAsync())
        {
            TimeSpan early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            if (early > TimeSpan.FromMilliseconds(0.5))
                await Task.Delay(early);
            await _inner.WriteAsync(octets);
        }
    }
}
