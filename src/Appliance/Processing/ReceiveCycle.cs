using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Processing;

/// <summary>Empties one maildrop into the store. Nothing is marked as deleted before it is durable here.</summary>
public sealed class ReceiveCycle(IStore store, MailSessions sessions, AlertBook alerts, TimeProvider clock)
{
    /// <summary>One cycle.</summary>
    public async Task<ReceiveReport> RunAsync(Mailbox mailbox, EmailServerProfile profile, CancellationToken cancellationToken)
    {
        await using Maildrop maildrop = await sessions.OpenMaildropAsync(mailbox, profile, steps: null, cancellationToken);
        KnownUniqueIds known = await store.Incoming.KnownUniqueIdsAsync(mailbox.Id, cancellationToken);
        bool deletes = mailbox.DeleteEmailsAfterProcessing || mailbox.LeaveOnServerDays is not null;
        MaildropContents contents = await MaildropContents.ListAsync(maildrop, known, deletes, cancellationToken);

        contents = await SkipOlderAsync(maildrop, mailbox, profile, contents, cancellationToken);

        HashSet<int> tooLarge = await TooLargeAsync(maildrop, contents.New, mailbox.MaximumMessageSize, cancellationToken);
        NewMessage[] wanted = [.. contents.New.Where(message => !tooLarge.Contains(message.Number))];
        await using StoreSink sink = new(store, mailbox.Id, wanted);
        if (wanted.Length > 0)
        {
            await maildrop.RetrieveAsync([.. wanted.Select(message => message.Number)], sink, mailbox.MaximumMessageSize, cancellationToken);
            await sink.SettleAsync();
        }

        tooLarge.UnionWith(sink.TooLong);
        foreach (NewMessage message in contents.New.Where(message => tooLarge.Contains(message.Number) && message.UniqueId.Length > 0))
            await RecordHeadersAsync(maildrop, mailbox, message, cancellationToken);

        int marked = deletes ? await MarkAsync(maildrop, mailbox, contents, sink, cancellationToken) : 0;
        bool isConfirmed = await QuitAsync(maildrop, cancellationToken);
        return new(contents.Listed, sink.Stored, sink.Octets, tooLarge.Count, sink.Refused, isConfirmed ? marked : 0, isConfirmed ? 0 : marked);
    }

    // What came before "Process Email From" is known from now on, and neither fetched nor deleted, until a rescan.
    private async Task<MaildropContents> SkipOlderAsync(
        Maildrop maildrop, Mailbox mailbox, EmailServerProfile profile, MaildropContents contents, CancellationToken cancellationToken)
    {
        DateTimeOffset? from = Later(mailbox.ProcessEmailsReceivedAfter, profile.ProcessEmailsReceivedAfter);
        if (from is not { } moment || contents.New.Count == 0)
            return contents;

        HashSet<int> older = await CutOff.OlderAsync(maildrop, contents.New, moment, cancellationToken);
        await store.Incoming.SkipUniqueIdsAsync(
            mailbox.Id,
            [.. contents.New.Where(message => older.Contains(message.Number) && message.UniqueId.Length > 0).Select(message => UniqueIdHash.Of(message.UniqueId))],
            cancellationToken);
        return contents with { New = [.. contents.New.Where(message => !older.Contains(message.Number))] };
    }

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other : one;

    private static async Task<HashSet<int>> TooLargeAsync(
        Maildrop maildrop, IReadOnlyList<NewMessage> fresh, long limit, CancellationToken cancellationToken)
    {
        HashSet<int> tooLarge = [];
        if (fresh.Count == 0)
            return tooLarge;

        HashSet<int> numbers = [.. fresh.Select(message => message.Number)];
        await foreach (ScanListing listing in maildrop.ListAsync(cancellationToken))
        {
            if (listing.Octets > limit && numbers.Contains(listing.MessageNumber))
                tooLarge.Add(listing.MessageNumber);
        }

        return tooLarge;
    }

    private async Task RecordHeadersAsync(Maildrop maildrop, Mailbox mailbox, NewMessage message, CancellationToken cancellationToken)
    {
        await using IncomingDraft draft = store.Incoming.Begin(mailbox.Id, message.UniqueId);
        if (maildrop.Capabilities is not { HasTop: false })
            await maildrop.TopAsync(message.Number, 0, new DraftStream(draft), mailbox.MaximumMessageSize, cancellationToken);
        // Judged anew by a rescan, and still too large: it is here already.
        if (await store.Incoming.TieUniqueIdAsync(mailbox.Id, UniqueIdHash.Of(message.UniqueId), draft.Sha256, cancellationToken) is not null)
            return;
        EmailId email = await draft.CommitAsync(EmailState.HeadersOnly, cancellationToken);
        await alerts.RaiseAsync(
            AlertCatalog.MessageTooLarge,
            AlertSubject.Of(email),
            string.Create(CultureInfo.InvariantCulture, $"A message to {mailbox.EmailAddress} is larger than {mailbox.MaximumMessageSize} octets; its headers are stored as {email}."),
            MailService.Pop3,
            cancellationToken);
    }

    // Only what is stored here in whole may go: an id that is known for another reason (headers only, taken over from another program) stays.
    private async Task<int> MarkAsync(
        Maildrop maildrop, Mailbox mailbox, MaildropContents contents, StoreSink sink, CancellationToken cancellationToken)
    {
        DateTimeOffset now = clock.GetUtcNow();
        DateTimeOffset storedUntil = mailbox.DeleteEmailsAfterProcessing ? now : now - TimeSpan.FromDays(mailbox.LeaveOnServerDays!.Value);
        KnownUniqueIds stored = await store.Incoming.StoredUniqueIdsAsync(mailbox.Id, storedUntil, cancellationToken);
        // Where an id is listed twice, only one of its messages is the one that is stored, and nobody knows which.
        HashSet<UniqueIdHash> ambiguous = [.. contents.Identified.CountBy(entry => entry.Hash).Where(count => count.Value > 1).Select(count => count.Key)];
        List<int> numbers = [.. contents.Identified
            .Where(entry => stored.Hashes.Contains(entry.Hash) && !ambiguous.Contains(entry.Hash))
            .Select(entry => entry.Number)];
        if (mailbox.DeleteEmailsAfterProcessing)
            numbers.AddRange(sink.Recognised);
        if (numbers.Count == 0)
            return 0;
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
