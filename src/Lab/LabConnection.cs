using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace EmailSync.Lab;

/// <summary>One connection: lines in, octets out, TLS in between, and the script's hand on all of it.</summary>
/// <remarks>
/// Replies are collected and go out in one write when the client's input is used up, so a pipelined group costs one
/// write. An idle connection holds no buffer.
/// </remarks>
internal sealed class LabConnection : IAsyncDisposable
{
    private const int BufferSize = 64 * 1024;

    // IPPROTO_TCP and TCP_QUICKACK of Linux, which holds until the system changes its mind and so is set again and again.
    private const int TcpLevel = 6;
    private const int QuickAcknowledgement = 12;
    private static readonly byte[] One = BitConverter.GetBytes(1);

    private readonly Socket _socket;
    private readonly LabServer _lab;
    private readonly bool _isSlow;
    private Stream _stream;
    private byte[]? _input;
    private int _start;
    private int _end;
    private byte[]? _output;
    private int _pending;
    private Strike? _atReply;

    public LabConnection(LabServer lab, Socket socket, LabService service, int number, int ordinalAtListener)
    {
        _lab = lab;
        _socket = socket;
        Service = service;
        Number = number;
        OrdinalAtListener = ordinalAtListener;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _isSlow = lab.Script.IsSlow;
        if (_isSlow)
            _stream = new SlowStream(_stream, Pace, lab.Options.Clock, lab.Stopping);
    }

    public LabService Service { get; }
    public int Number { get; }
    public int OrdinalAtListener { get; }
    public string? UserName { get; set; }

    /// <summary>What the conversation holds, and lets go before the line is cut: a client may be back before our side has ended.</summary>
    public Action? LetGo { get; set; }

    public bool IsEncrypted => _stream is SslStream;
    public bool HasMoreInput => _end > _start;

    /// <summary>The line last read, without its CRLF; valid until the next read.</summary>
    public ReadOnlyMemory<byte> Line { get; private set; }

    public string LineText => Encoding.UTF8.GetString(Line.Span);

    /// <summary>Reads a line that ends in CRLF, and only in CRLF; false at the end of the stream.</summary>
    public async ValueTask<bool> ReadLineAsync()
    {
        int searched = 0;
        while (true)
        {
            if (_input is not null)
            {
                int at = _input.AsSpan(_start + searched, _end - _start - searched).IndexOf("\r\n"u8);
                if (at >= 0)
                {
                    Line = _input.AsMemory(_start, searched + at);
                    _start += searched + at + 2;
                    return true;
                }
                searched = Math.Max(0, _end - _start - 1);
            }
            if (searched >= BufferSize - 1 || !await FillAsync())
                return false;
        }
    }

    /// <summary>What has been read and not used, after at least one more read if there is nothing; empty at the end.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadContentAsync(int alreadySeen = 0) =>
        _end - _start > alreadySeen || await FillAsync() ? _input.AsMemory(_start, _end - _start) : default;

    public void Consume(int octets) => _start += octets;

    public ValueTask SayAsync(string line) => SayAsync(Encoding.UTF8.GetBytes(line + "\r\n"));

    public async ValueTask SayAsync(ReadOnlyMemory<byte> octets)
    {
        if (octets.Length > BufferSize - _pending)
        {
            await FlushAsync();
            if (octets.Length > BufferSize)
            {
                await _stream.WriteAsync(octets, _lab.Stopping);
                return;
            }
        }
        octets.Span.CopyTo(Room());
        _pending += octets.Length;
    }

    /// <summary>The free part of the output buffer; <see cref="MakeRoomAsync"/> first, <see cref="Advance"/> afterwards.</summary>
    public Span<byte> Room() => (_output ??= ArrayPool<byte>.Shared.Rent(BufferSize)).AsSpan(_pending, BufferSize - _pending);

    public ValueTask MakeRoomAsync(int octets) => octets > BufferSize - _pending ? FlushAsync() : default;

    public void Advance(int octets) => _pending += octets;

    public async ValueTask FlushAsync()
    {
        if (_pending == 0)
            return;
        await _stream.WriteAsync(_output.AsMemory(0, _pending), _lab.Stopping);
        _pending = 0;
    }

    /// <summary>The reply to a command; the script may put another in its place.</summary>
    public async ValueTask ReplyAsync(string line)
    {
        if (_atReply is { } strike)
        {
            _atReply = null;
            await EnactAsync(strike);
            return;
        }
        await SayAsync(line);
    }

