using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>
/// The TRANSACTION state (RFC 1939 section 5): signed in. Disposed without <see cref="QuitAsync"/>, the server removes nothing. A maildrop
/// is for one caller at a time.
/// </summary>
/// <remarks>
/// <para>Everything throws <see cref="Pop3NegativeResponseException"/> where the server answers <c>-ERR</c>, and goes on afterwards.</para>
/// <para><see cref="ProtocolViolationException"/>, <see cref="ConnectionLostException"/>, <see cref="TimeoutException"/> and cancellation end
/// the connection; so does an exception from a sink or a destination stream.</para>
/// </remarks>
public sealed class Maildrop : IAsyncDisposable
{
    private const string MessageCount = "pop3.message.count";

    private readonly Dialogue _dialogue;

    internal Maildrop(Dialogue dialogue) => _dialogue = dialogue;

    /// <summary>
    /// What the last CAPA listed, in this state or before sign-in; null if none was sent or the last one was refused. Decides whether
    /// commands are pipelined and whether response codes are understood.
    /// </summary>
    public Pop3Capabilities? Capabilities => _dialogue.Capabilities;

    /// <summary>The connection can no longer be used: by its own fault, or because this maildrop was left.</summary>
    public bool IsBroken => _dialogue.Wire.IsBroken;

    /// <summary>
    /// CAPA in this state (RFC 2449 section 5). Some servers offer UIDL or PIPELINING only after sign-in, and some no longer (MailKit 174).
    /// </summary>
    /// <returns>Null: the server refuses the command, so nothing is known any more.</returns>
    public ValueTask<Pop3Capabilities?> CapabilitiesAsync(CancellationToken cancellationToken = default) =>
        _dialogue.AskCapabilitiesAsync(cancellationToken);

    /// <summary>STAT: how many messages there are, and roughly how large.</summary>
    public ValueTask<DropListing> StatAsync(CancellationToken cancellationToken = default) =>
        _dialogue.AskAsync($"STAT", "STAT", DropListing.Parse, _dialogue.Response("response to STAT"), cancellationToken);

    /// <summary>
    /// LIST: the announced size of every message that is not marked as deleted, as the server sends them. While it runs, no other command
    /// can; leaving it early reads the rest.
    /// </summary>
    /// <exception cref="ProtocolViolationException">A line is malformed, a number comes twice, or there are more than <see cref="Pop3Options.MaxMessages"/>.</exception>
    public IAsyncEnumerable<ScanListing> ListAsync(CancellationToken cancellationToken = default) =>
        Pop3Telemetry.Client.Observe(Operation("list"), Listing.ScanAsync(_dialogue, cancellationToken), cancellationToken);

    /// <summary>LIST with a number: the announced size of one message.</summary>
    /// <param name="messageNumber">From a listing of this session; 1 or more.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <exception cref="Pop3NegativeResponseException">There is no such message, or it is marked as deleted.</exception>
    public ValueTask<ScanListing> ListAsync(int messageNumber, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(messageNumber, 1);
        return _dialogue.AskAsync(
            $"LIST {messageNumber}", "LIST", static line => ScanListing.Parse(Pop3Response.TextOf(line)), _dialogue.Response("response to LIST"), cancellationToken);
    }

    /// <summary>
    /// UIDL: the unique-id of every message that is not marked as deleted, as the server sends them. Ids may be missing, repeated or
    /// malformed (<see cref="UniqueIdListing.IsUsable"/>), numbers in any order and with gaps. While it runs, no other command can; leaving it
    /// early reads the rest.
    /// </summary>
    /// <exception cref="ProtocolViolationException">A line has no number, a number comes twice, or there are more than <see cref="Pop3Options.MaxMessages"/>.</exception>
    public IAsyncEnumerable<UniqueIdListing> ListUniqueIdsAsync(CancellationToken cancellationToken = default) =>
        Pop3Telemetry.Client.Observe(Operation("list_unique_ids"), Listing.UniqueIdsAsync(_dialogue, cancellationToken), cancellationToken);

    /// <summary>UIDL without a string for each message: for huge maildrops, most of whose ids are known.</summary>
    /// <param name="visit">Gets every line. What it throws ends the connection.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many lines there were.</returns>
    public ValueTask<int> ListUniqueIdsAsync(UniqueIdVisitor visit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(visit);
        return Pop3Telemetry.Client.ObserveAsync(
            Operation("list_unique_ids"), (_dialogue, visit, cancellationToken),
            static (call, _) => Listing.VisitUniqueIdsAsync(call._dialogue, call.visit, call.cancellationToken));
    }

