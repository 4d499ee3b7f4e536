using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Pop3;

/// <summary>
/// The AUTHORIZATION state (RFC 1939 section 4): greeted, and not yet signed in. A session is for one caller at a time and owns its
/// stream; signing in turns it into its <see cref="Maildrop"/>.
/// </summary>
public sealed class Pop3Session : IAsyncDisposable
{
    private readonly bool _isGreetingEncrypted;
    private readonly string? _timestamp;
    private Dialogue? _dialogue;
    private bool _isUtf8;

    private Pop3Session(Dialogue dialogue, byte[] greeting)
    {
        _dialogue = dialogue;
        _isGreetingEncrypted = dialogue.Wire.IsEncrypted;
        _timestamp = ApopTimestamp.Find(greeting);
        Greeting = ServerText.Show(Pop3Response.TextOf(greeting));
    }

    /// <summary>What the server said first, made safe to show.</summary>
    public string Greeting { get; }

    /// <summary>The stream is encrypted and its peer authenticated, on the word of the stream itself.</summary>
    public bool IsEncrypted => Dialogue.Wire.IsEncrypted;

    /// <summary>What the last CAPA listed; null if none was sent, or it was refused, or TLS has begun since.</summary>
    public Pop3Capabilities? Capabilities => Dialogue.Capabilities;

    /// <summary>What a <see cref="MechanismSelection"/> must know about this server; no mechanisms where it announces none.</summary>
    /// <param name="host">Its name, as it was configured.</param>
    /// <param name="port">The port of the connection.</param>
    public SaslServer DescribeForSasl(string host, int port) => new("pop", host, port)
    {
        Mechanisms = Capabilities?.SaslMechanisms ?? new HashSet<string>(),
        Binding = Dialogue.Wire.GetChannelBinding(),
    };

    private Dialogue Dialogue => _dialogue ?? throw new InvalidOperationException("The session has signed in; go on with its maildrop");

    /// <summary>Reads the greeting.</summary>
    /// <param name="stream">Connected; the session closes it, also if this call fails.</param>
    /// <param name="options">The defaults, if null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Pop3NegativeResponseException">The server refused the session; nothing was sent.</exception>
    /// <exception cref="ProtocolViolationException">This is no POP3 greeting.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option makes no sense; the stream is not touched.</exception>
    public static ValueTask<Pop3Session> OpenAsync(Stream stream, Pop3Options? options = null, CancellationToken cancellationToken = default)
    {
        Dialogue dialogue = new(stream, (options ?? new()).Validated());
        return Pop3Telemetry.Client.ObserveAsync(
            new("greeting", dialogue.Options.Clock), (dialogue, cancellationToken), static (call, _) => GreetedAsync(call.dialogue, call.cancellationToken));
    }

    /// <summary>CAPA (RFC 2449): what the server offers before sign-in.</summary>
    /// <returns>Null: the server refuses the command, so nothing is known.</returns>
    public ValueTask<Pop3Capabilities?> CapabilitiesAsync(CancellationToken cancellationToken = default) =>
        Dialogue.AskCapabilitiesAsync(cancellationToken);

    /// <summary>
    /// STLS (RFC 2595 section 4): begins TLS, or throws. Nothing the server said in clear is believed afterwards; ask for its capabilities
    /// again.
    /// </summary>
    /// <param name="upgrade">Such as <see cref="Wire.Tls.TlsClient.Upgrade"/>.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <exception cref="Pop3NegativeResponseException">The server refuses. The connection is given up: nothing follows in clear.</exception>
    /// <exception cref="NotSupportedException">The server's capabilities are known, and STLS is not among them. The connection is given up.</exception>
    /// <exception cref="ProtocolViolationException">There were octets in clear behind the go-ahead.</exception>
    public ValueTask StartTlsAsync(TlsUpgrade upgrade, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(upgrade);
        return Pop3Telemetry.Client.ObserveAsync(
            new("start_tls", Dialogue.Options.Clock), (Session: this, upgrade, cancellationToken),
            static (call, _) => call.Session.UpgradeAsync(call.upgrade, call.cancellationToken));
    }