    /// <summary>True when the script has taken this moment over and nothing else is to be done.</summary>
    public async ValueTask<bool> IsStruckAsync(string at, bool line = false)
    {
        if (_lab.Script.IsEmpty)
            return false;
        string text = line ? LineText : "";
        if (_lab.Script.Take(this, at, isAfter: false, text) is { } strike)
        {
            await EnactAsync(strike);
            return true;
        }
        _atReply = _lab.Script.Take(this, at, isAfter: true, text) ?? _atReply;
        return false;
    }

    public async ValueTask EnactAsync(Strike strike)
    {
        _lab.Journal.Event(this, "struck");
        if (strike.Text is not null)
            await SayAsync(strike.Text);
        if (strike.Then == Outcome.GoOn)
            return;
        await SayAsync(Encoding.UTF8.GetBytes(strike.Start));
        await FlushAsync();
        switch (strike.Then)
        {
            case Outcome.Hang:
                while (await FillAsync())
                    _start = _end;
                break;
            case Outcome.StopReading:
                await Task.Delay(Timeout.InfiniteTimeSpan, _lab.Options.Clock, _lab.Stopping);
                break;
            case Outcome.Disconnect:
                LetGo?.Invoke();
                await EndAsync();
                break;
            case Outcome.Reset:
                LetGo?.Invoke();
                _socket.LingerState = new LingerOption(true, 0);
                _socket.Close();
                break;
            case Outcome.Repeat:
                byte[] repeated = Encoding.UTF8.GetBytes(strike.Repeated);
                while (true)
                    await SayAsync(repeated);
        }
        throw new ConversationOverException();
    }

    /// <summary>Whether the capability or extension is hidden by the script.</summary>
    public bool IsHidden(string keyword) => !_lab.Script.IsEmpty && _lab.Script.OdditiesOf(this)
        .Any(oddity => string.Equals(oddity.Hidden, keyword, StringComparison.OrdinalIgnoreCase));

    /// <summary>Exchanges the stream for an encrypted one; what the client sent ahead of it in clear is dropped.</summary>
    public async ValueTask EncryptAsync()
    {
        await FlushAsync();
        if (HasMoreInput)
        {
            // RFC 3207 section 4.2 and RFC 2595 section 4: nothing learned in clear may be used inside.
            _lab.Journal.Violation(this, "sent plaintext behind the request for TLS");
            _start = _end;
        }
        SslStream encrypted = new(_stream);
        _stream = encrypted;
        await encrypted.AuthenticateAsServerAsync(_lab.TlsOptions, _lab.Stopping);
        _lab.Journal.Event(this, "encrypted");
    }

    /// <summary>Says the last words and closes our direction, then waits for the client to close its own.</summary>
    /// <remarks>Closing at once would turn into RST when input is unread, and RST can overtake the last reply.</remarks>
    public async ValueTask EndAsync()
    {
        await FlushAsync();
        if (_stream is SslStream encrypted)
            await encrypted.ShutdownAsync();
        if (_isSlow)
            return; // what is still under way goes out before the stream is closed
        _socket.Shutdown(SocketShutdown.Send);
        while (await FillAsync())
            _start = _end;
    }

    public async ValueTask DisposeAsync()
    {
        Release(ref _input);
        Release(ref _output);
        await _stream.DisposeAsync();
    }

    private (TimeSpan, int, TimeSpan) Pace()
    {
        Oddity[] slow = [.. _lab.Script.OdditiesOf(this)];
        return (
            slow.Select(oddity => oddity.Delay).DefaultIfEmpty().Max(),
            slow.Select(oddity => oddity.DripOctets).DefaultIfEmpty().Max(),
            slow.Select(oddity => oddity.DripPause).DefaultIfEmpty().Max());
    }

    private async ValueTask<bool> FillAsync()
    {
        await FlushAsync();
        if (_start == _end)
        {
            _start = _end = 0;
            Release(ref _input);
            Release(ref _output);
            _ = await _stream.ReadAsync(Memory<byte>.Empty, _lab.Stopping);
        }
        _input ??= ArrayPool<byte>.Shared.Rent(BufferSize);
        if (_start > 0)
        {
            _input.AsSpan(_start, _end - _start).CopyTo(_input);
            (_start, _end) = (0, _end - _start);
        }
        int read = await _stream.ReadAsync(_input.AsMemory(_end, BufferSize - _end), _lab.Stopping);
        _end += read;
        if (_lab.Options.AcknowledgesAtOnce && OperatingSystem.IsLinux())
            _socket.SetRawSocketOption(TcpLevel, QuickAcknowledgement, One);
        return read > 0;
    }

    private static void Release(ref byte[]? buffer)
    {
        if (buffer is not null)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = null;
    }
}

/// <summary>The script, or the client, has ended the conversation.</summary>
internal sealed class ConversationOverException : Exception;
