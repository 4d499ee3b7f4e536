namespace EmailSync.Lab;

/// <summary>What a lab server offers. The defaults are a well-behaved server with one mailbox of ten messages.</summary>
public sealed record LabOptions
{
    /// <summary>The listeners that are on and their ports; port 0 asks the system for a free one.</summary>
    public IReadOnlyDictionary<LabService, int> Listeners { get; init; } =
        Enum.GetValues<LabService>().ToDictionary(service => service, _ => 0);

    /// <summary>The domain of the generated addresses, and the name in the greetings.</summary>
    public string Domain { get; init; } = "lab.example";

    /// <summary>How many mailboxes to generate: <c>user0001@lab.example</c> and so on.</summary>
    public int Mailboxes { get; init; } = 1;

    /// <summary>How many messages each generated mailbox starts with.</summary>
    public int MessagesPerMailbox { get; init; } = 10;

    /// <summary>The size of a generated message in octets, to within a line.</summary>
    public int MessageOctets { get; init; } = 8 * 1024;

    /// <summary>What the generated messages look like.</summary>
    public MessageMix Mix { get; init; } = MessageMix.Realistic;

    /// <summary>Everything generated follows from this number: addresses, passwords, unique-ids and messages.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The lines of the CAPA response (RFC 2449); a command whose capability is missing here is refused.</summary>
    public IReadOnlyList<string> Pop3Capabilities { get; init; } =
    [
        "TOP", "USER", "SASL PLAIN LOGIN XOAUTH2", "UIDL", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE", "STLS", "UTF8",
        "EXPIRE NEVER", "IMPLEMENTATION EmailSync-Lab",
    ];

    /// <summary>The keyword lines of the EHLO reply; SIZE is completed with <see cref="MaxMessageOctets"/>. BINARYMIME and REQUIRETLS are known too.</summary>
    public IReadOnlyList<string> SmtpExtensions { get; init; } =
    [
        "PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "CHUNKING", "ENHANCEDSTATUSCODES", "DSN", "STARTTLS",
        "AUTH PLAIN LOGIN XOAUTH2",
    ];

    /// <summary>The largest message SMTP accepts, in octets (RFC 1870).</summary>
    public long MaxMessageOctets { get; init; } = 64L * 1024 * 1024;

    /// <summary>Whether MAIL is refused with 530 until AUTH has succeeded.</summary>
    public bool RequireAuthentication { get; init; }

    /// <summary>Whether passwords are taken on an unencrypted connection.</summary>
    public bool AllowAuthenticationInClear { get; init; } = true;

    /// <summary>How long a maildrop must be left alone between two sign-ins (LOGIN-DELAY, RFC 2449 section 6.5); announced and enforced.</summary>
    public TimeSpan? LoginDelay { get; init; }

    /// <summary>The authority behind the server's certificate; null makes one. Whoever gives one disposes of it.</summary>
    public LabCertificateAuthority? Authority { get; init; }

    /// <summary>What is right or wrong with the server's certificate.</summary>
    public LabCertificate CertificateKind { get; init; }

    /// <summary>How the server misbehaves; see <see cref="LabServer.Misbehave"/> to change it while it runs.</summary>
    public IReadOnlyList<Misbehaviour> Script { get; init; } = [];

    /// <summary>Whether the journal keeps every command line. Counters are kept in any case; a load test turns this off.</summary>
    public bool RecordCommands { get; init; } = true;

    /// <summary>Whether <see cref="LabServer.Outbox"/> keeps the content of submitted messages. A load test turns this off.</summary>
    public bool KeepContent { get; init; } = true;

    /// <summary>
    /// Whether TCP acknowledges what was read at once, rather than when the system sees fit. Only Linux can do that; a client that lets
    /// Nagle's algorithm work waits 40 ms for each late acknowledgement.
    /// </summary>
    public bool AcknowledgesAtOnce { get; init; }

    /// <summary>The clock of scripted delays, certificates and generated dates.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
