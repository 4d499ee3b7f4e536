using System.Diagnostics.CodeAnalysis;
using System.Security.Authentication;
using System.Security.Authentication.ExtendedProtection;

namespace EmailSync.Protocols.Wire;

/// <summary>
/// A text conversation over a stream: lines both ways, and content that ends at a lone dot. The only I/O of the protocol
/// libraries.
/// </summary>
/// <remarks>
/// <para>Everything happens inside an <see cref="Exchange"/>, which binds the caller's cancellation. Within it one reader
/// and one writer may run at the same time.</para>
/// <para>A broken connection stays broken: after a timeout, a cancellation, a violation, the end of the stream, or an
/// exchange that was left unfinished, every later call throws <see cref="ConnectionLostException"/> with the first cause.
/// Our deadline becomes a <see cref="TimeoutException"/> that names the phase; the caller's cancellation stays an
/// <see cref="OperationCanceledException"/>.</para>
/// </remarks>
public sealed partial class TextConnection : IAsyncDisposable
{
    private readonly ITranscript? _transcript;
    private readonly ReceiveBuffer _received = new();
    private readonly SendBuffer _toSend = new();
    private readonly PeerClock _readClock;
    private readonly PeerClock _writeClock;

    /// <summary>One for the life of the connection: whatever cancels it also breaks the connection.</summary>
    private readonly CancellationTokenSource _abort = new();

    private Stream _stream;
    private LineBuffer? _spareLine;
    private Exception? _failure;
    private IOException? _writeFailure;
    // Exchanges in progress; and, of all there ever were, those that ended and those that had been completed.
    private int _busy;
    private long _ended;
    private long _completed;

    /// <summary>Takes ownership of <paramref name="stream"/>.</summary>
    public TextConnection(Stream stream, TextConnectionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        options ??= new();
        _stream = stream;
        _transcript = options.Transcript;
        _readClock = new(options.Clock, Abort);
        _writeClock = new(options.Clock, Abort);
    }

    /// <summary>
    /// The stream is encrypted and its peer authenticated, on the word of the stream itself. It must be a
    /// <see cref="System.Net.Security.AuthenticatedStream"/>; a wrapper around one counts as cleartext.
    /// </summary>
    public bool IsEncrypted => _stream is System.Net.Security.AuthenticatedStream { IsEncrypted: true, IsAuthenticated: true };

    /// <summary>
    /// What SASL binds to TLS by: the <c>tls-server-end-point</c> (RFC 5929 section 4). The platform's stream has no other that is safe:
    /// it exports no keying material for <c>tls-exporter</c> (RFC 9266). Null without TLS, and where no hash is known for the certificate's
    /// signature: RFC 5929 defines none for Ed25519, and the platform has none for RSASSA-PSS and SHA-3.
    /// </summary>
    public ChannelBinding? GetChannelBinding()
    {
        if (_stream is not System.Net.Security.SslStream { IsAuthenticated: true } tls)
            return null;
        try
        {
            return tls.TransportContext.GetChannelBinding(ChannelBindingKind.Endpoint);
        }
        catch (ArgumentException)
        {
            // So the platform says that it does not know the signature's algorithm.
            return null;
        }
    }

    /// <summary>The connection can no longer be used.</summary>
    public bool IsBroken => Volatile.Read(ref _failure) is not null;

