using System.Buffers;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp;

/// <summary>Content on its way by BDAT, cut into chunks (RFC 3030 section 2).</summary>
/// <remarks>
/// A server can refuse after each chunk and the sender then saves the rest, so content of known size goes in few large ones. Where the
/// size is not known, as much is read ahead as a chunk has: its size must be said before its first octet.
/// </remarks>
internal sealed class Chunks(Dialogue dialogue, OutgoingContent content) : IDisposable
{
    /// <summary>The size of all chunks but the last, where the size of the content is known.</summary>
    public const int Size = 4 * 1024 * 1024;

    /// <summary>The size of all chunks but the last, where it is not.</summary>
    public const int SizeOfUnknown = 64 * 1024;

    private readonly Deadline _reply = new("reply to a chunk", dialogue.Options.DataTimeout);
    private byte[]? _buffer;
    private MemoryStream? _read;

    /// <summary>The last octet of the last chunk was handed over.</summary>
    public bool IsTaken => _read is null ? content.IsTaken : content.IsEnded && _read.Position == _read.Length;

    private long Left => content.Survey is { } survey ? survey.Octets - content.Taken : _read!.Length;

    /// <summary>Sends all chunks before the last, each with its reply.</summary>
    /// <returns>Null, or the reply that refused one: no more of them are sent, then.</returns>
    public async ValueTask<Reply?> SendAllButLastAsync(CancellationToken cancellationToken)
    {
        while (!await IsAtLastAsync(cancellationToken))
        {
            int size = _read is null ? Size : SizeOfUnknown;
            dialogue.Wire.Compose($"BDAT {size}");
            // Whether it went out shows in the read, which may find the reply that explains why not.
            await dialogue.Wire.WriteOctetsAsync(_read ?? (Stream)content, size, dialogue.DeadlineOf(Phase.Content));
            Reply reply = await dialogue.ReadReplyAsync(_reply);
            if (reply.IsNegative)
                return reply;
            if (!reply.IsPositive)
                throw dialogue.Wire.Break(new ProtocolViolationException($"The server answered a chunk with \"{reply}\""));
        }
        return null;
    }

    /// <summary>Sends the last chunk, behind what was composed before; false if the connection failed.</summary>
    public ValueTask<bool> WriteLastAsync()
    {
        long size = Left;
        dialogue.Wire.Compose($"BDAT {size} LAST");
        return dialogue.Wire.WriteOctetsAsync(_read ?? (Stream)content, size, dialogue.DeadlineOf(Phase.Content));
    }

    public void Dispose()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
    }

    private async ValueTask<bool> IsAtLastAsync(CancellationToken cancellationToken)
    {
        if (content.Survey is not null)
            return Left <= Size;
        _buffer ??= ArrayPool<byte>.Shared.Rent(SizeOfUnknown);
        int count = await content.ReadAtLeastAsync(
            _buffer.AsMemory(0, SizeOfUnknown), SizeOfUnknown, throwOnEndOfStream: false, cancellationToken);
        _read = new(_buffer, 0, count);
        return count < SizeOfUnknown;
    }
}
