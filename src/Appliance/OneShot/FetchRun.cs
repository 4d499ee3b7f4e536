using System.Text;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.OneShot;

/// <summary>One message of the listing.</summary>
/// <param name="Number">Its number in this session.</param>
/// <param name="UniqueId">Made safe to show; null where the server names none that tells it from others.</param>
/// <param name="Key">By what it is known again; null where only its content tells.</param>
internal sealed record ListedMessage(int Number, string? UniqueId, MessageKey? Key);

/// <summary>Brings what is new in a maildrop to a destination, and deletes on the server only what is durable there.</summary>
/// <param name="maildrop">Signed in.</param>
/// <param name="account">A name of the account that no other shares.</param>
/// <param name="destination">Open.</param>
/// <param name="state">What was delivered before; null where nothing is remembered.</param>
internal sealed class FetchRun(Maildrop maildrop, string account, IDestination destination, FetchState? state)
{
    /// <summary>What the run came to so far.</summary>
    public FetchReport Report { get; } = new();

    /// <summary>At most so many messages are fetched.</summary>
    public int Limit { get; init; } = int.MaxValue;

    /// <summary>Delete on the server what is durable in the destination.</summary>
    public bool Delete { get; init; }

    /// <summary>Told how many messages will be fetched, and then of each that was.</summary>
    public IFetchWatcher? Watcher { get; init; }

    /// <summary>For the time between two deliveries.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Runs to the end, QUIT included.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<ListedMessage> listed = await ListAsync(cancellationToken);
        Report.Listed = listed.Count;

        List<ListedMessage> there = listed.FindAll(message => message.Key is { } key && (state?.Knows(key) == true || destination.Holds(key)));
        if (state is not null)
            RecordUnknown(there);
        Report.AlreadyThere = there.Count;
        Report.Messages.AddRange(there.Select(message => new FetchedMessage(message.UniqueId, 0, null, FetchResult.AlreadyThere)));

        HashSet<int> known = [.. there.Select(message => message.Number)];
        List<ListedMessage> wanted = listed.FindAll(message => !known.Contains(message.Number));
        Report.Left = Math.Max(0, wanted.Count - Limit);
        wanted = [.. wanted.Take(Limit)];
        List<int> durable = [.. known];
        Watcher?.Started(wanted.Count);

        using FetchSink sink = new(wanted.ToDictionary(message => message.Number), account, destination, state, Report, Clock, Watcher);
        try
        {
            await maildrop.RetrieveAsync([.. wanted.Select(message => message.Number)], sink, cancellationToken: cancellationToken);
        }
        finally
        {
            // What came whole is kept, however the run ends.
            await sink.DeliverAsync(CancellationToken.None);
        }
        durable.AddRange(sink.Durable);

        if (Delete && durable.Count > 0)
            Report.Deleted = durable.Count - (await maildrop.DeleteAsync(durable, cancellationToken)).Count;
        await maildrop.QuitAsync(cancellationToken);
    }

    private void RecordUnknown(List<ListedMessage> there)
    {
        List<MessageKey> unknown = [.. there.Select(message => message.Key!.Value).Where(key => !state!.Knows(key))];
        if (unknown.Count > 0)
            state!.Record(unknown, endOffset: null);
    }

    private async Task<List<ListedMessage>> ListAsync(CancellationToken cancellationToken)
    {
        List<UniqueIdListing> listings = [];
        try
        {
            await foreach (UniqueIdListing listing in maildrop.ListUniqueIdsAsync(cancellationToken))
                listings.Add(listing);
        }
        catch (Pop3NegativeResponseException)
        {
            // UIDL is optional (RFC 1939 section 7): every message is fetched, and known again by its content.
            return await ListNumbersAsync(cancellationToken);
        }

        // Two messages with one id cannot be told apart by it.
        HashSet<string> seen = new(StringComparer.Ordinal);
        HashSet<string> repeated = [.. listings.Select(listing => listing.UniqueId).Where(id => !seen.Add(id))];
        return listings.ConvertAll(listing =>
        {
            bool tells = listing.IsUsable && !repeated.Contains(listing.UniqueId);
            return new ListedMessage(
                listing.MessageNumber,
                tells ? ServerText.Show(Encoding.Latin1.GetBytes(listing.UniqueId)) : null,
                tells ? MessageKey.OfUniqueId(account, listing.UniqueId) : null);
        });
    }

    private async Task<List<ListedMessage>> ListNumbersAsync(CancellationToken cancellationToken)
    {
        List<ListedMessage> listed = [];
        await foreach (ScanListing listing in maildrop.ListAsync(cancellationToken))
            listed.Add(new(listing.MessageNumber, null, null));
        return listed;
    }
}

/// <summary>Told how a run goes on.</summary>
internal interface IFetchWatcher
{
    /// <summary>So many messages will be fetched.</summary>
    void Started(int messages);

    /// <summary>One more message has come.</summary>
    void Fetched(long octets);
}
