using System.Collections.Concurrent;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Raises and resolves alerts, and remembers which stand, so that the success of a mailbox with no alert costs no write. Information
/// has nothing to resolve: it stands until it is dismissed.
/// </summary>
public sealed class AlertBook(IStore store)
{
    private readonly ConcurrentDictionary<AlertSubject, ConcurrentDictionary<string, byte>> _open = new();

    /// <summary>Reads which alerts stand. Called once, before anything is processed.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        const int Page = 1000;
        AlertId? before = null;
        while (true)
        {
            IReadOnlyList<Alert> page = await store.Alerts.ListAsync(unresolvedOnly: true, subject: null, before, Page, cancellationToken);
            foreach (Alert alert in page)
                Note(alert.Level, alert.Subject, alert.Code);
            if (page.Count < Page)
                return;
            before = page[^1].Id;
        }
    }

    /// <summary>Raises an alert, or counts it once more.</summary>
    public async ValueTask RaiseAsync(AlertEntry entry, AlertSubject subject, string text, CancellationToken cancellationToken)
    {
        Note(entry.Level, subject, entry.Code);
        await store.Alerts.RaiseAsync(entry, subject, text, cancellationToken);
    }

    /// <summary>Resolves the warnings and errors that stand about a subject. Returns whether there were any.</summary>
    public async ValueTask<bool> ResolveAsync(AlertSubject subject, CancellationToken cancellationToken) =>
        _open.TryRemove(subject, out ConcurrentDictionary<string, byte>? codes)
        && await store.Alerts.ResolveAsync(subject, [.. codes.Keys], cancellationToken) > 0;

    private void Note(AlertLevel level, AlertSubject subject, string code)
    {
        if (level != AlertLevel.Information)
            _open.GetOrAdd(subject, _ => new(StringComparer.Ordinal)).TryAdd(code, 0);
    }
}
