using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace EmailSync.Appliance.OneShot;

/// <summary>
/// A Maildir: each message a file, the octets exactly as they were received, written in <c>tmp/</c> and renamed into <c>new/</c>. The name holds the
/// message's key, so a message is known again wherever a reader has moved it and with whatever flags.
/// </summary>
internal sealed class Maildir : IDestination
{
    private const string Suffix = ".emailsync";
    private const string PartSuffix = ".emailsync-part";

    private readonly string _folder;
    private readonly string _accountTag;
    private readonly TimeProvider _clock;
    private readonly HashSet<MessageKey> _held = [];
    private readonly List<(string Part, SafeFileHandle Handle, string FileName)> _whole = [];
    private readonly List<string> _prepared = [];
    private string _part = "";
    private SafeFileHandle? _handle;
    private long _length;
    private int _sequence;

    public Maildir(string folder, string account, TimeProvider clock)
    {
        _folder = Path.GetFullPath(folder);
        _accountTag = MessageKey.OfUniqueId(account, "").ToString()[..8];
        _clock = clock;
    }

    public string Name => $"maildir:{_folder}";

    private string Temporary => Path.Combine(_folder, "tmp");

    private string New => Path.Combine(_folder, "new");

    private string Current => Path.Combine(_folder, "cur");

    public void Open(FetchState? state)
    {
        if (Directory.Exists(_folder) && !Directory.Exists(New) && Directory.EnumerateFileSystemEntries(_folder).Any())
            throw new IOException($"'{_folder}' is a folder of something else, not a Maildir; it was left as it is.");
        foreach (string folder in new[] { _folder, Temporary, New, Current })
            CreateOwnersOnly(folder);

        Recover(state);
        // In this order: a reader moves messages from new to cur, and one that moves meanwhile is then seen at least once.
        foreach (string name in Names(New).Concat(Names(Current)))
        {
            if (TryReadKey(name, out MessageKey key))
                _held.Add(key);
        }
    }

    public bool Holds(MessageKey key) => _held.Contains(key);

    public void Begin()
    {
        _part = Path.Combine(Temporary, $"{_accountTag}.{Environment.ProcessId}.{_sequence++}{PartSuffix}");
        _handle = File.OpenHandle(_part, FileMode.Create, FileAccess.Write, FileShare.Read);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_handle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _length = 0;
    }

    public void Write(ReadOnlySpan<byte> octets)
    {
        RandomAccess.Write(_handle!, octets, _length);
        _length += octets.Length;
    }

    public void Discard()
    {
        _handle?.Dispose();
        _handle = null;
        File.Delete(_part);
    }

    public void Complete(MessageKey key, long octets)
    {
        // The beginning is the time, as readers expect it; S= spares Dovecot a look at the file; the key is the rest.
        string name = string.Create(
            CultureInfo.InvariantCulture,
            $"{_clock.GetUtcNow().ToUnixTimeSeconds()}.P{_sequence:D7}A{_accountTag}K{key}{Suffix},S={octets}");
        _whole.Add((_part, _handle!, name));
        _handle = null;
        _held.Add(key);
    }

    public async Task<long?> PrepareAsync(CancellationToken cancellationToken)
    {
        // Flushes that wait for the disk together share its work.
        ParallelOptions options = new() { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(_whole, options, (file, _) =>
        {
            RandomAccess.FlushToDisk(file.Handle);
            file.Handle.Dispose();
            return ValueTask.CompletedTask;
        });
        foreach ((string part, _, string name) in _whole)
        {
            File.Move(part, Path.Combine(Temporary, name));
            _prepared.Add(name);
        }
        _whole.Clear();
        FolderFlush.Flush(Temporary);
        return null;
    }

    public void Publish()
    {
        foreach (string name in _prepared)
            File.Move(Path.Combine(Temporary, name), Path.Combine(New, name));
        _prepared.Clear();
        FolderFlush.Flush(New);
    }

    public void Dispose()
    {
        _handle?.Dispose();
        foreach ((_, SafeFileHandle handle, _) in _whole)
            handle.Dispose();
    }

    // A file with its final name is whole and was about to be renamed: now it is, and the state knows it first. Parts were cut off.
    private void Recover(FetchState? state)
    {
        List<MessageKey> unknown = [];
        foreach (string name in Names(Temporary))
        {
            if (name.Contains($"A{_accountTag}K", StringComparison.Ordinal) && TryReadKey(name, out MessageKey key))
            {
                _prepared.Add(name);
                if (state?.Knows(key) == false)
                    unknown.Add(key);
            }
            else if (name.StartsWith($"{_accountTag}.", StringComparison.Ordinal) && name.EndsWith(PartSuffix, StringComparison.Ordinal))
            {
                File.Delete(Path.Combine(Temporary, name));
            }
        }

        if (unknown.Count > 0)
            state!.Record(unknown, endOffset: null);
        if (_prepared.Count > 0)
            Publish();
    }

    private static IEnumerable<string> Names(string folder) => Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)!);

    private static bool TryReadKey(string name, out MessageKey key)
    {
        int suffix = name.IndexOf(Suffix + ",", StringComparison.Ordinal);
        int start = suffix - MessageKey.Digits;
        key = default;
        return start > 0 && name[start - 1] == 'K' && MessageKey.TryParse(name.AsSpan(start, MessageKey.Digits), out key);
    }

    private static void CreateOwnersOnly(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
