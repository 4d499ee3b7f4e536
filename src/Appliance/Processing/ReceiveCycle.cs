using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Empties one maildrop into the store, or takes a slice of it where it is large. Nothing is marked as deleted before it is durable here.
/// </summary>
public sealed class ReceiveCycle(
    IStore store, MailSessions sessions, Quarantine quarantine, WholeFetch whole, AlertBook alerts, SliceSize slice, TimeProvider clock)
{
    // So many known unique-ids may be read in vain at each poll; with fewer, a write would cost more than it spares.
    private const int WorthSettingAside = 100;

    // Mail that vanished may come back under other unique-ids for so long: when it is moved to another server, or restored there.
    private static readonly TimeSpan InDoubt = TimeSpan.FromDays(30);

    /// <summary>One cycle.</summary>
    /// <exception cref="LeaseLostException">Another has the mailbox; what is stored was stored before, and nothing was marked as deleted since.</exception>
    public async Task<ReceiveReport> RunAsync(Lease lease, Mailbox mailbox, EmailServerProfile profile, CancellationToken cancellationToken)
    {
        await using Maildrop maildrop = await sessions.OpenMaildropAsync(mailbox, profile, steps: null, cancellationToken);
        KnownUniqueIds known = await store.Incoming.KnownUniqueIdsAsync(mailbox.Id, cancellationToken);
        MaildropContents contents = await RecallAsync(lease, await MaildropContents.ListAsync(maildrop, mailbox, known, quarantine, cancellationToken), cancellationToken);
        Judgement judgement = await quarantine.JudgeAsync(mailbox, contents.New, cancellationToken);

        await using Intake intake = new(
            store, alerts, maildrop, lease, mailbox, Later(mailbox.ProcessEmailsReceivedAfter, profile.ProcessEmailsReceivedAfter), contents.AreUniqueIdsInDoubt(clock.GetUtcNow()));
        bool hasMore;
        try
        {
            hasMore = await TakeAsync(mailbox, judgement, intake, cancellationToken);
        }
        finally
        {
            if (intake.Sink.Recognised > 0)
                await TellOfResetAsync(mailbox, intake.Sink.Recognised, cancellationToken);
        }

        StoreSink sink = intake.Sink;
        int fetched = await whole.FetchAsync(maildrop, lease, mailbox, contents, cancellationToken);
        int marked = await MarkAsync(maildrop, lease, mailbox, contents, sink, cancellationToken);
        bool isConfirmed = await QuitAsync(maildrop, cancellationToken);
        int left = contents.KnownListed + contents.Returned + intake.Identified - (isConfirmed ? marked : 0);
        if (left != known.LeftOnServer || intake.Identified > 0 || sink.Stored > 0 || fetched > 0)
            await store.Incoming.NoteLeftOnServerAsync(lease, left, contents.HaveVanished ? clock.GetUtcNow() + InDoubt : null, cancellationToken);
        if (contents.Absent is { Count: >= WorthSettingAside } absent)
            await store.GoneUniqueIds.AddAsync(lease, absent, cancellationToken);
        return new(
            contents.Listed, sink.Stored + fetched, sink.Octets, sink.Recognised, intake.TooLarge, sink.RefusedCount, judgement.Held.Count,
            isConfirmed ? marked : 0, isConfirmed ? 0 : marked, hasMore);
    }

    // What had gone and is back, because it was left out of a listing or was restored on the server, is no new message.
    private async Task<MaildropContents> RecallAsync(Lease lease, MaildropContents contents, CancellationToken cancellationToken)
    {
        if (contents.New.Count == 0)
            return contents;
        HashSet<UniqueIdHash> returned = [.. await store.GoneUniqueIds.FindAsync(
            lease.Mailbox, contents.New.Select(message => message.Hash).OfType<UniqueIdHash>(), cancellationToken)];
        if (returned.Count == 0)
            return contents;
        await store.GoneUniqueIds.ReturnAsync(lease, returned, cancellationToken);
        return contents with
        {
            New = [.. contents.New.Where(message => message.Hash is not { } hash || !returned.Contains(hash))],
            Returned = returned.Count,
        };
    }

    // Until a slice is full. What is only recognised again at each poll is no progress, and never keeps what comes behind it waiting.
    private async Task<bool> TakeAsync(Mailbox mailbox, Judgement judgement, Intake intake, CancellationToken cancellationToken)
    {
        int taken = 0;
        foreach (NewMessage[] batch in slice.Cut(judgement.Free))
        {
            await quarantine.TryAsync(mailbox, batch[0], () => TakeAsync(mailbox, batch, intake, cancellationToken), cancellationToken);
            taken += batch.Length;
            if (taken < judgement.Free.Count && (intake.Progress >= slice.Messages || intake.Sink.Octets >= slice.Octets))
                return true;
        }

        // Where the server gives no message at all, it is not the messages' fault.
        IReadOnlyList<NewMessage> refused = intake.Sink.Refused;
        if (refused.Count < judgement.Free.Count || refused.Count == 1)
        {
            foreach (NewMessage message in refused)
                await quarantine.NoteFailureAsync(mailbox, message, cancellationToken);
        }

        foreach ((NewMessage suspect, int attempts) in judgement.Suspects)
        {
            await quarantine.TrySuspectAsync(mailbox, suspect, attempts, async () =>
            {
                int refusals = refused.Count;
                await TakeAsync(mailbox, [suspect], intake, cancellationToken);
                return refused.Count == refusals;
            }, cancellationToken);
        }

        return false;
    }

    private async Task TakeAsync(Mailbox mailbox, NewMessage[] batch, Intake intake, CancellationToken cancellationToken)
    {
        try
        {
            await intake.TakeAsync(batch, cancellationToken);
        }
        catch (Exception failure) when (Quarantine.Implicates(failure) && intake.InFlight is { } message)
        {
            await quarantine.NoteFailureAsync(mailbox, message, cancellationToken);
            throw;
        }
    }

    private ValueTask TellOfResetAsync(Mailbox mailbox, int recognised, CancellationToken cancellationToken) => alerts.RaiseAsync(
        AlertCatalog.UniqueIdsReset,
        AlertSubject.Of(mailbox.Id),
        string.Create(CultureInfo.InvariantCulture, $"The server gave {recognised} messages of {mailbox.EmailAddress} that are stored here other unique-ids than they had."),
        service: null,
        cancellationToken);

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other : one;

    // Only what is stored here in whole may go, and where the mailbox says so only what a consumer has acknowledged: an id that is known for
    // another reason (headers only, taken over from another program) stays.
    private async Task<int> MarkAsync(
        Maildrop maildrop, Lease lease, Mailbox mailbox, MaildropContents contents, StoreSink sink, CancellationToken cancellationToken)
    {
        if (!mailbox.DeleteEmailsAfterProcessing && mailbox.LeaveOnServerDays is null)
            return 0;
        int days = mailbox.DeleteEmailsAfterProcessing ? 0 : mailbox.LeaveOnServerDays!.Value;
        List<int> numbers = days == 0 && !mailbox.DeleteOnlyAcknowledged ? [.. sink.Durable.Select(message => message.Number)] : [];
        if (contents.KnownListed > 0)
        {
            KnownUniqueIds stored = await store.Incoming.StoredUniqueIdsAsync(
                mailbox.Id, clock.GetUtcNow() - TimeSpan.FromDays(days), mailbox.DeleteOnlyAcknowledged, cancellationToken);
            numbers.AddRange(stored.Hashes.Select(contents.NumberOf).OfType<int>());
        }

        if (numbers.Count == 0)
            return 0;
        numbers.Sort();
        // Whoever has the mailbox now may count on what is on the server.
        await store.Leases.RenewAsync(lease, cancellationToken);
        IReadOnlyList<RefusedDeletion> refused = await maildrop.DeleteAsync(numbers, cancellationToken);
        return numbers.Count - refused.Count;
    }

    // Everything is durable here already. Without an answer to QUIT it is only unknown what the server still has, and the next listing tells.
    private static async Task<bool> QuitAsync(Maildrop maildrop, CancellationToken cancellationToken)
    {
        try
        {
            await maildrop.QuitAsync(cancellationToken);
            return true;
        }
        catch (Exception unanswered) when (unanswered is Pop3NegativeResponseException or ProtocolViolationException or ConnectionLostException or TimeoutException)
        {
            return false;
        }
    }
}
