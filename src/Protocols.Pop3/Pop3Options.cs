using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>How long each kind of answer may take, and what a server may make us hold. Immutable, and meant to be shared by many sessions.</summary>
/// <remarks>
/// <para>Times count only while we wait for the server, so a slow sink uses none of them up. One that runs out ends the connection with a
/// <see cref="TimeoutException"/> that names what was waited for. Each is longer than zero; <see cref="TimeSpan.MaxValue"/> waits for ever.</para>
/// <para><see cref="Pop3Session.OpenAsync"/> refuses options that make no sense, before it touches the stream.</para>
/// </remarks>
public sealed record Pop3Options
{
    /// <summary>The clock of all deadlines.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Who watches the conversation; nobody by default.</summary>
    public ITranscript? Transcript { get; init; }

    /// <summary>
    /// Lets a password or token go over a stream that is not encrypted, for lab and on-premises servers without TLS. Off: every such
    /// sign-in throws <see cref="EncryptionRequiredException"/> before anything is sent. Digests that do not withstand guessing count
    /// as passwords; SCRAM and Kerberos, which withstand it and prove the server too, may go in clear in any case
    /// (<see cref="Wire.Sasl.MechanismStrength"/>).
    /// </summary>
    public bool AllowCleartextPasswords { get; init; }

    /// <summary>The wait for the greeting: one minute.</summary>
    public TimeSpan GreetingTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The wait for a response of one line, and the longest silence inside any longer one: one minute.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The wait for each response of a sign-in: two minutes, because servers delay refusals on purpose, and lock the maildrop before they accept.</summary>
    public TimeSpan AuthenticationTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The wait for the TLS handshake after STLS: 30 seconds.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The wait for a whole listing (LIST, UIDL, CAPA): ten minutes.</summary>
    public TimeSpan ListingTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The wait for the whole of one message: half an hour.</summary>
    public TimeSpan ContentTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The least average rate of a message, in octets a second of waiting, after the first minute of it: 1024; 0 asks for none.</summary>
    public int MinimumContentRate { get; init; } = 1024;

    /// <summary>
    /// The wait for the answer to QUIT in the maildrop: one minute. The server removes the marked messages before it answers (RFC 1939 section 6),
    /// and without the answer nobody knows which.
    /// </summary>
    public TimeSpan QuitTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest greeting or status line, in octets with CRLF: 8 KiB, and up to <see cref="TextConnection.MaxLineLength"/>. RFC 1939 section 3 allows 512; servers exceed it.</summary>
    public int MaxStatusLine { get; init; } = 8 * 1024;

    /// <summary>The longest line of a listing, in octets with CRLF: 1 KiB, and up to <see cref="TextConnection.MaxLineLength"/>.</summary>
    public int MaxListingLine { get; init; } = 1024;

    /// <summary>The most capabilities, and languages: 100. A listing that is longer breaks the protocol.</summary>
    public int MaxCapabilities { get; init; } = 100;

    /// <summary>The most messages in a listing, and the highest message number: a million. A listing that goes beyond breaks the protocol.</summary>
    public int MaxMessages { get; init; } = 1_000_000;

    /// <summary>
    /// How much of one message is read at all, in octets: 1 GiB. What is over the caller's limit is read to its end, because POP3 has no other
    /// way to the next response; what is over this gives the connection up.
    /// </summary>
    public long MaxContent { get; init; } = 1L << 30;

    /// <summary>The most commands that are ahead of their responses where the server offers PIPELINING: 8192; 1 turns it off.</summary>
    public int MaxCommandsAhead { get; init; } = 8192;

    /// <summary>
    /// The most content that is asked for ahead of its arrival, in octets, estimated from the messages so far: 32 MiB. Less than the network
    /// carries in a round trip leaves it idle: 10 Gbit/s at 20 ms is 25 MB. None of it is held by us.
    /// </summary>
    public long MaxContentAhead { get; init; } = 32 * 1024 * 1024;

    /// <exception cref="ArgumentOutOfRangeException">A limit is one that nothing could keep.</exception>
    internal Pop3Options Validated()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(GreetingTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ResponseTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(AuthenticationTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(HandshakeTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ListingTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ContentTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(QuitTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(MinimumContentRate);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxStatusLine, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxStatusLine, TextConnection.MaxLineLength);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxListingLine, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxListingLine, TextConnection.MaxLineLength);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxCapabilities);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxMessages);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxContent);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxCommandsAhead, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxContentAhead, 1);
        return this;
    }
}
