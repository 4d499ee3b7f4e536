using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Takes the messages of a retrieval into the store. A message's commit goes on while the next message arrives, so that the wire does not
/// wait for the disk; a few may be under way at once, and then the wire does wait.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="mailbox">Whose messages they are.</param>
/// <param name="messages">The messages.</param>
/// <param name="areUniqueIdsInDoubt">Whether a message whose octets are here is no other, though its unique-id is new.</param>
public sealed class StoreSink(IStore store, MailboxId mailbox, IReadOnlyList<NewMessage> messages, bool areUniqueIdsInDoubt)
    : IRetrievalSink, IAsyncDisposable
{
    private const int CommitsUnderWay = 32;

    private readonly Dictionary<int, NewMessage> _messages = messages.ToDictionary(message => message.Number);
    private readonly Queue<(NewMessage Message, long Octets, Task<Recognition> Commit, IncomingDraft Draft)> _underWay = new();
    private readonly List<NewMessage> _durable = [];
    private readonly List<int> _tooLong = [];
    private IncomingDraft? _draft;

    /// <summary>Messages that became durable.</summary>
    public int Stored { get; private set; }

    /// <summary>Octets that became durable.</summary>
    public long Octets { get; private set; }

    /// <summary>Messages that the server refused.</summary>
    public int Refused { get; private set; }

    /// <summary>Messages whose unique-id was new, and whose content was here.</summary>
    public int Recognised { get; private set; }

    /// <summary>Messages whose content is here in whole, from this retrieval or from before.</summary>
    public IReadOnlyList<NewMessage> Durable => _durable;

    /// <summary>Messages that turned out longer than the limit, whatever LIST had said.</summary>
    public IReadOnlyList<int> TooLong => _tooLong;

    /// <inheritdoc />
    public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken)
    {
        _draft = store.Incoming.Begin(mailbox, _messages[messageNumber].UniqueId);
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
        NewMessage message = _messages[retrieval.MessageNumber];
        if (retrieval.IsTooLong)
        {
            await draft.DisposeAsync();
            _tooLong.Add(message.Number);
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
            if ((await commit).IsNew)
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
