using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace EmailSync.Lab;

/// <summary>A POP3 and SMTP server on the loopback interface, with generated mailboxes and scripted misbehaviour.</summary>
public sealed class LabServer : IAsyncDisposable
{
    private readonly Dictionary<LabService, Socket> _listeners = [];
    private readonly ConcurrentDictionary<string, LabMailbox> _mailboxes = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<LabMailbox> _mailboxesInOrder = [];
    private readonly List<SubmittedMessage> _outbox = [];
    private readonly ConcurrentDictionary<Task, byte> _running = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly MessageGenerator _generator;
    private int _connections;
    private int _isDisposed;

    private LabServer(LabOptions options)
    {
        Options = options;
        Stopping = _stopping.Token;
        Journal = new LabJournal(options.RecordCommands);
        Script = new MisbehaviourScript(options.Script);
        Pop3Keywords = options.Pop3Capabilities.Select(KeywordOf).ToFrozenSet(StringComparer.Ordinal);
        SmtpKeywords = options.SmtpExtensions.Select(KeywordOf).ToFrozenSet(StringComparer.Ordinal);
        Authority = options.Authority ?? new LabCertificateAuthority(options.Clock);
        TlsOptions = new SslServerAuthenticationOptions
        {
            // One context for all connections, or no session could be resumed.
            ServerCertificateContext = SslStreamCertificateContext.Create(
                Authority.Issue(options.CertificateKind), additionalCertificates: null, offline: true),
            AllowRenegotiation = false,
        };
        _generator = new MessageGenerator(options);
        for (int number = 1; number <= options.Mailboxes; number++)
        {
            LabMailbox mailbox = AddMailbox($"user{number:D4}@{options.Domain}");
            DeliverGenerated(mailbox.Address, options.MessagesPerMailbox);
        }
    }

    /// <summary>What this server was started with.</summary>
    public LabOptions Options { get; }

    /// <summary>The authority behind the server's certificate: its root is what clients have to trust.</summary>
    public LabCertificateAuthority Authority { get; }

    /// <summary>What has happened so far.</summary>
    public LabJournal Journal { get; }

    /// <summary>All mailboxes, generated ones first, in order.</summary>
    public IReadOnlyList<LabMailbox> Mailboxes
    {
        get { lock (_mailboxesInOrder) return [.. _mailboxesInOrder]; }
    }

    /// <summary>Every message SMTP has accepted, oldest first. Lab addresses among its recipients have it in their maildrops too.</summary>
    public IReadOnlyList<SubmittedMessage> Outbox
    {
        get { lock (_outbox) return [.. _outbox]; }
    }

    internal MisbehaviourScript Script { get; private set; }
    internal IReadOnlySet<string> Pop3Keywords { get; }
    internal IReadOnlySet<string> SmtpKeywords { get; }
    internal SslServerAuthenticationOptions TlsOptions { get; }
    internal CancellationToken Stopping { get; }

    /// <summary>Opens the listeners on 127.0.0.1. When the task is done, they accept connections.</summary>
    /// <exception cref="IOException">A given port is taken, or is not this user's to take.</exception>
    public static async ValueTask<LabServer> StartAsync(
        LabOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LabServer server = new(options ?? new LabOptions());
        try
        {
            foreach ((LabService service, int port) in server.Options.Listeners)
                server.Listen(service, port);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
        return server;
    }

    /// <summary>Where a listener is.</summary>
    /// <exception cref="InvalidOperationException">The listener is not on.</exception>
    public IPEndPoint EndPointOf(LabService service) => _listeners.TryGetValue(service, out Socket? listener)
        ? (IPEndPoint)listener.LocalEndPoint!
        : throw new InvalidOperationException($"The {service} listener is not on; see LabOptions.Listeners.");

    /// <summary>The port of a listener.</summary>
    /// <exception cref="InvalidOperationException">The listener is not on.</exception>
    public int PortOf(LabService service) => EndPointOf(service).Port;

    /// <summary>Adds an empty mailbox.</summary>
    /// <param name="address">Its address, which is also its user name.</param>
    /// <param name="password">Its password; null derives one from the seed.</param>
    /// <exception cref="ArgumentException">The address exists already.</exception>
    public LabMailbox AddMailbox(string address, string? password = null)
    {
        lock (_mailboxesInOrder)
        {
            LabMailbox mailbox = new(address, password, Options.Seed, _mailboxesInOrder.Count + 1);
            if (!_mailboxes.TryAdd(address, mailbox))
                throw new ArgumentException($"The mailbox {address} exists already.", nameof(address));
            _mailboxesInOrder.Add(mailbox);
            return mailbox;
        }
    }

    /// <summary>Puts a message into a maildrop while the server runs; a session that is open does not see it (RFC 1939 section 4).</summary>
    /// <param name="address">A mailbox of this lab.</param>
    /// <param name="content">The message, dots not stuffed.</param>
    /// <returns>The message's unique-id.</returns>
    public string Deliver(string address, ReadOnlySpan<byte> content)
    {
        MessageContent shared = MessageContent.FromRaw(content);
        return Existing(address).Deliver(identity => new LabMessage(shared, identity));
    }

    /// <summary>Puts generated messages into a maildrop while the server runs.</summary>
    public void DeliverGenerated(string address, int count)
    {
        LabMailbox mailbox = Existing(address);
        for (; count > 0; count--)
            mailbox.Deliver(_generator.Create);
    }

    /// <summary>Replaces the script, for connections that are open too. With no argument the server behaves again.</summary>
    public void Misbehave(params IReadOnlyList<Misbehaviour> script) => Script = new MisbehaviourScript(script);

    /// <summary>Closes the listeners and every connection, and waits for them to end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
            return;
        await _stopping.CancelAsync();
        foreach (Socket listener in _listeners.Values)
            listener.Dispose();
        await Task.WhenAll(_running.Keys);
        TlsOptions.ServerCertificateContext!.TargetCertificate.Dispose();
        if (Options.Authority is null)
            Authority.Dispose();
        _stopping.Dispose();
    }

