using System.Diagnostics;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Smtp;

/// <summary>
/// A session with a server that has greeted and been introduced to (RFC 5321 section 3). It owns its stream and is for one caller at a time,
/// but for transactions that may overlap (<see cref="SmtpOptions.SendChunkWithEnvelope"/>).
/// </summary>
/// <remarks>
/// A refusal leaves the session whole; a timeout, a cancellation, a violation, the end of the stream or a 421 ends it, and every later
/// call throws <see cref="ConnectionLostException"/> with that cause.
/// </remarks>
public sealed class SmtpSession : IAsyncDisposable
{
    private readonly Dialogue _dialogue;
    private readonly Turns _turns = new();
    private bool _isSignedIn;
    private bool _isTlsRefused;
    private bool _needsReset;
    private int _transactions;

    private SmtpSession(Dialogue dialogue, Reply greeting)
    {
        _dialogue = dialogue;
        Greeting = greeting;
    }

    /// <summary>What the server said first.</summary>
    public Reply Greeting { get; }

    /// <summary>What the last EHLO offered; nothing at a server that knows only HELO.</summary>
    public ServiceExtensions Extensions => _dialogue.Extensions;

    /// <summary>The stream is encrypted and its peer authenticated, on the word of the stream itself.</summary>
    public bool IsEncrypted => _dialogue.Wire.IsEncrypted;

    /// <summary>What a <see cref="MechanismSelection"/> must know about this server.</summary>
    /// <param name="host">Its name, as it was configured.</param>
    /// <param name="port">The port of the connection.</param>
    public SaslServer DescribeForSasl(string host, int port) =>
        new("smtp", host, port) { Mechanisms = Extensions.Mechanisms, Binding = _dialogue.Wire.GetChannelBinding() };

    /// <summary>The session has ended; only <see cref="QuitAsync"/> and <see cref="DisposeAsync"/> are left.</summary>
    public bool IsBroken => _dialogue.Wire.IsBroken;

    /// <summary>The server takes no more transactions in this session (MAILMAX, RFC 9422); the next message is for another one.</summary>
    public bool IsSpent => _transactions >= Extensions.Limits.Transactions;

    /// <summary>Waits for the greeting and says EHLO; HELO where the server does not know EHLO, and then nothing is offered.</summary>
    /// <param name="stream">Connected; the session closes it, also if this call fails.</param>
    /// <param name="options">The defaults, if null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SmtpNegativeReplyException">The server refuses the session.</exception>
    /// <exception cref="ProtocolViolationException">This is no SMTP greeting, or something came behind it that nobody asked for.</exception>
    /// <exception cref="TimeoutException">The server did not answer in time.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option makes no sense; the stream is not touched.</exception>
    public static ValueTask<SmtpSession> OpenAsync(
        Stream stream, SmtpOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Dialogue dialogue = new(stream, (options ?? new()).Validated());
        return SmtpTelemetry.Client.ObserveAsync(
            new("greeting", dialogue.Options.Clock), (dialogue, cancellationToken), static (call, _) => GreetedAsync(call.dialogue, call.cancellationToken));
    }

    /// <summary>
    /// STARTTLS (RFC 3207): begins TLS and says EHLO again, or throws. Nothing the server said in clear is believed afterwards. After
    /// any exception the session can do nothing but quit.
    /// </summary>
    /// <param name="upgrade">Such as <see cref="Wire.Tls.TlsClient.Upgrade"/>.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <exception cref="ServiceExtensionMissingException">The server does not offer it; nothing was sent.</exception>
    /// <exception cref="SmtpNegativeReplyException">The server refuses.</exception>
    /// <exception cref="ProtocolViolationException">There were octets in clear behind the go-ahead, or it was none.</exception>
    public ValueTask StartTlsAsync(TlsUpgrade upgrade, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(upgrade);
        return SmtpTelemetry.Client.ObserveAsync(
            new("start_tls", _dialogue.Options.Clock), (Session: this, upgrade, cancellationToken),
            static (call, _) => call.Session.UpgradeAsync(call.upgrade, call.cancellationToken));
    }

