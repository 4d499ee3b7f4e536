using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Takes the messages of a retrieval into the store. A message's commit goes on while the next message arrives, so that the wire does not
/// wait for the disk; a few may be under way at once, and then the wire does wait.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="lease">Whose messages they are, and by what right they are stored.</param>
/// <param name="areUniqueIdsInDoubt">Whether a message whose octets are here is no other, though its unique-id is new.</param>
public sealed class StoreSink(IStore store, Lease lease, bool areUniqueIdsInDoubt) : IRetrievalSink, IAsyncDisposable
{
    private const int CommitsUnderWay = 32;

    private readonly Dictionary<int, NewMessage> _expected = [];
    private readonly Queue<(NewMessage Message, long Octets, Task<Recognition> Commit, IncomingDraft Draft)> _underWay = new();
    private readonly List<NewMessage> _durable = [];
    private readonly List<NewMessage> _tooLong = [];
    private readonly List<NewMessage> _refused = [];
    private IncomingDraft? _draft;

    /// <summary>Messages that became durable.</summary>
    public int Stored { get; private set; }

    /// <summary>Octets that became durable.</summary>
    public long Octets { get; private set; }

    /// <summary>Messages that the server refused, and not for a trouble of its own that passes.</summary>
    public IReadOnlyList<NewMessage> Refused => _refused;

    /// <summary>Messages that the server refused, for whatever reason.</summary>
    public int RefusedCount { get; private set; }

    /// <summary>Messages whose unique-id was new, and whose content was here.</summary>
    public int Recognised { get; private set; }

    /// <summary>Messages whose content is here in whole, from this retrieval or from before.</summary>
    public IReadOnlyList<NewMessage> Durable => _durable;

    /// <summary>Messages that turned out longer than the limit, whatever LIST had said.</summary>
    public IReadOnlyList<NewMessage> TooLong => _tooLong;

    /// <summary>The message whose commit failed; null where none did.</summary>
    public NewMessage? Failed { get; private set; }

    /// <summary>What comes next.</summary>
    public void Expect(IReadOnlyList<NewMessage> messages)
    {
        _expected.Clear();
        foreach (NewMessage message in messages)
            _expected.Add(message.Number, message);
    }

    /// <inheritdoc />
    public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken)
    {
        _draft = store.Incoming.Begin(lease, _expected[messageNumber].UniqueId);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken) => _draft!.WriteAsync(octets, cancellationToken);

    /// <inheritdoc />
    public async ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken)
    {
        NewMessage message = _expected[retrieval.MessageNumber];
        if (retrieval.Refusal is { } refusal)
        {
            RefusedCount++;
            if (refusal.Code is not { } code || !code.IsWithin(ResponseCode.SysTemp))
                _refused.Add(message);
            return;
        }

        IncomingDraft draft = _draft!;
        _draft = null;
        if (retrieval.IsTooLong)
        {
            await draft.DisposeAsync();
            _tooLong.Add(message);
            return;
        }

        _underWay.Enqueue((message, retrieval.Octets, CommitAsync(draft, message, cancellationToken), draft));
        while (_underWay.Count > CommitsUnderWay)
            await SettleOneAsync();
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
        while (_underWay.TryDequeue(out (NewMessage, long, Task<Recognition> Commit, IncomingDraft Draft) left))
        {
            // Whoever disposes without having settled has a failure of its own to report; this one's would hide it.
            await ((Task)left.Commit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await left.Draft.DisposeAsync();
        }
    }

    private async Task<Recognition> CommitAsync(IncomingDraft draft, NewMessage message, CancellationToken cancellationToken) =>
        message.IsByContent || areUniqueIdsInDoubt
            ? await draft.CommitOrRecogniseAsync(cancellationToken)
            : new(await draft.CommitAsync(EmailState.Received, cancellationToken), IsNew: true);

    private async ValueTask SettleOneAsync()
    {
        (NewMessage message, long octets, Task<Recognition> commit, IncomingDraft draft) = _underWay.Dequeue();
        await using (draft)
        {
            Failed = message;
            bool isNew = (await commit).IsNew;
            Failed = null;
            if (isNew)
            {
                Stored++;
                Octets += octets;
            }
            else if (!message.IsByContent)
            {
                Recognised++;
            }
        }

        _durable.Add(message);
    }
}
