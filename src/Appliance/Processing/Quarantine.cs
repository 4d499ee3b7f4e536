using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>New messages, by how far they are trusted.</summary>
/// <param name="Free">Nothing is held against them.</param>
/// <param name="Suspects">A session ended in them before: they are asked for last, and alone. With how often that happened.</param>
/// <param name="Held">In quarantine: they are not asked for.</param>
public sealed record Judgement(
    IReadOnlyList<NewMessage> Free, IReadOnlyList<(NewMessage Message, int Attempts)> Suspects, IReadOnlyList<NewMessage> Held);

/// <summary>
/// Sees to it that no message blocks its mailbox. An attempt at a message in which a session ended before is counted before it is made, so that
/// it counts even where the process dies of it; after three the message is left out and told of. It costs a healthy mailbox nothing.
/// </summary>
public sealed class Quarantine(IStore store, AlertBook alerts, TimeProvider clock) : IDisposable
{
    private const int Attempts = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);
    // Where the process died of it, or of something else meanwhile.
    private static readonly TimeSpan FirstPauseAfterDeath = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestPauseAfterDeath = TimeSpan.FromDays(32);

    // After a crash, until every mailbox that was under way then has had its turn.
    private static readonly TimeSpan Caution = TimeSpan.FromHours(1);

    // When a process dies, everything under way looks guilty: only one suspect at a time is.
    private readonly SemaphoreSlim _oneSuspect = new(1);

    private readonly DateTimeOffset _cautiousUntil = store.Suspects.FollowACrash() ? clock.GetUtcNow() + Caution : DateTimeOffset.MinValue;

    /// <summary>Whether a message can be the reason for a failure that came in the middle of it.</summary>
    public static bool Implicates(Exception failure) =>
        failure is not (StorageException or NotStoredException or LeaseLostException or OperationCanceledException or Pop3NegativeResponseException);

    /// <summary>By what the suspects of a mailbox are known.</summary>
    public async Task<HashSet<UniqueIdHash>> SuspectedAsync(Mailbox mailbox, CancellationToken cancellationToken) =>
        [.. (await store.Suspects.ListAsync(mailbox.Id, cancellationToken)).Select(suspect => suspect.Message)];

    /// <summary>Tells apart what is new in a maildrop.</summary>
    public async Task<Judgement> JudgeAsync(Mailbox mailbox, IReadOnlyList<NewMessage> messages, CancellationToken cancellationToken)
    {
        AlertSubject subject = AlertSubject.Of(mailbox.Id);
        bool isTold = alerts.Stands(subject, AlertCatalog.MessageQuarantined);
        if (messages.Count == 0 && !isTold)
            return new(messages, [], []);
        Dictionary<UniqueIdHash, Suspect> known = (await store.Suspects.ListAsync(mailbox.Id, cancellationToken)).ToDictionary(suspect => suspect.Message);
        if (known.Count == 0)
        {
            await alerts.ResolveAsync(subject, AlertCatalog.MessageQuarantined, cancellationToken);
            return new(messages, [], []);
        }

        List<NewMessage> free = [];
        List<(NewMessage, int)> suspects = [];
        List<NewMessage> held = [];
        foreach (NewMessage message in messages)
        {
            if (!known.Remove(message.Suspected, out Suspect? suspect))
                free.Add(message);
            else if (suspect.Attempts >= Attempts && suspect.RetryAt > clock.GetUtcNow())
                held.Add(message);
            else
                suspects.Add((message, suspect.Attempts));
        }

        // They are gone from the server, or stored.
        if (known.Count > 0)
            await store.Suspects.ForgetAsync(mailbox.Id, known.Keys, cancellationToken);
        if (held.Count == 0)
            await alerts.ResolveAsync(subject, AlertCatalog.MessageQuarantined, cancellationToken);
        else if (!isTold)
            await TellAsync(mailbox, held[0], cancellationToken);
        return new(free, suspects, held);
    }

    /// <summary>Fetches a batch. Its first message is counted before, where the process may die of it: what comes before a message that kills is
    /// stored in each run, so it is the first of all in the end.</summary>
    public async Task TryAsync(Mailbox mailbox, NewMessage first, Func<Task> fetch, CancellationToken cancellationToken)
    {
        if (clock.GetUtcNow() >= _cautiousUntil)
        {
            await fetch();
            return;
        }

        await store.Suspects.CountAttemptAsync(mailbox.Id, first.Suspected, clock.GetUtcNow(), cancellationToken);
        await fetch();
        await store.Suspects.ForgetAsync(mailbox.Id, [first.Suspected], cancellationToken);
    }

    /// <summary>Fetches a suspect. It is counted before, and a suspect no more where it was not refused.</summary>
    /// <param name="mailbox">Whose.</param>
    /// <param name="suspect">The message.</param>
    /// <param name="attempts">How many there were.</param>
    /// <param name="fetch">Fetches it; false where the server refused.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task TrySuspectAsync(
        Mailbox mailbox, NewMessage suspect, int attempts, Func<Task<bool>> fetch, CancellationToken cancellationToken)
    {
        await _oneSuspect.WaitAsync(cancellationToken);
        try
        {
            DateTimeOffset unlessSomebodyLives = clock.GetUtcNow() + Pause(attempts + 1, FirstPauseAfterDeath, LongestPauseAfterDeath);
            await store.Suspects.CountAttemptAsync(mailbox.Id, suspect.Suspected, unlessSomebodyLives, cancellationToken);
            if (await fetch())
                await store.Suspects.ForgetAsync(mailbox.Id, [suspect.Suspected], cancellationToken);
            else
                await NoteFailureAsync(mailbox, suspect, cancellationToken);
        }
        finally
        {
            _oneSuspect.Release();
        }
    }

    /// <summary>The server refused a message, or a session ended in it.</summary>
    public async Task NoteFailureAsync(Mailbox mailbox, NewMessage message, CancellationToken cancellationToken)
    {
        UniqueIdHash hash = message.Suspected;
        int attempts = (await store.Suspects.ListAsync(mailbox.Id, cancellationToken)).FirstOrDefault(suspect => suspect.Message == hash)?.Attempts ?? 1;
        await store.Suspects.NoteFailureAsync(mailbox.Id, hash, clock.GetUtcNow() + Pause(attempts, FirstPause, LongestPause), cancellationToken);
        if (attempts >= Attempts)
            await TellAsync(mailbox, message, cancellationToken);
    }

    /// <inheritdoc />
    public void Dispose() => _oneSuspect.Dispose();

    private static TimeSpan Pause(int attempts, TimeSpan first, TimeSpan longest)
    {
        if (attempts < Attempts)
            return TimeSpan.Zero;
        int doublings = attempts - Attempts;
        return doublings < Math.Log2(longest / first) ? first * Math.Pow(2, doublings) : longest;
    }

    private ValueTask TellAsync(Mailbox mailbox, NewMessage message, CancellationToken cancellationToken)
    {
        string name = message.UniqueId.Length == 0 || Fingerprint.IsOne(message.UniqueId) ? "without a unique-id of its own" : $"with the unique-id {ShownUniqueId.Of(message.UniqueId)}";
        return alerts.RaiseAsync(
            AlertCatalog.MessageQuarantined,
            AlertSubject.Of(mailbox.Id),
            string.Create(CultureInfo.InvariantCulture, $"Message {message.Number} of {mailbox.EmailAddress}, {name}, of {message.Octets} octets, could not be fetched and is left out."),
            service: null,
            cancellationToken);
    }
}
