using System.Buffers;

namespace EmailSync.Protocols.Smtp;

/// <summary>
/// The content of one message, read ahead as far as a buffer goes: a message that fits is known before its first octet is sent,
/// and so is a longer one that can be read twice.
/// </summary>
internal sealed class OutgoingContent : Stream
{
    private const int LargestBuffer = 64 * 1024;

    private readonly Stream _rest;
    private readonly int _bufferSize;
    private byte[]? _buffer;
    private int _buffered;
    private int _taken;

    // One octet more than a stream says it has shows whether it told the truth.
    private OutgoingContent(Stream rest) =>
        (_rest, _bufferSize) = (rest, rest.CanSeek ? (int)Math.Clamp(rest.Length - rest.Position + 1, 1, LargestBuffer) : LargestBuffer);

    /// <summary>What is known of the content; null if it is long and can be read only once.</summary>
    public ContentSurvey? Survey { get; private set; }

    /// <summary>All of the content is in memory.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>The last octet was handed over.</summary>
    public bool IsTaken => Survey is { } survey && Taken == survey.Octets;

    /// <summary>How many octets were handed over.</summary>
    public long Taken { get; private set; }

    /// <summary>The reader has been told that there is no more.</summary>
    public bool IsEnded { get; private set; }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Reads ahead. What the stream throws is thrown, and nothing was sent.</summary>
    public static async ValueTask<OutgoingContent> PrepareAsync(Stream content, CancellationToken cancellationToken)
    {
        OutgoingContent prepared = new(content);
        try
        {
            prepared._buffer = ArrayPool<byte>.Shared.Rent(prepared._bufferSize);
            await prepared.ReadAheadAsync(cancellationToken);
            return prepared;
        }
        catch
        {
            prepared.Dispose();
            throw;
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!IsWhole && _taken == _buffered)
            return ReadRestAsync(buffer, cancellationToken);
        int count = Math.Min(buffer.Length, _buffered - _taken);
        _buffer.AsSpan(_taken, count).CopyTo(buffer.Span);
        _taken += count;
        Taken += count;
        IsEnded = count == 0 && buffer.Length > 0;
        return new(count);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Flush() => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        base.Dispose(disposing);
    }

    private async ValueTask ReadAheadAsync(CancellationToken cancellationToken)
    {
        _buffered = await _rest.ReadAtLeastAsync(
            _buffer.AsMemory(0, _bufferSize), _bufferSize, throwOnEndOfStream: false, cancellationToken);
        IsWhole = _buffered < _bufferSize;
        if (!IsWhole && !_rest.CanSeek)
            return;
        ContentSurvey survey = new();
        survey.Add(_buffer.AsSpan(0, _buffered));
        if (!IsWhole)
            survey = await SurveyRestAsync(survey, cancellationToken);
        Survey = survey;
    }

    private async ValueTask<ContentSurvey> SurveyRestAsync(ContentSurvey survey, CancellationToken cancellationToken)
    {
        long start = _rest.Position;
        byte[] block = ArrayPool<byte>.Shared.Rent(LargestBuffer);
        try
        {
            int count;
            while ((count = await _rest.ReadAsync(block, cancellationToken)) > 0)
                survey.Add(block.AsSpan(0, count));
            _rest.Position = start;
            return survey;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private async ValueTask<int> ReadRestAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int count = await _rest.ReadAsync(buffer, cancellationToken);
        Taken += count;
        IsEnded = count == 0;
        return count;
    }
}