    /// <summary>Begins an exchange; a peer that has sent anything since the last one was complete has broken the protocol.</summary>
    /// <exception cref="InvalidOperationException">Another exchange is in progress.</exception>
    /// <exception cref="ConnectionLostException">The connection is broken.</exception>
    /// <exception cref="ProtocolViolationException">The peer sent something that no command had asked for.</exception>
    public Exchange BeginExchange(CancellationToken cancellationToken)
    {
        ThrowIfBroken();
        cancellationToken.ThrowIfCancellationRequested();
        if (Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
            throw new InvalidOperationException("Another command is in progress on this connection; a session serves one caller at a time");
        return First(cancellationToken);
    }

    /// <summary>
    /// Begins an exchange beside those in progress, or as <see cref="BeginExchange"/> where there are none. Their callers take turns: one at
    /// a time writes, one at a time reads, in the same order, and an exchange has ended before the next one reads.
    /// </summary>
    /// <exception cref="ConnectionLostException">The connection is broken.</exception>
    /// <exception cref="ProtocolViolationException">The peer sent something that no command had asked for.</exception>
    public Exchange JoinExchange(CancellationToken cancellationToken)
    {
        ThrowIfBroken();
        cancellationToken.ThrowIfCancellationRequested();
        return Interlocked.Increment(ref _busy) == 1 ? First(cancellationToken) : new(this, AbortOn(cancellationToken));
    }

    /// <summary>
    /// Exchanges the cleartext stream for an encrypted one. Called right behind the peer's go-ahead, inside the exchange;
    /// nothing of what was received before survives it.
    /// </summary>
    /// <exception cref="ProtocolViolationException">
    /// There were octets behind the go-ahead. They were sent in clear, by anyone, to be taken for the first reply under TLS.
    /// </exception>
    public async ValueTask UpgradeAsync(TlsUpgrade upgrade, Deadline handshake)
    {
        ArgumentNullException.ThrowIfNull(upgrade);
        RequireExchange();
        if (!_received.IsEmpty)
            throw Break(new ProtocolViolationException("The server sent octets in clear behind its go-ahead for TLS", FirstLine()));
        _received.Release();
        _readClock.Start(handshake);
        try
        {
            _readClock.BeginWait();
            _stream = await upgrade(_stream, _abort.Token);
        }
        catch (OperationCanceledException e) when (_abort.IsCancellationRequested)
        {
            throw Failed(e);
        }
        catch (Exception e)
        {
            Break(e);
            throw;
        }
        finally
        {
            _readClock.EndWait(0);
        }
        if (!IsEncrypted)
            throw Break(new AuthenticationException("The TLS upgrade returned a stream that is not encrypted and authenticated"));
    }

    /// <summary>
    /// Gives the connection up, for a reason that the caller has found: what waits in a read or a write ends, and every
    /// later call throws. The first reason stays.
    /// </summary>
    /// <returns><paramref name="reason"/>, to be thrown.</returns>
    public T Break<T>(T reason) where T : Exception
    {
        Abort(reason);
        return reason;
    }

    /// <summary>Closes the stream.</summary>
    public async ValueTask DisposeAsync()
    {
        Abort(new ObjectDisposedException(nameof(TextConnection)));
        _readClock.Dispose();
        _writeClock.Dispose();
        try
        {
            await _stream.DisposeAsync();
        }
        catch (IOException)
        {
            // A close that fails leaves nothing to close, and the session's outcome was decided before it.
        }
    }

    internal LineBuffer RentLine()
    {
        LineBuffer line = Interlocked.Exchange(ref _spareLine, null) ?? new();
        line.Clear();
        return line;
    }

    internal void CompleteExchange() => Interlocked.Increment(ref _completed);

    internal void EndExchange()
    {
        if (Interlocked.Increment(ref _ended) > Volatile.Read(ref _completed) || _writeFailure is not null)
            Break(new ConnectionLostException("An exchange on this connection was left unfinished", _writeFailure));
        // Between exchanges there is nothing to hold buffers for; sessions wait by the thousand.
        if (_received.IsEmpty && !_reading)
            _received.Release();
        _spareLine = null;
        Interlocked.Decrement(ref _busy);
    }

    private Exchange First(CancellationToken cancellationToken)
    {
        if (!_received.IsEmpty)
        {
            ProtocolViolationException violation = new("The server sent what no command had asked for", FirstLine());
            Break(violation);
            EndExchange();
            throw violation;
        }
        return new(this, AbortOn(cancellationToken));
    }

    private CancellationTokenRegistration AbortOn(CancellationToken cancellationToken) => cancellationToken.UnsafeRegister(
        static (connection, token) => ((TextConnection)connection!).Abort(new OperationCanceledException(token)), this);

    private void Abort(Exception reason)
    {
        if (Interlocked.CompareExchange(ref _failure, reason, null) is null)
            _abort.Cancel();
    }

    private void ThrowIfBroken()
    {
        if (Volatile.Read(ref _failure) is { } failure)
            ThrowBroken(failure);
    }

    private void RequireExchange()
    {
        ThrowIfBroken();
        if (Volatile.Read(ref _busy) == 0)
            throw new InvalidOperationException("Nothing is sent or read outside an exchange");
    }

    /// <summary>A cancellation between two reads of an exchange is that exchange's cancellation; later exchanges learn that it is over.</summary>
    [DoesNotReturn]
    private void ThrowBroken(Exception failure) => throw failure switch
    {
        ObjectDisposedException => failure,
        OperationCanceledException when Volatile.Read(ref _busy) != 0 => Again(failure),
        _ => new ConnectionLostException($"The connection is no longer usable: {failure.Message}", failure),
    };

    /// <summary>What to throw for an exception of the stream: the reason we gave up, if that is what ended it, or a loss.</summary>
    private Exception Failed(Exception cause)
    {
        if (cause is IOException and not (ConnectionLostException or ProtocolViolationException) or ObjectDisposedException)
            cause = new ConnectionLostException($"The connection was lost: {cause.Message}", cause);
        Exception first = Interlocked.CompareExchange(ref _failure, cause, null) ?? cause;
        if (ReferenceEquals(first, cause))
            _abort.Cancel();
        return cause is OperationCanceledException or ConnectionLostException ? Again(first) : cause;
    }

    /// <summary>The exception to throw where the first failure of the connection surfaces.</summary>
    private static Exception Again(Exception failure) => failure is OperationCanceledException cancelled
        ? new OperationCanceledException(cancelled.Message, cancelled, cancelled.CancellationToken)
        : failure;
}