    /// <summary>AUTH (RFC 4954), once in a session. EHLO is not said again: servers exist that refuse mail after it.</summary>
    /// <param name="mechanism">A new one for each exchange: <see cref="MechanismSelection"/> chooses it.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <exception cref="SmtpNegativeReplyException">
    /// Refused. 535 is about the credentials, 454 is not (RFC 4954 section 6); another try is the caller's decision.
    /// </exception>
    /// <exception cref="EncryptionRequiredException">
    /// The stream is not encrypted, and the mechanism is weaker than <see cref="MechanismStrength.Proving"/>; nothing was sent.
    /// </exception>
    /// <exception cref="MechanismUnusableException">Our side has no ticket, or no such mechanism on this platform.</exception>
    /// <exception cref="ServiceExtensionMissingException">The server does not offer the mechanism; nothing was sent.</exception>
    /// <exception cref="ProtocolViolationException">
    /// A challenge was malformed, or the server claimed success before the mechanism was complete.
    /// </exception>
    public ValueTask AuthenticateAsync(SaslMechanism mechanism, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(mechanism);
        return SmtpTelemetry.Client.ObserveAsync(
            new("sign_in", _dialogue.Options.Clock) { Attribute = new("smtp.auth.mechanism", mechanism.Name) }, (Session: this, mechanism, cancellationToken),
            static (call, _) => call.Session.SignInAsync(call.mechanism, call.cancellationToken));
    }

    /// <summary>
    /// One mail transaction. Refusals by the server are in the result, not thrown; some recipients may be refused and the others get the
    /// message. Recipients over the server's announced limits are not tried (<see cref="RecipientReply.IsOverLimit"/>).
    /// </summary>
    /// <remarks>
    /// With <see cref="SmtpOptions.SendChunkWithEnvelope"/> it may be called again before it has returned: transactions go out in the order of
    /// the calls without waiting for one another's replies, so that a round trip is shared by as many as overlap. Where the server does not
    /// offer PIPELINING and CHUNKING, or the content is not small and canonical, they wait for one another. A connection that fails leaves as
    /// many in doubt as had gone out; a cancellation of one ends all.
    /// </remarks>
    /// <param name="envelope">Who sends it and who gets it.</param>
    /// <param name="content">
    /// The message, dots not stuffed; read from its position to its end and left open. Content of less than 64 KiB, or that can be read
    /// twice, is looked at before anything is sent.
    /// </param>
    /// <param name="cancellationToken">Gives up, and the connection with it; the message is then not delivered, or in doubt.</param>
    /// <exception cref="TransactionInDoubtException">The connection failed between the end of the content and its reply.</exception>
    /// <exception cref="ServiceExtensionMissingException">The message needs what the server does not offer; nothing was sent.</exception>
    /// <exception cref="EncryptionRequiredException">The message requires TLS and the stream is not encrypted; nothing was sent.</exception>
    /// <exception cref="InvalidOperationException">The session <see cref="IsSpent"/>; nothing was sent.</exception>
    /// <exception cref="ArgumentException">The envelope contradicts itself or an RFC; nothing was sent.</exception>
    /// <exception cref="UnsendableContentException">The message is too large for the server, or has too long a line; nothing was sent.</exception>
    /// <exception cref="InvalidContentException">The content breaks <see cref="SmtpOptions.ContentRules"/>; it was not delivered.</exception>
    /// <exception cref="ConnectionLostException">The connection failed before the end of the content; the message was not delivered.</exception>
    /// <exception cref="TimeoutException">The server did not answer in time; the message was not delivered.</exception>
    public ValueTask<TransactionResult> SendAsync(
        Envelope envelope, Stream content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        ArgumentNullException.ThrowIfNull(content);
        return SmtpTelemetry.Client.ObserveAsync(
            new("transaction", _dialogue.Options.Clock), (Session: this, envelope, content, cancellationToken),
            static (call, activity) => call.Session.TransactAsync(call.envelope, call.content, activity, call.cancellationToken),
            SmtpTelemetry.RefusalOfTransaction);
    }

