using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Takes the messages of a retrieval into the store. A message's commit goes on while the next message arrives, so that the wire does not
/// wait for the disk; a few may be under way at once, and then the wire does wait.
/// </summary>
public sealed class StoreSink(IStore store, MailboxId mailbox, IReadOnlyList<NewMessage> messages) : IRetrievalSink, IAsyncDisposable
{
    private const int CommitsUnderWay = 32;

    private readonly Dictionary<int, byte[]> _uniqueIds = messages.ToDictionary(message => message.Number, message => message.UniqueId);
    private readonly Queue<(NewMessage Message, long Octets, Task<EmailId> Commit, IncomingDraft Draft)> _underWay = new();
    private readonly List<int> _recognised = [];
    private readonly List<int> _tooLong = [];
    private IncomingDraft? _draft;

    /// <summary>Messages that became durable.</summary>
    public int Stored { get; private set; }

    /// <summary>Octets that became durable.</summary>
    public long Octets { get; private set; }

    /// <summary>Messages that the server refused.</summary>
    public int Refused { get; private set; }

    /// <summary>Messages without a unique-id whose content is durable here, from this retrieval or from before.</summary>
    public IReadOnlyList<int> Recognised => _recognised;

    /// <summary>Messages that turned out longer than the limit, whatever LIST had said.</summary>
    public IReadOnlyList<int> TooLong => _tooLong;

    /// <inheritdoc />
    public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken)
    {
        _draft = store.Incoming.Begin(mailbox, _uniqueIds[messageNumber]);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken) => _draft!.WriteAsync(octets, cancellationToken);

    /// <inheritdoc />
    public async ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken)
    {
        if (retrieval.Refusal is not null)
        {
            Refused++;
            return;
        }

        IncomingDraft draft = _draft!;
        _draft = null;
        NewMessage message = new(retrieval.MessageNumber, _uniqueIds[retrieval.MessageNumber]);
        if (retrieval.IsTooLong)
        {
            await draft.DisposeAsync();
            _tooLong.Add(message.Number);
        }
        else if (message.UniqueId.Length == 0 && await store.Incoming.IsKnownContentAsync(mailbox, draft.Sha256, cancellationToken))
        {
            await draft.DisposeAsync();
            _recognised.Add(message.Number);
        }
        else
        {
            Task<EmailId> commit = draft.CommitAsync(EmailState.Received, cancellationToken).AsTask();
            _underWay.Enqueue((message, retrieval.Octets, commit, draft));
            // Messages without a unique-id are recognised by what is stored, so what is on its way must be there first.
            int allowed = message.UniqueId.Length == 0 ? 0 : CommitsUnderWay;
            while (_underWay.Count > allowed)
                await SettleOneAsync();
        }
    }

    /// <summary>Waits until everything that was retrieved is durable.</summary>
    /// <exception cref="StorageException">Something is not.</exception>
    public async ValueTask SettleAsync()
    {
        while (_underWay.Count > 0)
            await SettleOneAsync();
    }

    /// <summary>Drops what is not durable; waits for what is becoming so.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_draft is not null)
            await _draft.DisposeAsync();
        while (_underWay.TryDequeue(out (NewMessage, long, Task<EmailId> Commit, IncomingDraft Draft) left))
        {
            // Whoever disposes without having settled has a failure of its own to report; this one's would hide it.
            await ((Task)left.Commit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await left.Draft.DisposeAsync();
        }
    }

    private async ValueTask SettleOneAsync()
    {
        (NewMessage message, long octets, Task<EmailId> commit, IncomingDraft draft) = _underWay.Dequeue();
        await using (draft)
            await commit;
        Stored++;
        Octets += octets;
        if (message.UniqueId.Length == 0)
            _recognised.Add(message.Number);
    }
}
