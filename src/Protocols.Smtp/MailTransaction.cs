using System.Runtime.CompilerServices;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp;

/// <summary>
/// MAIL, RCPT… and DATA (or BDAT), with a reply for each (RFC 5321 section 3.3). Where PIPELINING is offered the commands go out in one
/// flight and the replies are counted (RFC 2920); where not, one at a time.
/// </summary>
/// <remarks>
/// Some recipients may be refused and the others get the message. If DATA is accepted although nobody is left to get it, a lone
/// dot ends it and the reply to that is no delivery (RFC 2920 section 3.1).
/// </remarks>
internal sealed class MailTransaction : IDisposable
{
    private const int GoAhead = 354;

    // Servers are known to lose MAIL and answer what follows with 503; then fewer replies come than commands went (MailKit 587).
    private const int BadSequence = 503;

    private static readonly Deadline AfterLoss = new(
        "reply to a command behind MAIL, which the server seems to have lost (set UsePipelining to false)", TimeSpan.FromSeconds(10));

    private readonly Dialogue _dialogue;
    private readonly Envelope _envelope;
    private readonly OutgoingContent _content;
    private readonly string _parameters;
    private readonly bool _isPipelined;
    // Null: there are none.
    private readonly string[]? _recipientParameters;

    // Null: the content goes by DATA.
    private readonly Chunks? _chunks;

    // The chunk rides with the envelope, whatever will be said to that.
    private readonly bool _isOneFlight;

    private readonly ContentSending _sending;
    private readonly RecipientReply[] _recipients;
    private int _answered;
    private bool _hasRecipient;
    private Reply? _sender;
    private Reply? _refusal;

    public MailTransaction(Dialogue dialogue, Envelope envelope, OutgoingContent content, string parameters)
    {
        (_dialogue, _envelope, _content, _parameters) = (dialogue, envelope, content, parameters);
        _isPipelined = dialogue.Options.UsePipelining && dialogue.Extensions.HasPipelining;
        // BDAT needs the exact size before the first octet, and canonical text (RFC 3030 section 2).
        bool isChunked = envelope.IsBinary
            || (dialogue.Options.UseChunking && dialogue.Extensions.HasChunking && content.Survey is { IsCanonical: true });
        _chunks = isChunked ? new(dialogue, content) : null;
        _isOneFlight = isChunked && content.IsWhole && _isPipelined && dialogue.Options.SendChunkWithEnvelope;
        _sending = new(dialogue, content, _chunks);
        _recipientParameters = envelope.Dsn is { } dsn ? [.. envelope.ForwardPaths.Select(path => RcptParameters.Decide(dsn, path))] : null;
        _recipients = new RecipientReply[envelope.ForwardPaths.Count];
    }

    /// <summary>The server still has the transaction open, so the next command must be RSET.</summary>
    public bool NeedsReset { get; private set; }

    private bool IsKnownToBeRefused => _sender is { IsNegative: true } || (_answered == _recipients.Length && !_hasRecipient);

    /// <summary>All of it goes out before anything is read, so that the next may follow at once.</summary>
    public bool IsOneFlight => _isOneFlight;

    /// <param name="resetsFirst">A transaction before this one is still open, or may be.</param>
    /// <param name="turn">Its turn to write, which has come, where it is in one flight and others may overlap; null: it has the connection for itself.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TransactionResult> RunAsync(bool resetsFirst, Turn? turn, CancellationToken cancellationToken)
    {
        using Exchange exchange = turn is null ? _dialogue.Wire.BeginExchange(cancellationToken) : _dialogue.Wire.JoinExchange(cancellationToken);
        Reply? answer = null;
        try
        {
            answer = await SendCommandsAsync(resetsFirst, turn);
            if (answer?.Code == GoAhead && !_hasRecipient)
                await EndWithoutContentAsync();
        }
        catch (Exception e) when (_isOneFlight && _content.IsTaken && !IsKnownToBeRefused)
        {
            throw new TransactionInDoubtException(e);
        }
        catch (ConnectionLostException) when (_refusal is not null && !_hasRecipient)
        {
            // A refusal that was read says more than the end of the connection behind it (MailKit 194).
            return Abandoned(_refusal);
        }
        if (_refusal is { IsClosing: true })
        {
            _dialogue.GiveUp(_refusal);
            return Abandoned(_refusal);
        }

        Reply? decision = !_hasRecipient ? null : _isOneFlight || answer is { IsNegative: true } ? answer : await _sending.RunAsync(cancellationToken);
        // What state a server is in after a chunk that failed is anybody's guess (RFC 3030 section 2).
        NeedsReset = (_isOneFlight || _sender!.IsPositive) && answer?.Code != GoAhead && decision is not { IsPositive: true };
        if (decision is { IsClosing: true })
            _dialogue.GiveUp(decision);
        if (!_dialogue.Wire.IsBroken)
            exchange.Complete();
        return new(_sender!, _sender!.IsPositive ? _recipients : [], decision);
    }

