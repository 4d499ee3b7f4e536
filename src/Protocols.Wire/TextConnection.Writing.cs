using System.Buffers;
using System.Runtime.CompilerServices;

namespace EmailSync.Protocols.Wire;

// The writing side: lines are composed first and go out in one flight; content follows them in the same buffer.
public sealed partial class TextConnection
{
    private bool _writing;

    /// <summary>Composes a command line; it is sent by the next flush, together with what was composed before it.</summary>
    /// <exception cref="ArgumentException">A value in the line holds a control octet. Nothing of the line is sent.</exception>
    public void Compose([InterpolatedStringHandlerArgument("")] ref CommandLine line)
    {
        RequireExchange();
        if (_writing)
            throw new InvalidOperationException("The lines composed before are still being sent");
        LineBuffer buffer = line.Buffer;
        _toSend.Add(buffer);
        _transcript?.Sent(buffer.Shown());
        buffer.Clear();
        _spareLine = buffer;
    }

    /// <summary>Sends what was composed.</summary>
    /// <remarks>
    /// A write that fails is not reported here: the reply that explains it may have come already, and is worth more. The read
    /// that must follow either finds that reply or reports the loss.
    /// </remarks>
    public ValueTask FlushAsync(Deadline deadline)
    {
        RequireExchange();
        _writeClock.Start(deadline);
        return SendAsync();
    }

    /// <summary>
    /// Sends what was composed and then the content, dot-stuffed, up to the lone dot that ends it (RFC 5321 4.5.2). No line
    /// end is added where the content has one.
    /// </summary>
    /// <remarks>
    /// A reply can be read meanwhile; if one comes before the content is through, <see cref="Break"/> ends this call. After
    /// any exception the final dot has not been sent and the connection is broken.
    /// </remarks>
    /// <param name="content">Read to its end.</param>
    /// <param name="rules">What to do with bare line ends and NUL.</param>
    /// <param name="deadline">For each block of up to 64 KiB.</param>
    /// <returns>True once all of it is sent; false if the connection failed before the final dot: the next read says why.</returns>
    /// <exception cref="InvalidContentException">The content breaks <paramref name="rules"/>.</exception>
    public async ValueTask<bool> WriteContentAsync(Stream content, ContentRules rules, Deadline deadline)
    {
        ArgumentNullException.ThrowIfNull(content);
        RequireExchange();
        DotStuffer stuffer = new(rules);
        long octets = 0;
        byte[] source = ArrayPool<byte>.Shared.Rent(SendBuffer.Size);
        try
        {
            int count;
            while ((count = await content.ReadAsync(source, _abort.Token)) > 0)
            {
                for (int consumed = 0; consumed < count;)
                {
                    consumed += Stuff(ref stuffer, source.AsSpan(consumed, count - consumed));
                    if (IsBlockFull && !await SendBlockAsync(deadline))
                        return false;
                }
                octets += count;
            }
            _toSend.Add(stuffer.Finish(_toSend.Free(5)));
            if (!await SendBlockAsync(deadline))
                return false;
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
        finally
        {
            ArrayPool<byte>.Shared.Return(source);
        }
        _transcript?.Content(octets, sent: true);
        return true;
    }

    /// <summary>Sends what was composed and then exactly <paramref name="length"/> octets as they are (BDAT, RFC 3030).</summary>
    /// <param name="content">Read as far as <paramref name="length"/>.</param>
    /// <param name="length">The number of octets that the peer was told.</param>
    /// <param name="deadline">For each block of up to 64 KiB.</param>
    /// <returns>True once all of it is sent; false if the connection failed before: the next read says why.</returns>
    /// <exception cref="EndOfStreamException">The content ends early. The peer still waits for the rest, so the connection is broken.</exception>
    public async ValueTask<bool> WriteOctetsAsync(Stream content, long length, Deadline deadline)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        RequireExchange();
        try
        {
            for (long left = length; left > 0;)
            {
                Memory<byte> free = BlockRoom();
                int count = await content.ReadAsync(free[..(int)Math.Min(left, free.Length)], _abort.Token);
                if (count == 0)
                    throw new EndOfStreamException($"The content ended {left} octets before its announced length of {length}");
                _toSend.Add(count);
                left -= count;
                if (IsBlockFull && !await SendBlockAsync(deadline))
                    return false;
            }
            if (!await SendBlockAsync(deadline))
                return false;
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
        _transcript?.Content(length, sent: true);
        return true;
    }

    private bool IsBlockFull => _toSend.Octets.Length > SendBuffer.Size - DotStuffer.MostPerStep;

    private int Stuff(ref DotStuffer stuffer, ReadOnlySpan<byte> source)
    {
        (int consumed, int written) = stuffer.Encode(source, BlockRoom().Span);
        _toSend.Add(written);
        return consumed;
    }

    /// <summary>What is left of the current block, with the composed lines at its front.</summary>
    private Memory<byte> BlockRoom()
    {
        int least = Math.Max(SendBuffer.Size - _toSend.Octets.Length, DotStuffer.MostPerStep);
        return _toSend.FreeMemory(least)[..least];
    }

    private async ValueTask<bool> SendBlockAsync(Deadline deadline)
    {
        _writeClock.Start(deadline);
        await SendAsync();
        return _writeFailure is null;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync()
    {
        if (_toSend.IsEmpty)
            return;
        _writing = true;
        try
        {
            if (_writeFailure is null)
            {
                await WaitAsync(_stream.WriteAsync(_toSend.Octets, _abort.Token));
                await WaitAsync(new ValueTask(_stream.FlushAsync(_abort.Token)));
            }
        }
        catch (IOException e)
        {
            _writeFailure = e;
        }
        catch (Exception e)
        {
            throw Failed(e);
        }
        finally
        {
            _toSend.Clear();
            _writing = false;
        }
    }

    private ValueTask WaitAsync(ValueTask write) => write.IsCompleted ? write : ClockedAsync(write);

    private async ValueTask ClockedAsync(ValueTask write)
    {
        _writeClock.BeginWait();
        try
        {
            await write;
        }
        finally
        {
            _writeClock.EndWait(0);
        }
    }
}