    /// <summary>UIDL with a number: the unique-id of one message.</summary>
    /// <param name="messageNumber">From a listing of this session; 1 or more.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <exception cref="Pop3NegativeResponseException">There is no such message, or it is marked as deleted, or the server knows no UIDL.</exception>
    public ValueTask<UniqueIdListing> UniqueIdAsync(int messageNumber, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(messageNumber, 1);
        return Listing.UniqueIdAsync(_dialogue, messageNumber, cancellationToken);
    }

    /// <summary>RETR: copies a message to a stream.</summary>
    /// <param name="messageNumber">From a listing of this session.</param>
    /// <param name="destination">Gets the message as it is, with CRLF line ends and without stuffed dots.</param>
    /// <param name="limit">The most octets wanted.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <returns>The length of the message in octets.</returns>
    /// <exception cref="Pop3NegativeResponseException">There is no such message, or it is marked as deleted; the maildrop goes on.</exception>
    /// <exception cref="ContentTooLongException">
    /// The message is longer than <paramref name="limit"/>. It was read to its end, and the maildrop goes on; what
    /// <paramref name="destination"/> got is a part of it. Past <see cref="Pop3Options.MaxContent"/> the connection is given up.
    /// </exception>
    public ValueTask<long> RetrieveAsync(
        int messageNumber, Stream destination, long limit = long.MaxValue, CancellationToken cancellationToken = default) =>
        CopyAsync("retrieve", ContentCommand.Retrieve, messageNumber, destination, limit, cancellationToken);

    /// <summary>
    /// RETR for many messages, pipelined where the server offers it and one at a time where not. A refusal is that message's own result.
    /// </summary>
    /// <param name="messageNumbers">In the order in which the sink gets them.</param>
    /// <param name="sink">Gets the messages.</param>
    /// <param name="limit">The most octets wanted of each message.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <exception cref="ContentTooLongException">A message is longer than <see cref="Pop3Options.MaxContent"/>; the connection is given up.</exception>
    public ValueTask RetrieveAsync(
        IReadOnlyList<int> messageNumbers, IRetrievalSink sink, long limit = long.MaxValue, CancellationToken cancellationToken = default) =>
        PipelineAsync("retrieve", ContentCommand.Retrieve, messageNumbers, sink, limit, cancellationToken);

    /// <summary>TOP: copies a message's header and the first lines of its body to a stream.</summary>
    /// <param name="messageNumber">From a listing of this session.</param>
    /// <param name="lines">How many lines of the body; a server may send more.</param>
    /// <param name="destination">Gets them.</param>
    /// <param name="limit">The most octets wanted.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <returns>The length in octets.</returns>
    /// <exception cref="NotSupportedException">The server's capabilities are known, and TOP is not among them (RFC 2449 section 6.1).</exception>
    /// <exception cref="ContentTooLongException">There is more than <paramref name="limit"/>; as with RETR.</exception>
    public ValueTask<long> TopAsync(
        int messageNumber, int lines, Stream destination, long limit = long.MaxValue, CancellationToken cancellationToken = default) =>
        CopyAsync("top", ContentCommand.Top(lines), messageNumber, destination, limit, cancellationToken);

    /// <summary>TOP for many messages; otherwise as RETR for many.</summary>
    /// <param name="messageNumbers">In the order in which the sink gets them.</param>
    /// <param name="lines">How many lines of each body; a server may send more.</param>
    /// <param name="sink">Gets the header and these lines of each.</param>
    /// <param name="limit">The most octets wanted of each message.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <exception cref="NotSupportedException">The server's capabilities are known, and TOP is not among them (RFC 2449 section 6.1).</exception>
    public ValueTask TopAsync(
        IReadOnlyList<int> messageNumbers, int lines, IRetrievalSink sink, long limit = long.MaxValue, CancellationToken cancellationToken = default) =>
        PipelineAsync("top", ContentCommand.Top(lines), messageNumbers, sink, limit, cancellationToken);

    /// <summary>DELE: marks a message as deleted. It is removed if QUIT is answered, and kept if the session ends in any other way.</summary>
    /// <param name="messageNumber">From a listing of this session; 1 or more.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <exception cref="Pop3NegativeResponseException">There is no such message, or it is marked already.</exception>
    public ValueTask DeleteAsync(int messageNumber, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(messageNumber, 1);
        return Pop3Telemetry.Client.ObserveAsync(
            Operation("delete"), (Maildrop: this, messageNumber, cancellationToken),
            static (call, _) => call.Maildrop.MarkAsync(call.messageNumber, call.cancellationToken));
    }

