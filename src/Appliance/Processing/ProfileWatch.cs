using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Sees what no single mailbox sees: that more than half of a profile's mailboxes failed within an hour, and that several profiles fail at
/// the same host. A server that failed three times in a row, from whichever mailboxes, counts as all of them: the others are not even tried.
/// One mailbox alone counts once it has failed three times in a row, or for good: a single dropped connection is no news for an owner.
/// It remembers nothing over a restart; an hour later it knows as much again.
/// </summary>
public sealed class ProfileWatch(IStore store, AlertBook alerts, TimeProvider clock)
{
    private const int FailuresInARow = 3;
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<ProfileId, Health> _profiles = [];
    private readonly Dictionary<string, HashSet<ProfileId>> _hosts = new(StringComparer.Ordinal);

    /// <summary>A cycle of a mailbox failed.</summary>
    public async ValueTask NoteFailureAsync(
        Mailbox mailbox, EmailServerProfile profile, MailService service, Failure failure, CancellationToken cancellationToken)
    {
        AlertSubject subject = AlertSubject.Of(profile.Id);
        bool isServers = failure.Scope is FailureScope.Route or FailureScope.Server;
        (int failed, int inARow, int serversInARow) = Count(mailbox, profile, isServers);
        bool isServerDown = serversInARow >= FailuresInARow;
        bool isLasting = failed > 1 || inARow >= FailuresInARow || (!failure.IsTransient && !isServers);
        if (!alerts.Stands(subject, AlertCatalog.ProfileFailing))
        {
            long total = await store.Mailboxes.CountAsync(profile.Id, cancellationToken);
            if (isServerDown || (isLasting && failed * 2 > total))
            {
                string text = string.Create(CultureInfo.InvariantCulture,
                    $"{(isServerDown ? total : failed)} of {total} mailboxes of the profile '{profile.Name}' failed within an hour; the last was {mailbox.EmailAddress}: {failure.Detail}");
                await alerts.RaiseAsync(AlertCatalog.ProfileFailing, subject, text, service: null, cancellationToken);
            }
        }

        if (failure.Scope == FailureScope.Server && HostOf(profile, service) is { } host && NamesSeveral(host, profile.Id) is { Length: > 0 } profiles
            && !alerts.Stands(SubjectOf(host), AlertCatalog.HostFailing))
        {
            await alerts.RaiseAsync(
                AlertCatalog.HostFailing, SubjectOf(host), $"{host} fails for the profiles {profiles}; the last failure was: {failure.Detail}", service: null, cancellationToken);
        }
    }

    /// <summary>A cycle of a mailbox succeeded.</summary>
    public async ValueTask NoteSuccessAsync(Mailbox mailbox, EmailServerProfile profile, MailService service, CancellationToken cancellationToken)
    {
        int failed;
        bool isHostBack;
        string? host = HostOf(profile, service);
        lock (_gate)
        {
            isHostBack = host is not null && _hosts.Remove(host);
            if (_profiles.TryGetValue(profile.Id, out Health? health))
            {
                health.InARow = 0;
                health.ServersInARow = 0;
                health.FailedAt.Remove(mailbox.Id);
            }

            failed = health?.FailedAt.Count ?? 0;
        }

        AlertSubject subject = AlertSubject.Of(profile.Id);
        if (alerts.Stands(subject, AlertCatalog.ProfileFailing) && failed * 2 <= await store.Mailboxes.CountAsync(profile.Id, cancellationToken))
            await alerts.ResolveAsync(subject, AlertCatalog.ProfileFailing, cancellationToken);
        // The trouble that nobody was told of is over.
        if (!alerts.Stands(subject, AlertCatalog.ProfileFailing))
            await alerts.ResolveAsync(subject, AlertCatalog.OwnerNotTold, cancellationToken);
        if (isHostBack || (host is not null && alerts.Stands(SubjectOf(host), AlertCatalog.HostFailing)))
            await alerts.ResolveAsync(SubjectOf(host!), AlertCatalog.HostFailing, cancellationToken);
    }

    private (int Failed, int InARow, int ServersInARow) Count(Mailbox mailbox, EmailServerProfile profile, bool isServers)
    {
        DateTimeOffset now = clock.GetUtcNow();
        lock (_gate)
        {
            if (!_profiles.TryGetValue(profile.Id, out Health? health))
                _profiles[profile.Id] = health = new();
            health.FailedAt[mailbox.Id] = now;
            foreach ((MailboxId id, DateTimeOffset at) in health.FailedAt)
            {
                if (now - at >= Window)
                    health.FailedAt.Remove(id);
            }

            health.InARow++;
            health.ServersInARow = isServers ? health.ServersInARow + 1 : 0;
            return (health.FailedAt.Count, health.InARow, health.ServersInARow);
        }
    }

    private string? NamesSeveral(string host, ProfileId profile)
    {
        lock (_gate)
        {
            if (!_hosts.TryGetValue(host, out HashSet<ProfileId>? profiles))
                _hosts[host] = profiles = [];
            profiles.Add(profile);
            return profiles.Count > 1 ? string.Join(", ", profiles) : null;
        }
    }

    private static string? HostOf(EmailServerProfile profile, MailService service) =>
        profile.Side(service).Location is { } location ? string.Create(CultureInfo.InvariantCulture, $"{location.Host}:{location.Port}") : null;

    private static AlertSubject SubjectOf(string host) => new(AlertScope.Host, host);

    private sealed class Health
    {
        public Dictionary<MailboxId, DateTimeOffset> FailedAt { get; } = [];

        public int InARow { get; set; }

        public int ServersInARow { get; set; }
    }
}
