using System.Collections.Concurrent;

namespace EmailSync.Lab;

/// <summary>One line of the journal.</summary>
/// <param name="Connection">The connection's number on this server, from 1.</param>
/// <param name="Service">The listener it came to.</param>
/// <param name="Line">A command as received, with secrets as <c>***</c>; or, after an asterisk, an event.</param>
public readonly record struct JournalEntry(int Connection, LabService Service, string Line);

/// <summary>What the server has seen, for tests and demonstrations to count.</summary>
public sealed class LabJournal
{
    private readonly Lock _lock = new();
    private readonly List<JournalEntry> _entries = [];
    private readonly List<string> _violations = [];
    private readonly ConcurrentDictionary<string, long[]> _counts = new(StringComparer.Ordinal);
    private readonly bool _recordsCommands;
    private readonly HashSet<int> _inSession = [];
    private TaskCompletionSource? _changed;

    internal LabJournal(bool recordsCommands) => _recordsCommands = recordsCommands;

    /// <summary>Connections accepted so far.</summary>
    public long ConnectionsOpened => Count("* opened");

    /// <summary>Connections open now.</summary>
    public long ConnectionsOpen => Count("* opened") - Count("* closed");

    /// <summary>
    /// The most connections that were open at once. One that has sent QUIT no longer counts: a client that has the answer may open the
    /// next before the lab has closed its own end.
    /// </summary>
    public long PeakConnections { get; private set; }

    /// <summary>Successful sign-ins.</summary>
    public long SignIns => Count("* signed in");

    /// <summary>Refused sign-ins.</summary>
    public long SignInsRefused => Count("* sign-in refused");

    /// <summary>Messages removed from maildrops by QUIT.</summary>
    public long MessagesRemoved => Count("* removed");

    /// <summary>Messages accepted by SMTP.</summary>
    public long MessagesAccepted => Count("* accepted");

    /// <summary>How often the script has struck.</summary>
    public long Strikes => Count("* struck");

    /// <summary>TLS handshakes completed.</summary>
    public long Handshakes => Count("* encrypted");

    /// <summary>How often a command was received, by its verb in capitals.</summary>
    public long Count(string verb) => _counts.TryGetValue(verb, out long[]? count) ? Volatile.Read(ref count[0]) : 0;

    /// <summary>All lines so far, in the order they came.</summary>
    public IReadOnlyList<JournalEntry> Entries
    {
        get { lock (_lock) return [.. _entries]; }
    }

    /// <summary>What clients did that the protocol forbids, such as pipelining where it is not offered.</summary>
    public IReadOnlyList<string> Violations
    {
        get { lock (_lock) return [.. _violations]; }
    }

    /// <summary>Waits until the condition holds; it is tried after each change.</summary>
    public async Task WhenAsync(Func<LabJournal, bool> condition, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                _changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                changed = _changed.Task;
            }
            if (condition(this))
                return;
            await changed.WaitAsync(cancellationToken);
        }
    }

    internal void Command(LabConnection connection, string verb, Func<string> line)
    {
        if (verb == "QUIT")
        {
            lock (_lock) _inSession.Remove(connection.Number);
        }
        Add(verb, 1);
        if (_recordsCommands)
            Write(connection, line());
        else
            Announce();
    }

    internal void Event(LabConnection connection, string what, long times = 1)
    {
        if (what is "opened" or "closed")
            CountSessions(connection, what);
        Add("* " + what, times);
        if (_recordsCommands)
            Write(connection, "* " + what);
        else
            Announce();
    }

    private void CountSessions(LabConnection connection, string what)
    {
        lock (_lock)
        {
            if (what == "closed")
                _inSession.Remove(connection.Number);
            else
                _inSession.Add(connection.Number);
            PeakConnections = Math.Max(PeakConnections, _inSession.Count);
        }
    }

    internal void Note(LabConnection connection, string remark) => Write(connection, "* " + remark);

    internal void Violation(LabConnection connection, string what)
    {
        lock (_lock) _violations.Add($"connection {connection.Number}: {what}");
        Announce();
    }

    private void Add(string key, long times) =>
        Interlocked.Add(ref _counts.GetOrAdd(key, static _ => new long[1])[0], times);

    private void Write(LabConnection connection, string line)
    {
        lock (_lock) _entries.Add(new JournalEntry(connection.Number, connection.Service, line));
        Announce();
    }

    private void Announce()
    {
        if (Volatile.Read(ref _changed) is null)
            return;
        TaskCompletionSource? changed;
        lock (_lock) (changed, _changed) = (_changed, null);
        changed?.TrySetResult();
    }
}