    /// <summary>DELE for many messages, pipelined where the server offers it.</summary>
    /// <param name="messageNumbers">From a listing of this session; each 1 or more.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <returns>The messages that the server would not mark, with its reasons; all others are marked.</returns>
    public ValueTask<IReadOnlyList<RefusedDeletion>> DeleteAsync(
        IReadOnlyList<int> messageNumbers, CancellationToken cancellationToken = default)
    {
        MessageNumbers.Require(messageNumbers);
        return Pop3Telemetry.Client.ObserveAsync(Operation("delete"), (Maildrop: this, messageNumbers, cancellationToken), static (call, activity) =>
        {
            activity?.SetTag(MessageCount, call.messageNumbers.Count);
            return call.Maildrop.MarkAsync(call.messageNumbers, call.cancellationToken);
        });
    }

    /// <summary>RSET: takes back all marks of this session.</summary>
    public async ValueTask ResetAsync(CancellationToken cancellationToken = default) =>
        (await _dialogue.AskAsync($"RSET", _dialogue.Response("response to RSET"), cancellationToken)).EnsurePositive("RSET");

    /// <summary>NOOP: nothing, except that the server's idle timer (RFC 1939 section 3) begins anew.</summary>
    public async ValueTask NoOpAsync(CancellationToken cancellationToken = default) =>
        (await _dialogue.AskAsync($"NOOP", _dialogue.Response("response to NOOP"), cancellationToken)).EnsurePositive("NOOP");

    /// <summary>QUIT: enters the UPDATE state, in which the server removes the marked messages (RFC 1939 section 6), and closes the connection.</summary>
    /// <remarks>After any exception it is not known which of the marked messages are gone; the next session's listing tells.</remarks>
    /// <exception cref="Pop3NegativeResponseException">The server could not remove some or all of the marked messages.</exception>
    public ValueTask QuitAsync(CancellationToken cancellationToken = default) =>
        Pop3Telemetry.Client.ObserveAsync(
            Operation("quit"), (Maildrop: this, cancellationToken), static (call, _) => call.Maildrop.UpdateAsync(call.cancellationToken));

    /// <summary>Closes the connection. Without <see cref="QuitAsync"/> before it, all marks are void.</summary>
    public ValueTask DisposeAsync() => _dialogue.DisposeAsync();

    private ClientOperation Operation(string name) => new(name, _dialogue.Options.Clock);

    private ValueTask<long> CopyAsync(
        string operation, ContentCommand command, int messageNumber, Stream destination, long limit, CancellationToken cancellationToken) =>
        Pop3Telemetry.Client.ObserveAsync(
            Operation(operation), (_dialogue, command, messageNumber, destination, limit, cancellationToken),
            static (call, _) => Contents.CopyAsync(
                call._dialogue, call.command, call.messageNumber, call.destination, call.limit, call.cancellationToken));

    private ValueTask PipelineAsync(
        string operation, ContentCommand command, IReadOnlyList<int> messageNumbers, IRetrievalSink sink, long limit, CancellationToken cancellationToken)
    {
        MessageNumbers.Require(messageNumbers);
        return Pop3Telemetry.Client.ObserveAsync(
            Operation(operation), (_dialogue, command, messageNumbers, sink, limit, cancellationToken), static (call, activity) =>
            {
                activity?.SetTag(MessageCount, call.messageNumbers.Count);
                return Contents.PipelineAsync(call._dialogue, call.command, call.messageNumbers, call.sink, call.limit, call.cancellationToken);
            });
    }

    private async ValueTask MarkAsync(int messageNumber, CancellationToken cancellationToken) =>
        (await _dialogue.AskAsync($"DELE {messageNumber}", _dialogue.Response("response to DELE"), cancellationToken)).EnsurePositive("DELE");

    private async ValueTask<IReadOnlyList<RefusedDeletion>> MarkAsync(IReadOnlyList<int> messageNumbers, CancellationToken cancellationToken)
    {
        List<RefusedDeletion> refused = [];
        Deadline deadline = _dialogue.Response("response to DELE");
        using Exchange exchange = _dialogue.Wire.BeginExchange(cancellationToken);
        await new Pipeline(_dialogue, deadline).RunAsync(
            messageNumbers.Count,
            index => _dialogue.Wire.Compose($"DELE {messageNumbers[index]}"),
            async index =>
            {
                Pop3Response response = await _dialogue.ReadIndicatorAsync(deadline);
                if (!response.IsPositive)
                    refused.Add(new(messageNumbers[index], response));
                return 0;
            });
        exchange.Complete();
        return refused;
    }

    private async ValueTask UpdateAsync(CancellationToken cancellationToken)
    {
        Pop3Response response = await _dialogue.AskAsync($"QUIT", new("response to QUIT", _dialogue.Options.QuitTimeout), cancellationToken);
        await _dialogue.DisposeAsync();
        response.EnsurePositive("QUIT");
    }
}
