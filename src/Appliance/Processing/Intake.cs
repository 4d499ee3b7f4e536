using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>Takes new messages of one session into the store, batch by batch, each as the mailbox's rules want it.</summary>
/// <param name="store">The store.</param>
/// <param name="alerts">Told of messages that are too large.</param>
/// <param name="maildrop">The session.</param>
/// <param name="lease">The right to store what is in it.</param>
/// <param name="mailbox">Whose maildrop it is.</param>
/// <param name="from">What was received before is left where it is; null where all is wanted.</param>
/// <param name="areUniqueIdsInDoubt">As <see cref="MaildropContents.AreUniqueIdsInDoubt"/>.</param>
internal sealed class Intake(
    IStore store, AlertBook alerts, Maildrop maildrop, Lease lease, Mailbox mailbox, DateTimeOffset? from, bool areUniqueIdsInDoubt) : IAsyncDisposable
{
    private readonly StoreSink _sink = new(store, lease, areUniqueIdsInDoubt);
    private NewMessage? _inFlight;

    /// <summary>What became of the messages so far.</summary>
    public StoreSink Sink => _sink;

    /// <summary>Messages larger than the mailbox takes.</summary>
    public int TooLarge { get; private set; }

    /// <summary>Messages that will not be new any more: whole, with their headers only, or skipped.</summary>
    public int Identified { get; private set; }

    /// <summary>Messages that are stored and will not be new any more, or were not here before: what there is to show for the time.</summary>
    public int Progress => Math.Max(Identified, _sink.Stored);

    /// <summary>The message in which the session ended; null where it did not end in one.</summary>
    public NewMessage? InFlight => _sink.Failed ?? _inFlight;

    /// <summary>Takes a batch, in the order of its messages.</summary>
    public async Task TakeAsync(IReadOnlyList<NewMessage> batch, CancellationToken cancellationToken)
    {
        IReadOnlyList<NewMessage> wanted = await SkipOlderAsync(batch, cancellationToken);
        List<NewMessage> tooLarge = [.. wanted.Where(message => message.Octets > mailbox.MaximumMessageSize)];
        NewMessage[] whole = [.. wanted.Where(message => message.Octets <= mailbox.MaximumMessageSize)];
        int durable = _sink.Durable.Count;
        int tooLong = _sink.TooLong.Count;
        _sink.Expect(whole);
        await AskAsync(whole, _sink, (numbers, sink) => maildrop.RetrieveAsync(numbers, sink, mailbox.MaximumMessageSize, cancellationToken));
        await _sink.SettleAsync();
        Identified += _sink.Durable.Skip(durable).Count(message => message.UniqueId.Length > 0);

        tooLarge.AddRange(_sink.TooLong.Skip(tooLong));
        TooLarge += tooLarge.Count;
        foreach (NewMessage message in tooLarge.Where(message => message.UniqueId.Length > 0))
        {
            _inFlight = message;
            await RecordHeadersAsync(message, cancellationToken);
            _inFlight = null;
            Identified++;
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _sink.DisposeAsync();

    // What came before "Process Email From" is known from now on, and neither fetched nor deleted, until a rescan.
    private async Task<IReadOnlyList<NewMessage>> SkipOlderAsync(IReadOnlyList<NewMessage> batch, CancellationToken cancellationToken)
    {
        if (from is not { } moment)
            return batch;

        CutOff cutOff = new(moment);
        await AskAsync(batch, cutOff, (numbers, sink) => maildrop.Capabilities is { HasTop: false }
            ? maildrop.RetrieveAsync(numbers, sink, cancellationToken: cancellationToken)
            : maildrop.TopAsync(numbers, 0, sink, cancellationToken: cancellationToken));
        UniqueIdHash[] skipped = [.. batch.Where(message => cutOff.Older.Contains(message.Number)).Select(message => message.Hash).OfType<UniqueIdHash>()];
        await store.Incoming.SkipUniqueIdsAsync(lease, skipped, cancellationToken);
        Identified += skipped.Length;
        return [.. batch.Where(message => !cutOff.Older.Contains(message.Number))];
    }

    private async Task AskAsync(IReadOnlyList<NewMessage> messages, IRetrievalSink sink, Func<IReadOnlyList<int>, IRetrievalSink, ValueTask> ask)
    {
        if (messages.Count == 0)
            return;
        EndCounter counter = new(sink);
        try
        {
            await ask([.. messages.Select(message => message.Number)], counter);
        }
        catch
        {
            if (counter.Ended < messages.Count)
                _inFlight = messages[counter.Ended];
            throw;
        }
    }

    private async Task RecordHeadersAsync(NewMessage message, CancellationToken cancellationToken)
    {
        await using IncomingDraft draft = store.Incoming.Begin(lease, message.UniqueId);
        if (maildrop.Capabilities is not { HasTop: false })
            await maildrop.TopAsync(message.Number, 0, new HeaderStream(draft, mailbox.MaximumMessageSize), cancellationToken: cancellationToken);
        // Judged anew by a rescan, and still too large: it is here already.
        if (await store.Incoming.TieUniqueIdAsync(lease, message.Hash!.Value, draft.Sha256, cancellationToken) is not null)
            return;
        EmailId email = await draft.CommitAsync(EmailState.HeadersOnly, cancellationToken);
        await alerts.RaiseAsync(
            AlertCatalog.MessageTooLarge,
            AlertSubject.Of(email),
            string.Create(CultureInfo.InvariantCulture, $"A message to {mailbox.EmailAddress} is larger than {mailbox.MaximumMessageSize} octets; its headers are stored as {email}."),
            MailService.Pop3,
            cancellationToken);
    }

    /// <summary>Counts the messages that came to their end.</summary>
    private sealed class EndCounter(IRetrievalSink inner) : IRetrievalSink
    {
        public int Ended { get; private set; }

        public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken) => inner.BeginAsync(messageNumber, cancellationToken);

        public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken) => inner.WriteAsync(octets, cancellationToken);

        public async ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken)
        {
            await inner.EndAsync(retrieval, cancellationToken);
            Ended++;
        }
    }
}
