using System.Buffers;
using System.Globalization;
using System.Text;

namespace EmailSync.Appliance.OneShot;

/// <summary>
/// An mbox in the form mboxrd: a From_ line before each message, a blank line behind it, lines that begin with <c>&gt;*From </c> quoted by one more
/// <c>&gt;</c>, line ends as LF. Locked by flock and fcntl while it is open; not by a dot-lock, which a kill would leave behind.
/// </summary>
internal sealed class Mbox : IDestination
{
    private const string UnknownSender = "MAILER-DAEMON";
    private const int MaxHeldHeader = 4096;

    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly ArrayBufferWriter<byte> _message = new(64 * 1024);
    private FileStream? _file;
    private FetchState? _state;
    private MboxQuoting _quoting;
    private long _begunAt;
    private bool _isOpen;
    private bool _isBegun;
    private long _durableTo;
    private bool _hasFromLine;

    public Mbox(string path, TimeProvider clock) => (_path, _clock) = (Path.GetFullPath(path), clock);

    public string Name => $"mbox:{_path}";

    private FileStream File => _file ?? throw new InvalidOperationException("The mbox is not open.");

    public void Open(FetchState? state)
    {
        _state = state;
        FileStreamOptions options = new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 64 * 1024 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        _file = new(_path, options);
        if (OperatingSystem.IsLinux())
            _file.Lock(0, 0); // fcntl, beside the flock that FileShare.None is

        if (state?.InterruptedAt is { } offset)
            CutAway(state, offset);
        _file.Seek(0, SeekOrigin.End);
        EndLastMessage();
        _durableTo = _file.Position;
        _isOpen = true;
        FolderFlush.Flush(Path.GetDirectoryName(_path)!);
    }

    /// <summary>No: an mbox does not tell; the state file does.</summary>
    public bool Holds(MessageKey key) => false;

    public void Begin()
    {
        _begunAt = File.Position;
        _isBegun = true;
        _hasFromLine = false;
        _quoting = default;
        _message.ResetWrittenCount();
    }

    public void Write(ReadOnlySpan<byte> octets)
    {
        _quoting.Append(octets, _message);
        // The From_ line names the sender, so the head of the header is waited for.
        if (!_hasFromLine && _message.WrittenCount < MaxHeldHeader && _message.WrittenSpan.IndexOf("\n\n"u8) < 0)
            return;
        Spill();
    }

    public void Discard()
    {
        CutTo(_begunAt);
        _isBegun = false;
    }

    public void Complete(MessageKey key, long octets)
    {
        _quoting.Finish(_message);
        _message.Write("\n"u8);
        Spill();
        _isBegun = false;
    }

    public Task<long?> PrepareAsync(CancellationToken cancellationToken)
    {
        File.Flush(flushToDisk: true);
        _durableTo = File.Position;
        return Task.FromResult<long?>(_durableTo);
    }

    /// <summary>An mbox shows what is written.</summary>
    public void Publish()
    {
    }

    public void Dispose()
    {
        using FileStream? file = _file;
        if (!_isOpen)
            return;
        _isOpen = false;
        // Left in good order, so that others may write behind it.
        if (_state is { InterruptedAt: not null })
        {
            CutTo(_durableTo);
            _state.End(_durableTo);
        }
        else if (_isBegun)
        {
            Discard();
        }
    }

    private void Spill()
    {
        if (!_hasFromLine)
        {
            string date = _clock.GetUtcNow().ToString("ddd MMM ", CultureInfo.InvariantCulture)
                + _clock.GetUtcNow().Day.ToString(CultureInfo.InvariantCulture).PadLeft(2)
                + _clock.GetUtcNow().ToString(" HH:mm:ss yyyy", CultureInfo.InvariantCulture);
            string fromLine = $"From {Sender(_message.WrittenSpan)} {date}";
            _state?.Begin(_begunAt, fromLine);
            File.Write(Encoding.UTF8.GetBytes(fromLine + "\n"));
            _hasFromLine = true;
        }
        File.Write(_message.WrittenSpan);
        _message.ResetWrittenCount();
    }

    // The Return-Path that the delivering server put first (RFC 5321 section 4.4), where it is one word.
    private static string Sender(ReadOnlySpan<byte> header)
    {
        ReadOnlySpan<byte> field = "return-path:"u8;
        while (header.Length > 0)
        {
            int end = header.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? header : header[..end];
            if (line.Length == 0)
                break;
            if (line.Length > field.Length && Ascii.EqualsIgnoreCase(line[..field.Length], field))
            {
                string path = Encoding.UTF8.GetString(line[field.Length..]).Trim().Trim('<', '>');
                bool isOneWord = path.Length > 0 && !path.Any(c => char.IsControl(c) || char.IsWhiteSpace(c));
                return isOneWord ? path : UnknownSender;
            }
            header = end < 0 ? [] : header[(end + 1)..];
        }
        return UnknownSender;
    }

    // What was begun and cut off is ours to cut away, but only as long as nobody has written behind it.
    private void CutAway(FetchState state, long offset)
    {
        if (MboxForeign.Find(File, offset, state.BegunMessages) is { } foreign)
        {
            throw new ToolException(
                $"An earlier fetch was interrupted while it wrote '{_path}' from offset {offset} on, and somebody else wrote behind it, at offset {foreign}. Nothing was changed.",
                $"Take out what stands from offset {offset} to {foreign}, or move the mbox away; then fetch again with a new state file.");
        }
        if (File.Length > offset)
            CutTo(offset);
        state.End(File.Length);
    }

    private void CutTo(long offset)
    {
        File.Flush();
        File.SetLength(offset);
        File.Seek(offset, SeekOrigin.Begin);
        File.Flush(flushToDisk: true);
    }

    // Readers look for a From_ line behind a blank line.
    private void EndLastMessage()
    {
        if (File.Length == 0)
            return;
        byte[] last = new byte[Math.Min(2, File.Length)];
        File.Seek(-last.Length, SeekOrigin.End);
        File.ReadExactly(last);
        if (last[^1] != '\n')
            File.Write("\n\n"u8);
        else if (last is not [(byte)'\n', (byte)'\n'])
            File.Write("\n"u8);
    }
}
