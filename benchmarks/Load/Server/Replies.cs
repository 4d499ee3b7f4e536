using System.Buffers;

namespace EmailSync.Load.Server;

/// <summary>Gathers what is answered to one read, so that it goes out in as few writes as possible; or each answer by itself.</summary>
internal sealed class Replies(Stream stream, ServerKind kind) : IDisposable
{
    private const int Size = 128 * 1024;

    private byte[]? _buffer;
    private int _length;

    public ValueTask AddAsync(ReadOnlyMemory<byte> reply)
    {
        if (kind == ServerKind.Delaying)
            return stream.WriteAsync(reply);
        if (_length + reply.Length > Size)
            return AddLargeAsync(reply);
        _buffer ??= ArrayPool<byte>.Shared.Rent(Size);
        reply.CopyTo(_buffer.AsMemory(_length));
        _length += reply.Length;
        return default;
    }

    /// <summary>Sends what was gathered; nothing is held while the client is silent.</summary>
    public async ValueTask FlushAsync()
    {
        if (_length > 0)
            await stream.WriteAsync(_buffer.AsMemory(0, _length));
        Dispose();
    }

    public void Dispose()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _length = 0;
    }

    private async ValueTask AddLargeAsync(ReadOnlyMemory<byte> reply)
    {
        await FlushAsync();
        if (reply.Length > Size)
            await stream.WriteAsync(reply);
        else
            await AddAsync(reply);
    }
}
