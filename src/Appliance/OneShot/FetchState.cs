using System.Globalization;
using System.Text;

namespace EmailSync.Appliance.OneShot;

/// <summary>
/// Which messages of which accounts were delivered to one destination: a text file that only grows, a line at a time, each durable before
/// the next step is taken. Locked while it is open.
/// </summary>
/// <remarks>
/// <c>+KEY</c>: this message was delivered, or its file waits in the destination to be. <c>@OFFSET</c>: what an mbox has from there on is not
/// delivered until the next <c>=OFFSET</c>; <c>.OFFSET From_ line</c>: a message of ours begins there with this line. A last line without its end was being written when
/// the process was killed, and is dropped.
/// </remarks>
internal sealed class FetchState : IDisposable
{
    private const string Title = "emailsync-fetch 1 ";

    private readonly FileStream _file;
    private readonly HashSet<MessageKey> _known = [];
    private readonly Dictionary<long, string> _begunMessages = [];

    private FetchState(FileStream file) => _file = file;

    /// <summary>Where an mbox was begun to be written and not finished; null where it was finished.</summary>
    public long? InterruptedAt { get; private set; }

    /// <summary>The offsets at which our own messages begin since <see cref="InterruptedAt"/>, and their From_ lines.</summary>
    public IReadOnlyDictionary<long, string> BegunMessages => _begunMessages;

    /// <summary>Opens a state file, or makes a new one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="destination">The destination it is for, by its full name.</param>
    /// <exception cref="IOException">Another process has it open.</exception>
    /// <exception cref="InvalidDataException">It is not a state file.</exception>
    /// <exception cref="ToolException">It is one of another destination.</exception>
    public static FetchState Open(string path, string destination)
    {
        bool isNew = !File.Exists(path);
        FileStreamOptions options = new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        FileStream file = new(path, options);
        try
        {
            FetchState state = new(file);
            state.Read(path, destination);
            if (isNew)
                FolderFlush.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return state;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether the message was delivered.</summary>
    public bool Knows(MessageKey key) => _known.Contains(key);

    /// <summary>
    /// Says that a message is about to be written to an mbox at an offset. The first one since the last <see cref="Record"/> is durable before this
    /// returns; of the others only a kill of the process is survived, and after a loss of power an unknown beginning is left to a person.
    /// </summary>
    public void Begin(long offset, string fromLine)
    {
        bool isFirst = InterruptedAt is null;
        InterruptedAt ??= offset;
        _begunMessages[offset] = fromLine;
        Append(string.Create(CultureInfo.InvariantCulture, $"{(isFirst ? $"@{offset}\n" : "")}.{offset} {fromLine}\n"), flush: isFirst);
    }

    /// <summary>Says that an mbox is whole up to an offset, whatever was begun.</summary>
    public void End(long offset)
    {
        if (InterruptedAt is null)
            return;
        Append(string.Create(CultureInfo.InvariantCulture, $"={offset}\n"));
        Ended();
    }

    /// <summary>Says that messages are delivered; where an mbox was begun, up to which offset.</summary>
    public void Record(IReadOnlyCollection<MessageKey> keys, long? endOffset)
    {
        StringBuilder lines = new();
        foreach (MessageKey key in keys)
            lines.Append('+').Append(key).Append('\n');
        if (endOffset is { } offset)
            lines.Append(CultureInfo.InvariantCulture, $"={offset}\n");

        Append(lines.ToString());
        _known.UnionWith(keys);
        Ended();
    }

    public void Dispose() => _file.Dispose();

    private void Read(string path, string destination)
    {
        using StreamReader reader = new(_file, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: false, 64 * 1024, leaveOpen: true);
        string text = reader.ReadToEnd();
        int whole = text.LastIndexOf('\n') + 1;
        _file.SetLength(Encoding.UTF8.GetByteCount(text.AsSpan(0, whole)));
        _file.Seek(0, SeekOrigin.End);
        if (whole == 0)
        {
            Append($"{Title}{destination}\n");
            return;
        }

        int number = 0;
        HashSet<MessageKey> sinceBegin = [];
        foreach (ReadOnlySpan<char> line in text.AsSpan(0, whole - 1).EnumerateLines())
        {
            number++;
            if (number == 1)
                CheckTitle(path, line, destination);
            else if (line is ['+', ..] && MessageKey.TryParse(line[1..], out MessageKey key))
                (InterruptedAt is null ? _known : sinceBegin).Add(key);
            else if (line is ['@', ..] && long.TryParse(line[1..], NumberStyles.None, CultureInfo.InvariantCulture, out long offset))
                InterruptedAt = offset;
            else if (line is ['.', ..] && line.IndexOf(' ') is > 0 and int blank
                && long.TryParse(line[1..blank], NumberStyles.None, CultureInfo.InvariantCulture, out long begun))
                _begunMessages[begun] = line[(blank + 1)..].ToString();
            else if (line is ['=', ..] && long.TryParse(line[1..], NumberStyles.None, CultureInfo.InvariantCulture, out _))
                Settle(sinceBegin);
            else
                throw new InvalidDataException($"Line {number} of the state file '{path}' is damaged. Restore it from a backup; without it, messages are fetched again.");
        }
    }

    // The keys of an mbox count only once the offset behind them was written too.
    private void Settle(HashSet<MessageKey> sinceBegin)
    {
        _known.UnionWith(sinceBegin);
        sinceBegin.Clear();
        Ended();
    }

    private void Ended()
    {
        InterruptedAt = null;
        _begunMessages.Clear();
    }

    private static void CheckTitle(string path, ReadOnlySpan<char> line, string destination)
    {
        if (!line.StartsWith(Title, StringComparison.Ordinal))
            throw new InvalidDataException($"'{path}' is not a state file of emailsync fetch; it was left as it is.");
        if (!line[Title.Length..].SequenceEqual(destination))
            throw new ToolException($"The state file '{path}' belongs to {line[Title.Length..]}.", $"Give another --state for {destination}.") { IsUsage = true };
    }

    private void Append(string lines, bool flush = true)
    {
        _file.Write(Encoding.UTF8.GetBytes(lines));
        _file.Flush(flushToDisk: flush);
    }
}