    /// <summary>UTF8 (RFC 6856): messages may come with UTF-8 headers from now on.</summary>
    /// <exception cref="Pop3NegativeResponseException">The server refuses.</exception>
    /// <exception cref="NotSupportedException">The server's capabilities are known, and UTF8 is not among them; nothing was sent.</exception>
    public async ValueTask EnableUtf8Async(CancellationToken cancellationToken = default)
    {
        if (Capabilities is { HasUtf8: false })
            throw new NotSupportedException("The server does not offer UTF8; nothing was sent");
        (await Dialogue.AskAsync($"UTF8", Dialogue.Response("response to UTF8"), cancellationToken)).EnsurePositive("UTF8");
        _isUtf8 = true;
    }

    /// <summary>LANG without a language (RFC 6856 section 3): those in which the server can speak to people.</summary>
    /// <exception cref="Pop3NegativeResponseException">The server cannot list them.</exception>
    public async ValueTask<IReadOnlyList<Language>> LanguagesAsync(CancellationToken cancellationToken = default)
    {
        Dialogue dialogue = Dialogue;
        List<Language> languages = [];
        using Exchange exchange = dialogue.Begin($"LANG", cancellationToken);
        await Listing.BeginAsync(dialogue, exchange, "LANG");
        await dialogue.Wire.ReadListingAsync(
            line => languages.Add(Language.Parse(line)), dialogue.Options.MaxListingLine, dialogue.Options.MaxCapabilities);
        exchange.Complete();
        return languages;
    }

    /// <summary>LANG (RFC 6856 section 3): the language of all text from now on, which is for people only.</summary>
    /// <param name="tag">A language tag of <see cref="LanguagesAsync"/>, or <c>*</c> for whatever the server prefers.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <exception cref="Pop3NegativeResponseException">The server does not speak it, and goes on as before.</exception>
    public async ValueTask SetLanguageAsync(string tag, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        (await Dialogue.AskAsync($"LANG {tag}", Dialogue.Response("response to LANG"), cancellationToken)).EnsurePositive("LANG");
    }

    /// <summary>Signs in by USER and PASS (RFC 1939 section 7).</summary>
    /// <param name="name">The user name as the server knows it; often the whole address. ASCII, unless the server announces UTF8 USER.</param>
    /// <param name="password">The password, not empty; likewise.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <returns>The maildrop. This session has become it, and can do nothing more.</returns>
    /// <exception cref="Pop3NegativeResponseException">Refused; another sign-in may be tried, though the server may close the connection.</exception>
    /// <exception cref="EncryptionRequiredException">The stream is not encrypted; nothing was sent.</exception>
    /// <exception cref="ArgumentException">Name or password cannot go into a command: see <see cref="AuthenticateAsync"/>.</exception>
    public ValueTask<Maildrop> LogInAsync(string name, Secret password, CancellationToken cancellationToken = default) =>
        SignInAsync("USER", (Dialogue, name, password, cancellationToken),
            static call => Authentication.LogInAsync(call.Dialogue, call.name, call.password, call.cancellationToken));

    /// <summary>
    /// Signs in by AUTH (RFC 5034). Passwords that USER and PASS cannot carry go this way.
    /// </summary>
    /// <param name="mechanism">A new one for each exchange: <see cref="MechanismSelection"/> chooses it.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <returns>The maildrop. This session has become it, and can do nothing more.</returns>
    /// <exception cref="Pop3NegativeResponseException">Refused; another sign-in may be tried, though the server may close the connection.</exception>
    /// <exception cref="EncryptionRequiredException">
    /// The stream is not encrypted, and the mechanism is weaker than <see cref="MechanismStrength.Proving"/>; nothing was sent.
    /// </exception>
    /// <exception cref="MechanismUnusableException">Our side has no ticket, or no such mechanism on this platform.</exception>
    /// <exception cref="NotSupportedException">The server's capabilities are known, and this mechanism is not among them.</exception>
    /// <exception cref="ProtocolViolationException">
    /// A challenge was malformed, or the server claimed success before the mechanism had verified it.
    /// </exception>
    public ValueTask<Maildrop> AuthenticateAsync(SaslMechanism mechanism, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(mechanism);
        return SignInAsync(mechanism.Name, (Dialogue, mechanism, cancellationToken),
            static call => Authentication.AuthenticateAsync(call.Dialogue, call.mechanism, call.cancellationToken));
    }

