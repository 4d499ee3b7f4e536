using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>How large a message may be that somebody asks for.</summary>
/// <param name="MaximumOctets">Larger ones are not fetched, whoever asks.</param>
public sealed record WholeFetchRules(long MaximumOctets);

/// <summary>
/// Fetches messages in whole that are too large for their mailbox, because somebody asked for them. What cannot be had is told, and asked for
/// no more; a message in which sessions end is given up after three, so that it holds up nothing.
/// </summary>
public sealed class WholeFetch(IStore store, AlertBook alerts, WholeFetchRules rules)
{
    private const int Attempts = 3;

    /// <summary>Fetches what is wanted of a maildrop. Returns how many became durable.</summary>
    public async Task<int> FetchAsync(Maildrop maildrop, Lease lease, Mailbox mailbox, MaildropContents contents, CancellationToken cancellationToken)
    {
        int fetched = 0;
        if (!contents.Known.IsAnyWanted)
            return fetched;
        foreach (WantedMessage wanted in await store.Wanted.ListAsync(mailbox.Id, cancellationToken))
        {
            // What a rescan made new, or what was gone and is back, is known at the next poll.
            if (contents.Returned > 0 || contents.New.Any(message => message.Hash is { } hash && wanted.UniqueIds.Contains(hash)))
                continue;
            string? why = null;
            if (wanted.FetchedAs is null)
            {
                why = await TryAsync(maildrop, lease, wanted, contents, cancellationToken);
                fetched += why is null ? 1 : 0;
            }

            await TellAsync(mailbox, wanted, why, cancellationToken);
            await store.Wanted.EndAsync(lease, wanted.Email, why, cancellationToken);
        }

        return fetched;
    }

    // Why it cannot be had; null where it is durable.
    private async Task<string?> TryAsync(
        Maildrop maildrop, Lease lease, WantedMessage wanted, MaildropContents contents, CancellationToken cancellationToken)
    {
        (UniqueIdHash uniqueId, int number) = wanted.UniqueIds.Select(known => (known, contents.NumberOf(known) ?? 0)).FirstOrDefault(known => known.Item2 > 0);
        if (number == 0)
            return "The server does not have the message any more.";
        if (wanted.Attempts >= Attempts)
            return string.Create(CultureInfo.InvariantCulture, $"It was begun {Attempts} times, and each time the session ended in it.");
        await store.Wanted.CountAttemptAsync(lease, wanted.Email, cancellationToken);
        try
        {
            long octets = (await maildrop.ListAsync(number, cancellationToken)).Octets;
            if (octets > rules.MaximumOctets)
                return TooLarge(octets);
        }
        catch (Pop3NegativeResponseException refusal)
        {
            return Refused(refusal.Response);
        }

        await using IncomingDraft draft = store.Wanted.Begin(lease, wanted, uniqueId);
        Sink sink = new(draft);
        await maildrop.RetrieveAsync([number], sink, rules.MaximumOctets, cancellationToken);
        if (sink.Retrieval is { IsWhole: false } failed)
            return failed.Refusal is { } refusal ? Refused(refusal) : TooLarge(failed.Octets);
        await draft.CommitAsync(EmailState.Received, cancellationToken);
        return null;
    }

    private async Task TellAsync(Mailbox mailbox, WantedMessage wanted, string? why, CancellationToken cancellationToken)
    {
        AlertSubject subject = AlertSubject.Of(wanted.Email);
        if (why is null)
            await alerts.ResolveAsync(subject, AlertCatalog.MessageTooLarge, cancellationToken);
        else
            await alerts.RaiseAsync(AlertCatalog.MessageNotFetched, subject, $"{wanted.Email} of {mailbox.EmailAddress} could not be fetched in whole. {why}", service: null, cancellationToken);
    }

    private string TooLarge(long octets) =>
        string.Create(CultureInfo.InvariantCulture, $"It has {octets} octets; the most that is fetched is {rules.MaximumOctets} (MaximumFetchInMebibytes).");

    private static string Refused(Pop3Response refusal) => $"The server refused it: {refusal}";

    private sealed class Sink(IncomingDraft draft) : IRetrievalSink
    {
        public Retrieval Retrieval { get; private set; }

        public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken) => draft.WriteAsync(octets, cancellationToken);

        public ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken)
        {
            Retrieval = retrieval;
            return ValueTask.CompletedTask;
        }
    }
}
