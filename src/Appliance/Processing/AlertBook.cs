using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Raises and resolves alerts, and remembers which stand, so that the success of a mailbox with no alert costs no write. What was raised
/// for one direction is resolved by the success of that direction only: a poll that works says nothing about sending. Information has
/// nothing to resolve: it stands until it is dismissed, or old. An error on a profile is mailed to its owner.
/// </summary>
public sealed class AlertBook(IStore store, OwnerMail owner)
{
    private const int FailuresUntilTold = 3;

    private readonly Lock _gate = new();
    private readonly Dictionary<AlertSubject, Dictionary<string, Directions>> _open = [];

    [Flags]
    private enum Directions
    {
        Incoming = 1,
        Outgoing = 2,

        /// <summary>Raised before the appliance started; which direction it was is not stored, so whichever works first resolves it.</summary>
        Earlier = 4,

        /// <summary>The subject as a whole: no direction resolves it.</summary>
        Whole = 8,
    }

    /// <summary>Reads which alerts stand. Called once, before anything is processed.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        const int Page = 1000;
        AlertId? before = null;
        while (true)
        {
            IReadOnlyList<Alert> page = await store.Alerts.ListAsync(unresolvedOnly: true, subject: null, before, Page, cancellationToken);
            foreach (Alert alert in page)
                Note(alert.Level, alert.Subject, alert.Code, AlertCatalog.Find(alert.Code) is { IsWhole: true } ? Directions.Whole : Directions.Earlier);
            if (page.Count < Page)
                return;
            before = page[^1].Id;
        }
    }

    /// <summary>Raises an alert, or counts it once more; does nothing where the settings switch its level off.</summary>
    /// <param name="entry">What kind.</param>
    /// <param name="subject">About what.</param>
    /// <param name="text">What happened; never a secret.</param>
    /// <param name="service">The direction that it belongs to; null for the subject as a whole.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask RaiseAsync(
        AlertEntry entry, AlertSubject subject, string text, MailService? service, CancellationToken cancellationToken)
    {
        Settings settings = await store.Settings.ReadAsync(cancellationToken);
        if (!settings.Alerts(entry.Level))
            return;
        Note(entry.Level, subject, entry.Code, Of(service));
        int count = await store.Alerts.RaiseAsync(entry, subject, text, cancellationToken);
        // One failed connection may be a dropped packet; three in a row, with no success between them, are news for the owner.
        if (entry.Level != AlertLevel.Error || count != (entry.IsWhole ? 1 : FailuresUntilTold) || !ProfileId.TryParse(subject.Id, null, out ProfileId profile))
            return;
        OwnerTold told = await owner.TellAsync(profile, entry, text, cancellationToken);
        if (told == OwnerTold.NoSender)
            await RaiseAsync(AlertCatalog.OwnerNotTold, subject, $"The owner was not told of: {text}", service: null, cancellationToken);
        else if (told == OwnerTold.Sent)
            await ResolveAsync(subject, AlertCatalog.OwnerNotTold, cancellationToken);
    }

    /// <summary>Whether a warning or an error of a kind stands about a subject.</summary>
    public bool Stands(AlertSubject subject, AlertEntry entry)
    {
        lock (_gate)
            return _open.TryGetValue(subject, out Dictionary<string, Directions>? standing) && standing.ContainsKey(entry.Code);
    }

    /// <summary>Resolves the warnings and errors that stand about a subject. Returns whether there were any.</summary>
    /// <param name="subject">About what.</param>
    /// <param name="service">The direction that works; null for all that stand.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<bool> ResolveAsync(AlertSubject subject, MailService? service, CancellationToken cancellationToken) =>
        Strike(subject, service) is { Count: > 0 } codes && await store.Alerts.ResolveAsync(subject, codes, cancellationToken) > 0;

    /// <summary>Resolves one kind of alert about a subject. Returns whether it stood.</summary>
    public async ValueTask<bool> ResolveAsync(AlertSubject subject, AlertEntry entry, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_open.TryGetValue(subject, out Dictionary<string, Directions>? standing) || !standing.Remove(entry.Code))
                return false;
            if (standing.Count == 0)
                _open.Remove(subject);
        }

        return await store.Alerts.ResolveAsync(subject, [entry.Code], cancellationToken) > 0;
    }

    private void Note(AlertLevel level, AlertSubject subject, string code, Directions directions)
    {
        if (level == AlertLevel.Information)
            return;
        lock (_gate)
        {
            if (!_open.TryGetValue(subject, out Dictionary<string, Directions>? standing))
                _open[subject] = standing = new(StringComparer.Ordinal);
            standing[code] = standing.GetValueOrDefault(code) | directions;
        }
    }

    /// <summary>Takes a direction off what stands about a subject, and returns the codes that no direction is left of.</summary>
    private List<string> Strike(AlertSubject subject, MailService? service)
    {
        List<string> resolved = [];
        lock (_gate)
        {
            if (!_open.TryGetValue(subject, out Dictionary<string, Directions>? standing))
                return resolved;
            foreach ((string code, Directions directions) in standing.ToArray())
            {
                Directions struck = service is null ? Directions.Whole | Directions.Incoming | Directions.Outgoing : Of(service);
                if ((directions & ~(struck | Directions.Earlier)) is not 0 and var left)
                    standing[code] = left;
                else
                    resolved.Add(code);
            }

            resolved.ForEach(code => standing.Remove(code));
            if (standing.Count == 0)
                _open.Remove(subject);
        }

        return resolved;
    }

    private static Directions Of(MailService? service) => service switch
    {
        MailService.Pop3 => Directions.Incoming,
        MailService.Submission => Directions.Outgoing,
        _ => Directions.Whole,
    };
}
