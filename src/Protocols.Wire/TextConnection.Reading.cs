using System.Runtime.CompilerServices;

namespace EmailSync.Protocols.Wire;

// The reading side: lines, listings and content, taken from one receive buffer.
public sealed partial class TextConnection
{
    /// <summary>The longest line that can be asked for, in octets with CRLF.</summary>
    public const int MaxLineLength = ReceiveBuffer.Size / 2;

    private string _awaited = "reply";
    private bool _reading;

    /// <summary>The reply that is read next: what it is called when it does not come, and how long it may take.</summary>
    /// <remarks>The count begins anew, also for a read that waits already.</remarks>
    public void Expect(Deadline deadline)
    {
        _awaited = deadline.Awaited;
        _readClock.Start(deadline);
    }

    /// <summary>Reads one line and parses it.</summary>
    /// <param name="parse">Gets the line without CRLF. What it throws breaks the connection.</param>
    /// <param name="maxLength">The longest line accepted, in octets with CRLF; at most <see cref="MaxLineLength"/>.</param>
    /// <param name="redact">What a transcript may show of the line; all of it unless given.</param>
    /// <exception cref="ProtocolViolationException">The line is too long, or ends in a bare LF.</exception>
    public ValueTask<T> ReadLineAsync<T>(LineParser<T> parse, int maxLength, LineRedaction? redact = null)
    {
        ArgumentNullException.ThrowIfNull(parse);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxLength, MaxLineLength);
        RequireExchange();
        return TryFindLine(maxLength, out int length)
            ? new(TakeLine(parse, length, redact))
            : WaitForLineAsync(parse, maxLength, redact);
    }

    /// <summary>Reads past a line that is empty, if the next one is.</summary>
    /// <returns>False: the next line is not empty, and still to be read.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> SkipBlankLineAsync()
    {
        RequireExchange();
        while (_received.Octets is [] or [(byte)'\r'])
            await FillAsync();
        if (_received.Octets is not [(byte)'\r', (byte)'\n', ..])
            return false;
        _transcript?.Received([]);
        _received.Consume(2);
        return true;
    }

    /// <summary>Reads the lines of a listing up to the lone dot that ends it, un-stuffed (RFC 1939 section 3).</summary>
    /// <param name="visit">Gets each line without CRLF. What it throws breaks the connection.</param>
    /// <param name="maxLength">The longest line accepted, in octets with CRLF; at most <see cref="MaxLineLength"/>.</param>
    /// <param name="maxLines">The longest listing accepted.</param>
    /// <returns>The number of lines.</returns>
    public async ValueTask<int> ReadListingAsync(LineVisitor visit, int maxLength, int maxLines)
    {
        ArgumentNullException.ThrowIfNull(visit);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxLength, MaxLineLength);
        RequireExchange();
        for (int lines = 0; ; lines++)
        {
            int length;
            while (!TryFindLine(maxLength, out length))
                await FillAsync();
            if (IsListingEnd(length))
            {
                _received.Consume(length + 2);
                return lines;
            }
            if (lines == maxLines)
                throw Break(new ProtocolViolationException($"A listing has more than {maxLines} lines"));
            VisitLine(visit, length);
        }
    }

    /// <summary>
    /// Reads content up to the lone dot that ends it, un-stuffed, and hands it on in slices of the receive buffer (RFC 1939
    /// section 3).
    /// </summary>
    /// <param name="write">Gets the content, as far as <paramref name="limit"/>. What it throws breaks the connection.</param>
    /// <param name="limit">How much the caller wants; the rest is read and dropped.</param>
    /// <param name="cap">How much is read at all; beyond, the connection is given up.</param>
    /// <returns>The length of the content in octets; more than <paramref name="limit"/> if it was too long.</returns>
    /// <exception cref="ContentTooLongException">There is more than <paramref name="cap"/>.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<long> ReadContentAsync(ContentWriter write, long limit, long cap)
    {
        ArgumentNullException.ThrowIfNull(write);
        RequireExchange();
        long octets = 0;
        bool atLineStart = true;
        while (true)
        {
            DotStuffing.Piece piece = DotStuffing.Take(_received.Octets, ref atLineStart);
            if (piece.IsUndecided)
            {
                await FillAsync();
                continue;
            }
            if (piece.IsEnd)
            {
                _received.Consume(piece.Skip);
                _transcript?.Content(octets, sent: false);
                return octets;
            }
            int wanted = (int)Math.Min(piece.Content, Math.Max(limit - octets, 0));
            octets += piece.Content;
            if (octets > cap)
                throw Break(new ContentTooLongException(cap));
            if (wanted > 0)
            {
                ValueTask written = HandOver(write, _received.Slice(piece.Skip, wanted));
                if (!written.IsCompletedSuccessfully)
                    await WriterAsync(written);
            }
            _received.Consume(piece.Skip + piece.Content);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<T> WaitForLineAsync<T>(LineParser<T> parse, int maxLength, LineRedaction? redact)
    {
        int length;
        do
            await FillAsync();
        while (!TryFindLine(maxLength, out length));
        return TakeLine(parse, length, redact);
    }

    /// <summary>The limit is checked on every look, so no more than it is ever held for a line that does not end.</summary>
    private bool TryFindLine(int maxLength, out int length)
    {
        int lineFeed = _received.IndexOfLineFeed();
        length = lineFeed - 1;
        if ((lineFeed < 0 ? _received.Octets.Length : lineFeed) >= maxLength)
            throw Break(new ProtocolViolationException($"The server sent a line longer than {maxLength} octets", _received.Octets));
        if (lineFeed < 0)
            return false;
        if (length < 0 || _received.Octets[length] != '\r')
            throw Break(new ProtocolViolationException("The server ended a line with a bare LF", _received.Octets[..lineFeed]));
        return true;
    }

    private T TakeLine<T>(LineParser<T> parse, int length, LineRedaction? redact)
    {
        ReadOnlySpan<byte> line = _received.Octets[..length];
        if (_transcript is not null)
            Show(line, redact);
        try
        {
            T value = parse(line);
            _received.Consume(length + 2);
            return value;
        }
        catch (Exception e)
        {
            Break(e);
            throw;
        }
    }

    private bool IsListingEnd(int length)
    {
        bool isEnd = length == 1 && _received.Octets[0] == '.';
        if (isEnd)
            _transcript?.Received("."u8);
        return isEnd;
    }

    private void VisitLine(LineVisitor visit, int length)
    {
        ReadOnlySpan<byte> line = _received.Octets[..length];
        _transcript?.Received(line);
        try
        {
            visit(line is [(byte)'.', ..] ? line[1..] : line);
            _received.Consume(length + 2);
        }
        catch (Exception e)
        {
            Break(e);
            throw;
        }
    }

    private void Show(ReadOnlySpan<byte> line, LineRedaction? redact)
    {
        int visible = redact?.Invoke(line) ?? line.Length;
        _transcript!.Received(visible < line.Length ? [.. line[..visible], .. "***"u8] : line);
    }

    private ReadOnlySpan<byte> FirstLine()
    {
        int lineFeed = _received.Octets.IndexOf((byte)'\n');
        return lineFeed < 0 ? _received.Octets : _received.Octets[..lineFeed].TrimEnd((byte)'\r');
    }

    private ValueTask HandOver(ContentWriter write, ReadOnlyMemory<byte> octets)
    {
        try
        {
            return write(octets, _abort.Token);
        }
        catch (Exception e)
        {
            return ValueTask.FromException(e);
        }
    }

    /// <summary>A writer that fails leaves content unread: the connection goes, and the writer's own exception is the one thrown.</summary>
    private async ValueTask WriterAsync(ValueTask written)
    {
        try
        {
            await written;
        }
        catch (OperationCanceledException e) when (_abort.IsCancellationRequested)
        {
            throw Failed(e);
        }
        catch (Exception e)
        {
            Break(e);
            throw;
        }
    }

    /// <summary>Waits until at least one more octet is there.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FillAsync()
    {
        ThrowIfBroken();
        _reading = true;
        try
        {
            // Nothing is rented until octets are there: a read of no octets waits for them.
            if (!_received.IsRented)
                await WaitAsync(_stream.ReadAsync(Memory<byte>.Empty, _abort.Token));
            int count = await WaitAsync(_stream.ReadAsync(_received.Free(), _abort.Token));
            if (count == 0)
                throw new ConnectionLostException(
                    $"The server closed the connection before the end of the {_awaited}", _writeFailure);
            _received.Received(count);
        }
        catch (Exception e)
        {
            throw Failed(e);
        }
        finally
        {
            _reading = false;
        }
    }

    private ValueTask<int> WaitAsync(ValueTask<int> read) => read.IsCompleted ? read : ClockedAsync(read);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ClockedAsync(ValueTask<int> read)
    {
        int count = 0;
        _readClock.BeginWait();
        try
        {
            return count = await read;
        }
        finally
        {
            _readClock.EndWait(count);
        }
    }
}