    /// <summary>The keyword at the start of a capability or extension line.</summary>
    internal static string KeywordOf(string line) => line.Split(' ', '=')[0];

    internal LabMailbox? Find(string userName) => _mailboxes.GetValueOrDefault(userName);

    internal bool IsLocal(string address) =>
        address.EndsWith("@" + Options.Domain, StringComparison.OrdinalIgnoreCase) || _mailboxes.ContainsKey(address);

    internal void Accept(SubmittedMessage message, ReadOnlySpan<byte> content)
    {
        foreach (string forwardPath in message.ForwardPaths)
        {
            if (Find(forwardPath) is not null)
                Deliver(forwardPath, content);
        }
        lock (_outbox) _outbox.Add(message);
    }

    private LabMailbox Existing(string address) =>
        Find(address) ?? throw new ArgumentException($"There is no mailbox {address} in this lab.", nameof(address));

    private void Listen(LabService service, int port)
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listeners.Add(service, listener);
        try
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        }
        catch (SocketException refused)
        {
            throw new IOException($"port {port} cannot be had for {service}: {refused.Message}. Choose another, or 0 for a free one.", refused);
        }
        listener.Listen(4096);
        Run(AcceptConnectionsAsync(service, listener));
    }

    private async Task AcceptConnectionsAsync(LabService service, Socket listener)
    {
        for (int ordinal = 1; !Stopping.IsCancellationRequested; ordinal++)
        {
            try
            {
                Socket socket = await listener.AcceptAsync(Stopping);
                Run(ServeAsync(socket, service, Interlocked.Increment(ref _connections), ordinal));
            }
            catch (Exception stopped) when (stopped is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket, LabService service, int number, int ordinal)
    {
        socket.NoDelay = true;
        LabConnection connection = new(this, socket, service, number, ordinal);
        Journal.Event(connection, "opened");
        try
        {
            if (service is LabService.Pop3s or LabService.Smtps)
                await connection.EncryptAsync();
            if (!await connection.IsStruckAsync(Misbehaviour.Connecting))
            {
                await (service is LabService.Pop3 or LabService.Pop3s
                    ? new Pop3Conversation(this, connection).RunAsync()
                    : new SmtpConversation(this, connection).RunAsync());
            }
            await connection.EndAsync();
        }
        catch (AuthenticationException refused)
        {
            Journal.Note(connection, $"TLS failed: {refused.Message}");
        }
        catch (Exception over) when (over is ConversationOverException or IOException or OperationCanceledException
            or ObjectDisposedException or SocketException)
        {
            Journal.Note(connection, over is ConversationOverException ? "ended by script" : "broken off");
        }
        finally
        {
            await CloseAsync(connection);
            Journal.Event(connection, "closed");
        }
    }

    private static async ValueTask CloseAsync(LabConnection connection)
    {
        try
        {
            await connection.DisposeAsync();
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or SocketException)
        {
            // The client was faster; there is nothing left to close.
        }
    }

    private void Run(Task task)
    {
        _running.TryAdd(task, 0);
        // A task that failed stays, so that DisposeAsync reports a defect of the lab itself.
        _ = task.ContinueWith(
            static (done, running) => ((ConcurrentDictionary<Task, byte>)running!).TryRemove(done, out _),
            _running, CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously | TaskContinuationOptions.NotOnFaulted, TaskScheduler.Default);
    }
}