    /// <summary>
    /// Signs in by APOP (RFC 1939 section 7). Never chosen by itself: its MD5 can be attacked by whoever controls the greeting
    /// (CVE-2007-1558), so it is done only where the greeting came encrypted.
    /// </summary>
    /// <param name="name">The user name as the server knows it, in ASCII.</param>
    /// <param name="sharedSecret">The secret of APOP, which at some servers is another than the password; in ASCII.</param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    /// <returns>The maildrop. This session has become it, and can do nothing more.</returns>
    /// <exception cref="Pop3NegativeResponseException">Refused.</exception>
    /// <exception cref="EncryptionRequiredException">The greeting came in clear; nothing was sent.</exception>
    /// <exception cref="NotSupportedException">The greeting has no timestamp, or not a strict one.</exception>
    public ValueTask<Maildrop> AuthenticateByApopAsync(string name, Secret sharedSecret, CancellationToken cancellationToken = default)
    {
        if (!_isGreetingEncrypted)
            throw new EncryptionRequiredException("APOP needs a greeting that came over TLS; this one came in clear");
        if (_timestamp is null)
            throw new NotSupportedException("The server's greeting has no timestamp that APOP could use");
        return SignInAsync("APOP", (Dialogue, _timestamp, name, sharedSecret, cancellationToken),
            static call => Authentication.ApopAsync(call.Dialogue, call._timestamp, call.name, call.sharedSecret, call.cancellationToken));
    }

    /// <summary>QUIT before sign-in: nothing is deleted (RFC 1939 section 4).</summary>
    public async ValueTask QuitAsync(CancellationToken cancellationToken = default)
    {
        Dialogue dialogue = Dialogue;
        await dialogue.AskAsync($"QUIT", dialogue.Response("response to QUIT"), cancellationToken);
        await dialogue.DisposeAsync();
    }

    /// <summary>Closes the connection, unless the session has become a maildrop.</summary>
    public ValueTask DisposeAsync() => _dialogue?.DisposeAsync() ?? default;

    private static async ValueTask<Pop3Session> GreetedAsync(Dialogue dialogue, CancellationToken cancellationToken)
    {
        try
        {
            using Exchange exchange = dialogue.Wire.BeginExchange(cancellationToken);
            dialogue.Wire.Expect(new("greeting", dialogue.Options.GreetingTimeout));
            byte[] greeting = await dialogue.Wire.ReadLineAsync(static line => line.ToArray(), dialogue.Options.MaxStatusLine);
            Pop3Response response = Pop3Response.Parse(greeting, hasResponseCodes: false);
            if (!response.IsPositive)
                throw new Pop3NegativeResponseException("greeting", response);
            exchange.Complete();
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
            throw new InvalidOperationException("The session is encrypted already; TLS does not go inside TLS");
        if (_isUtf8)
            throw new InvalidOperationException("STLS must come before UTF8 (RFC 6856 section 2.1)");
        if (Capabilities is { HasStartTls: false })
            throw Dialogue.Wire.Break(new NotSupportedException("The server does not offer STLS"));
        Dialogue dialogue = Dialogue;
        using Exchange exchange = dialogue.Begin($"STLS", cancellationToken);
        Deadline deadline = dialogue.Response("response to STLS");
        await dialogue.Wire.FlushAsync(deadline);
        Pop3Response response = await dialogue.ReadResponseAsync(deadline);
        if (!response.IsPositive)
            throw dialogue.Wire.Break(new Pop3NegativeResponseException("STLS", response));
        await dialogue.Wire.UpgradeAsync(upgrade, new("TLS handshake", dialogue.Options.HandshakeTimeout));
        dialogue.Capabilities = null;
        exchange.Complete();
    }

    private ValueTask<Maildrop> SignInAsync<TState>(string mechanism, TState state, Func<TState, ValueTask> signIn) =>
        Pop3Telemetry.Client.ObserveAsync(
            new("sign_in", Dialogue.Options.Clock) { Attribute = new("pop3.auth.mechanism", mechanism) }, (Session: this, state, signIn),
            static (call, _) => call.Session.BecomeMaildropAsync(call.signIn(call.state)));

    private async ValueTask<Maildrop> BecomeMaildropAsync(ValueTask signIn)
    {
        await signIn;
        Maildrop maildrop = new(Dialogue);
        _dialogue = null;
        return maildrop;
    }
}