    public void Dispose() => _chunks?.Dispose();

    /// <summary>Sends everything up to the content; returns the reply to DATA, or to the chunk that went with it, or null if neither did.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Reply?> SendCommandsAsync(bool resetsFirst, Turn? turn)
    {
        // Read while it is written: a server whose replies nobody takes may stop taking commands (RFC 2920 section 3.1).
        Task flight = _isPipelined ? SendFlightAsync(resetsFirst) : Task.CompletedTask;
        try
        {
            if (turn is not null)
            {
                turn.PassOnWith(flight);
                await turn.MayRead;
            }
            if (resetsFirst)
                (await AskAsync(Phase.Rset)).EnsurePositive(Phase.Rset);
            _sender = await AskAsync(Phase.Mail);
            while (_answered < _recipients.Length && GoesOn(_sender.IsPositive))
            {
                MailPath forwardPath = _envelope.ForwardPaths[_answered];
                RecipientReply recipient = new(forwardPath, await AskAsync(Phase.Rcpt));
                _recipients[_answered++] = recipient;
                _hasRecipient |= recipient.Reply.IsPositive && _sender.IsPositive;
            }
            return !GoesOn(_hasRecipient) ? null
                : _isOneFlight ? await AskAsync(Phase.FinalDot)
                : _chunks is not null ? null
                : await AskAsync(Phase.Data);
        }
        finally
        {
            if (_refusal is { IsClosing: true })
                _dialogue.GiveUp(_refusal);
            // A failure to write shows in the read, which may have found the reply that explains it.
            await flight.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // What went out in a flight has its replies; one at a time, nothing more is said once it is pointless.
    private bool GoesOn(bool isWorthIt) => (isWorthIt || _isPipelined) && _refusal is not { IsClosing: true };

    private Task SendFlightAsync(bool resetsFirst)
    {
        if (resetsFirst)
            Compose(Phase.Rset);
        Compose(Phase.Mail);
        for (int recipient = 0; recipient < _recipients.Length; recipient++)
            Compose(Phase.Rcpt, recipient);
        if (_isOneFlight)
            return _chunks!.WriteLastAsync().AsTask();
        if (_chunks is null)
            Compose(Phase.Data);
        return _dialogue.FlushAsync(Phase.Mail).AsTask();
    }

    private void Compose(Phase phase, int recipient = 0)
    {
        switch (phase)
        {
            case Phase.Rset:
                _dialogue.Wire.Compose($"RSET");
                break;
            case Phase.Mail:
                _dialogue.Wire.Compose($"MAIL FROM:<{_envelope.ReversePath.Mailbox}>{_parameters}");
                break;
            case Phase.Rcpt:
                _dialogue.Wire.Compose($"RCPT TO:<{_envelope.ForwardPaths[recipient].Mailbox}>{_recipientParameters?[recipient]}");
                break;
            default:
                _dialogue.Wire.Compose($"DATA");
                break;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Reply> AskAsync(Phase phase)
    {
        if (!_isPipelined)
        {
            Compose(phase, _answered);
            await _dialogue.FlushAsync(phase);
        }
        bool seemsLost = _isPipelined && _sender is { Code: BadSequence };
        Reply reply = await _dialogue.ReadReplyAsync(seemsLost ? AfterLoss : _dialogue.DeadlineOf(phase));
        if (reply.IsNegative)
            _refusal = reply;
        else if (phase == Phase.Data ? reply.Code != GoAhead : !reply.IsPositive)
            throw _dialogue.Wire.Break(new ProtocolViolationException($"The server answered {Phases.NameOf(phase)} with \"{reply}\""));
        return reply;
    }

    /// <summary>The session ended behind a refusal: those who got no reply of their own get that one.</summary>
    private TransactionResult Abandoned(Reply refusal)
    {
        Reply sender = _sender ?? refusal;
        if (!sender.IsPositive)
            return new(sender, [], null);
        bool isContentRefused = _hasRecipient && _answered == _recipients.Length;
        for (; _answered < _recipients.Length; _answered++)
            _recipients[_answered] = new(_envelope.ForwardPaths[_answered], refusal);
        return new(sender, _recipients, isContentRefused ? refusal : null);
    }

    private async ValueTask EndWithoutContentAsync()
    {
        await _dialogue.Wire.WriteContentAsync(Stream.Null, _dialogue.Options.ContentRules, _dialogue.DeadlineOf(Phase.Content));
        Reply reply = await _dialogue.ReadReplyAsync(_dialogue.DeadlineOf(Phase.FinalDot));
        if (reply.IsClosing)
            _dialogue.GiveUp(reply);
    }
}
