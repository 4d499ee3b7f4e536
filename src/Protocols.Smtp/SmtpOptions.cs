using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp;

/// <summary>The name we give in EHLO, what we send, and our limits. Immutable, and meant to be shared by many sessions.</summary>
/// <remarks>
/// <para>The times are those of RFC 5321 section 4.5.3.2 and count only while we wait for the server. One that runs out ends the connection with a
/// <see cref="TimeoutException"/> that names what was waited for. Each is longer than zero; <see cref="TimeSpan.MaxValue"/> waits for ever.</para>
/// <para><see cref="SmtpSession.OpenAsync"/> refuses options that make no sense, before it touches the stream.</para>
/// </remarks>
public sealed record SmtpOptions
{
    /// <summary>
    /// The name we give in EHLO: the host's domain name, or an address literal such as <c>[192.0.2.1]</c> where it has none
    /// (RFC 5321 section 4.1.4). Unless set it is <c>[127.0.0.1]</c>, which says nothing to a server that verifies it. An IPv4 address in the
    /// form of IPv6, as a socket for both has it (<c>[IPv6:::ffff:192.0.2.1]</c>), is written as IPv4: servers refuse the other.
    /// </summary>
    /// <exception cref="ArgumentException">It is neither; host names with underscores, for instance, are not domain names.</exception>
    public string ClientName
    {
        get;
        init => field = DomainName.Read(value, out string domain) is { } problem
            ? throw new ArgumentException($"The name for EHLO is no domain name and no address literal: {problem}", nameof(ClientName))
            : DomainName.WithIPv4Unmapped(domain);
    } = "[127.0.0.1]";

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

    /// <summary>
    /// Whether commands go out ahead of their replies where PIPELINING is offered. Off for servers that offer it and then lose
    /// commands, as some do.
    /// </summary>
    public bool UsePipelining { get; init; } = true;

    /// <summary>
    /// Whether content goes by BDAT where CHUNKING is offered and the content needs no change. Off for servers that offer it and
    /// then do not answer.
    /// </summary>
    public bool UseChunking { get; init; } = true;

    /// <summary>
    /// Whether a chunk goes out together with its envelope where PIPELINING is offered, so that a message costs one round trip instead
    /// of two. RFC 3030 section 2 has the replies to the envelope collected first, which is why this is off; Exim does it all the same,
    /// and a server has to discard the chunk of an envelope that it refuses. Transactions may then overlap as well (see
    /// <see cref="SmtpSession.SendAsync"/>).
    /// </summary>
    public bool SendChunkWithEnvelope { get; init; }

    /// <summary>
    /// What is done with a CR or LF alone, and with NUL. By default a line end of any kind becomes CRLF, so that no server can see
    /// the end of the message where it is not (RFC 5321 section 2.3.8), and NUL is refused. Signed content is better refused
    /// than changed.
    /// </summary>
    public ContentRules ContentRules { get; init; } = new(RefuseBareLineEnds: false, RefuseNul: true);

    /// <summary>
    /// The longest line of content, in octets without CRLF: 998; longer ones are refused before anything is sent, because servers may
    /// break them anywhere (RFC 5321 section 4.5.3.1.6).
    /// </summary>
    public int MaxContentLine { get; init; } = 998;

    /// <summary>The wait for the greeting: five minutes.</summary>
    public TimeSpan GreetingTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The wait for the reply to EHLO, STARTTLS, AUTH, MAIL, each RCPT, RSET and the queries: five minutes.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The wait for the TLS handshake after STARTTLS: 30 seconds.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The wait for the reply to DATA, and to a chunk before the last: two minutes.</summary>
    public TimeSpan DataTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The wait for the server to take a block of content of up to 64 KiB: three minutes.</summary>
    public TimeSpan BlockTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>The wait for the reply to the end of the content: ten minutes. A shorter one makes duplicates (RFC 5321 section 4.5.3.2.6).</summary>
    public TimeSpan FinalDotTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The wait for the reply to QUIT: five seconds. It changes nothing any more, and some servers never send it.</summary>
    public TimeSpan QuitTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <exception cref="ArgumentOutOfRangeException">A limit is one that nothing could keep.</exception>
    internal SmtpOptions Validated()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(GreetingTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CommandTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(HandshakeTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DataTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(BlockTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(FinalDotTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(QuitTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxContentLine);
        return this;
    }
}
