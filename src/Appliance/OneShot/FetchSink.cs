using System.Security.Cryptography;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.OneShot;

/// <summary>Takes messages from the wire to the destination, and delivers them a few at a time, because making them durable costs a wait for the disk.</summary>
internal sealed class FetchSink(
    IReadOnlyDictionary<int, ListedMessage> listed, string account, IDestination destination, FetchState? state, FetchReport report,
    TimeProvider clock, IFetchWatcher? watcher) : IRetrievalSink, IDisposable
{
    // A delivery is due when one of these is reached, so that a kill costs little work and a slow server shows its messages soon.
    private const int MaxMessages = 64;
    private const long MaxOctets = 8 * 1024 * 1024;
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<(int Number, MessageKey Key, FetchedMessage Message)> _whole = [];
    private long _wholeOctets;
    private long _deliveredAt = clock.GetTimestamp();
    private bool _isBegun;
    private bool _hasFailed;

    /// <summary>The numbers of the messages that are durable.</summary>
    public List<int> Durable { get; } = [];

    public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken)
    {
        OnDisk(destination.Begin);
        _isBegun = true;
        return default;
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        try
        {
            destination.Write(octets.Span);
        }
        catch (Exception exception) when (Disk.IsFailure(exception))
        {
            throw Failed(exception);
        }
        _hash.AppendData(octets.Span);
        return default;
    }

    public async ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken)
    {
        ListedMessage message = listed[retrieval.MessageNumber];
        if (retrieval.Refusal is { } refusal)
        {
            report.Refused++;
            report.Messages.Add(new(message.UniqueId, 0, null, FetchResult.Refused, refusal.Text));
            return;
        }

        string sha256 = Convert.ToHexStringLower(_hash.GetHashAndReset());
        MessageKey key = message.Key ?? MessageKey.OfContent(account, sha256);
        watcher?.Fetched(retrieval.Octets);
        if (message.Key is null && IsThere(key))
        {
            DropBegun();
            Durable.Add(message.Number);
            report.AlreadyThere++;
            report.Messages.Add(new(null, retrieval.Octets, sha256, FetchResult.AlreadyThere));
            return;
        }

        OnDisk(() => destination.Complete(key, retrieval.Octets));
        _isBegun = false;
        _whole.Add((message.Number, key, new(message.UniqueId, retrieval.Octets, sha256, FetchResult.Stored)));
        _wholeOctets += retrieval.Octets;
        if (_whole.Count >= MaxMessages || _wholeOctets >= MaxOctets || clock.GetElapsedTime(_deliveredAt) >= MaxWait)
            await DeliverAsync(cancellationToken);
    }

    /// <summary>Makes what came whole durable, notes it, and shows it; drops what was cut off. After a failure of the disk it does nothing.</summary>
    public async Task DeliverAsync(CancellationToken cancellationToken)
    {
        // A flush that failed is not tried again: the system may have dropped what it could not write, and the next flush would say nothing.
        if (_hasFailed)
            return;
        DropBegun();
        if (_whole.Count == 0)
            return;
        try
        {
            long? offset = await destination.PrepareAsync(cancellationToken);
            state?.Record(_whole.ConvertAll(message => message.Key), offset);
            destination.Publish();
        }
        catch (Exception exception) when (Disk.IsFailure(exception))
        {
            throw Failed(exception);
        }

        foreach ((int number, _, FetchedMessage message) in _whole)
        {
            Durable.Add(number);
            report.Stored++;
            report.Octets += message.Size;
            report.Messages.Add(message);
        }
        _whole.Clear();
        _wholeOctets = 0;
        _deliveredAt = clock.GetTimestamp();
    }

    public void Dispose() => _hash.Dispose();

    private void DropBegun()
    {
        if (!_isBegun)
            return;
        _isBegun = false;
        OnDisk(destination.Discard);
    }

    private void OnDisk(Action act)
    {
        try
        {
            act();
        }
        catch (Exception exception) when (Disk.IsFailure(exception))
        {
            throw Failed(exception);
        }
    }

    private ToolException Failed(Exception exception)
    {
        _hasFailed = true;
        return Disk.Failure(exception);
    }

    private bool IsThere(MessageKey key) =>
        state?.Knows(key) == true || destination.Holds(key) || _whole.Exists(message => message.Key == key);
}