    /// <summary>RSET: forgets a transaction that was begun; also a sign of life.</summary>
    /// <exception cref="SmtpNegativeReplyException">The server refuses.</exception>
    public async ValueTask ResetAsync(CancellationToken cancellationToken = default)
    {
        (await _dialogue.AskAsync($"RSET", Phase.Rset, cancellationToken)).EnsurePositive(Phase.Rset);
        _needsReset = false;
    }

    /// <summary>NOOP: finds out whether the server is still there. A session that waits for its next message may have been closed.</summary>
    public ValueTask<Reply> NoOpAsync(CancellationToken cancellationToken = default) =>
        _dialogue.AskAsync($"NOOP", Phase.Query, cancellationToken);

    /// <summary>VRFY: asks about an address, for diagnosis; many servers answer 252 to everything (RFC 5321 section 3.5.3).</summary>
    /// <param name="userOrMailbox">A user name or a mailbox, in printable ASCII.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <exception cref="ArgumentException">There is something else than printable ASCII in the argument.</exception>
    public ValueTask<Reply> VerifyAsync(string userOrMailbox, CancellationToken cancellationToken = default) =>
        _dialogue.AskAsync($"VRFY {Checked(userOrMailbox)}", Phase.Query, cancellationToken);

    /// <summary>EXPN: asks who is on a list, for diagnosis; hardly any server tells (RFC 5321 section 3.5.2).</summary>
    /// <param name="list">The list's name, in printable ASCII.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <exception cref="ArgumentException">There is something else than printable ASCII in the argument.</exception>
    public ValueTask<Reply> ExpandAsync(string list, CancellationToken cancellationToken = default) =>
        _dialogue.AskAsync($"EXPN {Checked(list)}", Phase.Query, cancellationToken);

    /// <summary>HELP: text for people.</summary>
    public ValueTask<Reply> HelpAsync(CancellationToken cancellationToken = default) =>
        _dialogue.AskAsync($"HELP", Phase.Query, cancellationToken);

    /// <summary>
    /// QUIT, and closes the connection. What was accepted stays accepted whatever the server says now, so nothing but the caller's
    /// cancellation is reported.
    /// </summary>
    public async ValueTask QuitAsync(CancellationToken cancellationToken = default)
    {
        await Introduction.QuitAsync(_dialogue, cancellationToken);
        await DisposeAsync();
    }

    /// <summary>Closes the connection without a word.</summary>
    public ValueTask DisposeAsync() => _dialogue.DisposeAsync();

    private static async ValueTask<SmtpSession> GreetedAsync(Dialogue dialogue, CancellationToken cancellationToken)
    {
        try
        {
            Reply greeting = await Introduction.ReadGreetingAsync(dialogue, cancellationToken);
            await Introduction.GreetAsync(dialogue, mayBeHelo: true, cancellationToken);
            return new(dialogue, greeting);
        }
        catch
        {
            await dialogue.DisposeAsync();
            throw;
        }
    }

    private async ValueTask UpgradeAsync(TlsUpgrade upgrade, CancellationToken cancellationToken)
    {
        if (IsEncrypted)
            throw new InvalidOperationException("The session is encrypted already; TLS does not go inside TLS (RFC 3207 section 4.2)");
        ThrowIfTlsRefused();
        _isTlsRefused = true;
        if (!Extensions.HasStartTls)
            throw new ServiceExtensionMissingException("STARTTLS", "TLS was asked for");
        await Introduction.StartTlsAsync(_dialogue, upgrade, cancellationToken);
        await Introduction.GreetAsync(_dialogue, mayBeHelo: false, cancellationToken);
        _isTlsRefused = false;
    }

