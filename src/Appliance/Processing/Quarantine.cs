using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>New messages, by how far they are trusted.</summary>
/// <param name="Free">Nothing is held against them.</param>
/// <param name="Suspects">A session ended in them before: they are asked for last, and alone.</param>
/// <param name="Held">In quarantine: they are not asked for.</param>
public sealed record Judgement(IReadOnlyList<NewMessage> Free, IReadOnlyList<NewMessage> Suspects, IReadOnlyList<NewMessage> Held);

/// <summary>
/// Sees to it that no message blocks its mailbox. An attempt at a message in which a session ended before is counted before it is made, so that
/// it counts even where the process dies of it; after three the message is left out and told of. It costs a healthy mailbox nothing.
/// </summary>
public sealed class Quarantine(IStore store, AlertBook alerts, TimeProvider clock)
{
    private const int Attempts = 3;
    private const int LongestPauseHours = 24;

    // After a crash, until every mailbox that was under way then has had its turn.
    private static readonly TimeSpan Caution = TimeSpan.FromHours(1);

    private readonly DateTimeOffset _cautiousUntil = store.Suspects.FollowACrash() ? clock.GetUtcNow() + Caution : DateTimeOffset.MinValue;

    /// <summary>Whether a message can be the reason for a failure that came in the middle of it.</summary>
    public static bool Implicates(Exception failure) =>
        failure is not (StorageException or NotStoredException or OperationCanceledException or Pop3NegativeResponseException);

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
        List<NewMessage> suspects = [];
        List<NewMessage> held = [];
        foreach (NewMessage message in messages)
        {
            if (message.Hash is not { } hash || !known.Remove(hash, out Suspect? suspect))
                free.Add(message);
            else
                (IsHeld(suspect) ? held : suspects).Add(message);
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

    /// <summary>
    /// What is about to be fetched: counted where the process may die of it. What comes before a message that kills is stored in each run, so
    /// it is the first of all in the end.
    /// </summary>
    public async Task BeginAsync(Mailbox mailbox, NewMessage first, bool isSuspect, CancellationToken cancellationToken)
    {
        if (first.Hash is { } hash && (isSuspect || clock.GetUtcNow() < _cautiousUntil))
            await store.Suspects.CountAttemptAsync(mailbox.Id, hash, cancellationToken);
    }

    /// <summary>It came to its end after all.</summary>
    public async Task EndAsync(Mailbox mailbox, NewMessage first, bool isSuspect, CancellationToken cancellationToken)
    {
        if (first.Hash is { } hash && (isSuspect || clock.GetUtcNow() < _cautiousUntil))
            await store.Suspects.ForgetAsync(mailbox.Id, [hash], cancellationToken);
    }

    /// <summary>The server refused a message, or a session ended in it.</summary>
    public async Task NoteFailureAsync(Mailbox mailbox, NewMessage message, CancellationToken cancellationToken)
    {
        if (message.Hash is not { } hash)
            return;
        int attempts = Math.Max(1, (await store.Suspects.ListAsync(mailbox.Id, cancellationToken)).FirstOrDefault(suspect => suspect.Message == hash)?.Attempts ?? 1);
        TimeSpan pause = attempts < Attempts ? TimeSpan.Zero : TimeSpan.FromHours(Math.Min(LongestPauseHours, Math.Pow(2, attempts - Attempts)));
        await store.Suspects.NoteFailureAsync(mailbox.Id, hash, clock.GetUtcNow() + pause, cancellationToken);
        if (attempts >= Attempts)
            await TellAsync(mailbox, message, cancellationToken);
    }

    private bool IsHeld(Suspect suspect) => suspect.Attempts >= Attempts && (suspect.RetryAt is not { } retryAt || retryAt > clock.GetUtcNow());

    private ValueTask TellAsync(Mailbox mailbox, NewMessage message, CancellationToken cancellationToken)
    {
        string name = Fingerprint.IsOne(message.UniqueId) ? "without a unique-id of its own" : $"with the unique-id {ShownUniqueId.Of(message.UniqueId)}";
        return alerts.RaiseAsync(
            AlertCatalog.MessageQuarantined,
            AlertSubject.Of(mailbox.Id),
            string.Create(CultureInfo.InvariantCulture, $"Message {message.Number} of {mailbox.EmailAddress}, {name}, of {message.Octets} octets, could not be fetched and is left out."),
            service: null,
            cancellationToken);
    }
}
