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
        MaildropContents contents = await MaildropContents.ListAsync(maildrop, known, cancellationToken);
        HashSet<int> older = await SkipOlderAsync(maildrop, mailbox, profile, contents, cancellationToken);

        HashSet<int> tooLarge = [.. contents.New.Where(message => message.Octets > mailbox.MaximumMessageSize).Select(message => message.Number)];
        NewMessage[] wanted = [.. contents.New.Where(message => !older.Contains(message.Number) && !tooLarge.Contains(message.Number))];
        await using StoreSink sink = new(store, mailbox.Id, wanted, contents.AreUniqueIdsInDoubt);
        try
        {
            if (wanted.Length > 0)
            {
                await maildrop.RetrieveAsync([.. wanted.Select(message => message.Number)], sink, mailbox.MaximumMessageSize, cancellationToken);
                await sink.SettleAsync();
            }
        }
        finally
        {
            if (sink.Recognised > 0)
                await TellOfResetAsync(mailbox, sink.Recognised, cancellationToken);
        }

        tooLarge.UnionWith(sink.TooLong);
        NewMessage[] recorded = [.. contents.New.Where(message => tooLarge.Contains(message.Number) && !older.Contains(message.Number) && message.UniqueId.Length > 0)];
        foreach (NewMessage message in recorded)
            await RecordHeadersAsync(maildrop, mailbox, message, cancellationToken);

        int marked = await MarkAsync(maildrop, mailbox, contents, sink, cancellationToken);
        bool isConfirmed = await QuitAsync(maildrop, cancellationToken);
        int left = contents.KnownListed + recorded.Length
            + contents.New.Count(message => older.Contains(message.Number) && message.UniqueId.Length > 0)
            + sink.Durable.Count(message => message.UniqueId.Length > 0)
            - (isConfirmed ? marked : 0);
        if (left != known.LeftOnServer || sink.Durable.Count > 0 || recorded.Length > 0)
            await store.Incoming.NoteLeftOnServerAsync(mailbox.Id, left, cancellationToken);
        return new(
            contents.Listed, sink.Stored, sink.Octets, sink.Recognised, tooLarge.Count, sink.Refused, isConfirmed ? marked : 0, isConfirmed ? 0 : marked);
    }

    private ValueTask TellOfResetAsync(Mailbox mailbox, int recognised, CancellationToken cancellationToken) => alerts.RaiseAsync(
        AlertCatalog.UniqueIdsReset,
        AlertSubject.Of(mailbox.Id),
        string.Create(CultureInfo.InvariantCulture, $"The server gave {recognised} messages of {mailbox.EmailAddress} that are stored here other unique-ids than they had."),
        service: null,
        cancellationToken);

    // What came before "Process Email From" is known from now on, and neither fetched nor deleted, until a rescan.
    private async Task<HashSet<int>> SkipOlderAsync(
        Maildrop maildrop, Mailbox mailbox, EmailServerProfile profile, MaildropContents contents, CancellationToken cancellationToken)
    {
        DateTimeOffset? from = Later(mailbox.ProcessEmailsReceivedAfter, profile.ProcessEmailsReceivedAfter);
        if (from is not { } moment || contents.New.Count == 0)
            return [];

        HashSet<int> older = await CutOff.OlderAsync(maildrop, contents.New, moment, cancellationToken);
        UniqueIdHash[] skipped = [.. contents.New.Where(message => older.Contains(message.Number)).Select(message => message.Hash).OfType<UniqueIdHash>()];
        await store.Incoming.SkipUniqueIdsAsync(mailbox.Id, skipped, cancellationToken);
        return older;
    }

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other : one;

    private async Task RecordHeadersAsync(Maildrop maildrop, Mailbox mailbox, NewMessage message, CancellationToken cancellationToken)
    {
        await using IncomingDraft draft = store.Incoming.Begin(mailbox.Id, message.UniqueId);
        if (maildrop.Capabilities is not { HasTop: false })
            await maildrop.TopAsync(message.Number, 0, new DraftStream(draft), mailbox.MaximumMessageSize, cancellationToken);
        // Judged anew by a rescan, and still too large: it is here already.
        if (await store.Incoming.TieUniqueIdAsync(mailbox.Id, message.Hash!.Value, draft.Sha256, cancellationToken) is not null)
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
        if (!mailbox.DeleteEmailsAfterProcessing && mailbox.LeaveOnServerDays is null)
            return 0;
        int days = mailbox.DeleteEmailsAfterProcessing ? 0 : mailbox.LeaveOnServerDays!.Value;
        List<int> numbers = days == 0 ? [.. sink.Durable.Select(message => message.Number)] : [];
        if (contents.KnownListed > 0)
        {
            KnownUniqueIds stored = await store.Incoming.StoredUniqueIdsAsync(mailbox.Id, clock.GetUtcNow() - TimeSpan.FromDays(days), cancellationToken);
            numbers.AddRange(stored.Hashes.Select(contents.NumberOf).OfType<int>());
        }

        if (numbers.Count == 0)
            return 0;
        numbers.Sort();
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