    private async ValueTask SignInAsync(SaslMechanism mechanism, CancellationToken cancellationToken)
    {
        ThrowIfTlsRefused();
        if (_isSignedIn)
            throw new InvalidOperationException("The session has signed in already (RFC 4954 section 4)");
        if (mechanism.Strength < MechanismStrength.Proving && !IsEncrypted && !_dialogue.Options.AllowCleartextPasswords)
            throw new EncryptionRequiredException(
                $"AUTH {mechanism.Name} gives away a secret, and the connection is not encrypted. Use implicit TLS or STARTTLS; nothing was sent");
        if (!Extensions.Mechanisms.Contains(mechanism.Name))
            throw new ServiceExtensionMissingException(
                $"AUTH {mechanism.Name}", $"these mechanisms only: {string.Join(", ", Extensions.Mechanisms)}");
        await new SaslExchange(_dialogue, mechanism).RunAsync(cancellationToken);
        _isSignedIn = true;
    }

    private async ValueTask<TransactionResult> TransactAsync(Envelope envelope, Stream content, Activity? activity, CancellationToken cancellationToken)
    {
        ThrowIfTlsRefused();
        envelope.Validate();
        if (envelope.RequireTls && !IsEncrypted)
            throw new EncryptionRequiredException(
                "The message requires TLS, and the connection is not encrypted (RFC 8689 section 2). Nothing was sent");
        ThrowIfSpent();

        // Taken before anything is waited for, so that the order is that of the calls.
        Turn? turn = _dialogue.Options.SendChunkWithEnvelope ? _turns.Take() : null;
        try
        {
            using OutgoingContent outgoing = await OutgoingContent.PrepareAsync(content, cancellationToken);
            string parameters = MailParameters.Decide(envelope, outgoing.Survey, Extensions, _dialogue.Options);
            AdmittedRecipients? admitted = AdmittedRecipients.Of(envelope, Extensions.Limits);
            using MailTransaction transaction = new(_dialogue, admitted?.Envelope ?? envelope, outgoing, parameters);
            TransactionResult result = await (turn is null
                ? RunAsync(transaction, _needsReset, turn: null, cancellationToken)
                : RunInTurnAsync(transaction, turn, cancellationToken));
            SmtpTelemetry.Transacted(result, outgoing.Taken);
            activity?.SetTag("smtp.recipient.count", result.Recipients.Count).SetTag("smtp.content.size", outgoing.Taken);
            return admitted?.Complete(result) ?? result;
        }
        finally
        {
            turn?.End();
        }
    }

    private async ValueTask<TransactionResult> RunInTurnAsync(MailTransaction transaction, Turn turn, CancellationToken cancellationToken)
    {
        await (transaction.IsOneFlight ? turn.MayWrite : turn.MayRead).WaitAsync(cancellationToken);
        ThrowIfSpent();
        // What an earlier one leaves open is not known before it has its replies.
        bool resetsFirst = !turn.MayRead.IsCompleted || _needsReset;
        try
        {
            return await RunAsync(transaction, resetsFirst, transaction.IsOneFlight ? turn : null, cancellationToken);
        }
        catch (OperationCanceledException canceled) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ConnectionLostException("The connection is no longer usable: a transaction before this one was canceled", canceled);
        }
    }

    private async ValueTask<TransactionResult> RunAsync(MailTransaction transaction, bool resetsFirst, Turn? turn, CancellationToken cancellationToken)
    {
        _transactions++;
        TransactionResult result = await transaction.RunAsync(resetsFirst, turn, cancellationToken);
        _needsReset = transaction.NeedsReset;
        return result;
    }

    private void ThrowIfSpent()
    {
        if (IsSpent)
            throw new InvalidOperationException(
                $"The server takes {Extensions.Limits.Transactions} transactions in a session (MAILMAX, RFC 9422); open another one. Nothing was sent");
    }

    private void ThrowIfTlsRefused()
    {
        if (_isTlsRefused)
            throw new InvalidOperationException("TLS was asked for and did not begin; the session can only quit");
    }

    // Beyond ASCII the server would have to be asked for SMTPUTF8 (RFC 6531 section 3.7.4), for an answer that few servers give.
    private static string Checked(string argument) =>
        argument.Any(c => c is < ' ' or > '~')
            ? throw new ArgumentException("There is something else than printable ASCII in the argument; nothing was sent", nameof(argument))
            : argument;
}
