using System.Text.Json.Serialization;

namespace EmailSync.Appliance.Model;

/// <summary>Whose credentials open the server. The numbers are the original's.</summary>
public enum CredentialRetrieval
{
    /// <summary>Each mailbox brings its own user name and password.</summary>
    UserOrQueue = 0,

    /// <summary>The profile holds one user name and password; each mailbox is opened as itself through the SASL authorization identity.</summary>
    Profile = 1,

    /// <summary>The process's own Kerberos or NTLM credentials: outgoing SMTP only.</summary>
    WindowsIntegrated = 3,

    /// <summary>No sign-in: outgoing SMTP only, where the deployment allows a relay.</summary>
    Anonymous = 4,
}

/// <summary>How to sign in. The numbers up to 4 are the original's.</summary>
public enum AuthenticationProtocol
{
    /// <summary>The strongest that both sides have.</summary>
    AutoDetect = 0,

    /// <summary>SASL GSSAPI or GSS-SPNEGO.</summary>
    Negotiate = 1,

    /// <summary>SASL NTLM.</summary>
    Ntlm = 2,

    /// <summary>USER and PASS, PLAIN or LOGIN.</summary>
    Basic = 3,

    /// <summary>A bearer token: OAUTHBEARER or XOAUTH2.</summary>
    [JsonStringEnumMemberName("oauth")]
    OAuth = 4,

    /// <summary>APOP (RFC 1939), never chosen by itself.</summary>
    Apop = 100,

    /// <summary>SASL CRAM-MD5 (RFC 2195).</summary>
    [JsonStringEnumMemberName("cram-md5")]
    CramMd5 = 101,

    /// <summary>SASL SCRAM-SHA-1 (RFC 5802).</summary>
    [JsonStringEnumMemberName("scram-sha-1")]
    ScramSha1 = 102,

    /// <summary>SASL SCRAM-SHA-256 (RFC 7677).</summary>
    [JsonStringEnumMemberName("scram-sha-256")]
    ScramSha256 = 103,

    /// <summary>SASL PLAIN (RFC 4616).</summary>
    Plain = 104,

    /// <summary>SASL LOGIN.</summary>
    Login = 105,
}

/// <summary>What follows from the choice of an <see cref="AuthenticationProtocol"/>.</summary>
public static class AuthenticationProtocols
{
    extension(AuthenticationProtocol protocol)
    {
        /// <summary>It stands or falls with MD5.</summary>
        public bool RestsOnMd5 => protocol is AuthenticationProtocol.Apop or AuthenticationProtocol.CramMd5 or AuthenticationProtocol.Ntlm;

        /// <summary>The password or token itself goes to the server.</summary>
        public bool SendsTheSecret => protocol is AuthenticationProtocol.Basic or AuthenticationProtocol.OAuth
            or AuthenticationProtocol.Plain or AuthenticationProtocol.Login;

        /// <summary>It can open one user's mailbox with another's credentials.</summary>
        public bool CanDelegate => protocol is not (AuthenticationProtocol.Apop or AuthenticationProtocol.CramMd5
            or AuthenticationProtocol.Ntlm or AuthenticationProtocol.Login);
    }
}

/// <summary>Whether a profile serves its mailboxes.</summary>
public enum ProfileState
{
    /// <summary>Its mailboxes are processed.</summary>
    Active,

    /// <summary>Its mailboxes stand still.</summary>
    Inactive,
}

/// <summary>What to do with an email whose outcome is unknown: the connection died between the final dot and its reply.</summary>
public enum WhenUncertain
{
    /// <summary>Send it again with the same Message-ID: at least once, as a mail transfer agent does.</summary>
    Resend,

    /// <summary>Leave it to a person.</summary>
    Hold,
}

/// <summary>One direction of a profile: where its server is, and how to sign in.</summary>
public sealed record ServerSide
{
    /// <summary>Where; null where no mailbox uses this direction.</summary>
    public ServerLocation? Location { get; init; }

    /// <summary>Whose credentials.</summary>
    public CredentialRetrieval CredentialRetrieval { get; init; } = CredentialRetrieval.UserOrQueue;

    /// <summary>The profile's user name, with <see cref="CredentialRetrieval.Profile"/> only; at most 250 characters.</summary>
    public string? UserName { get; init; }

    /// <summary>How to sign in.</summary>
    public AuthenticationProtocol AuthenticationProtocol { get; init; } = AuthenticationProtocol.AutoDetect;
}

/// <summary>How the mailboxes that refer to it reach their server: one server pair, and how to sign in to it.</summary>
public sealed record EmailServerProfile
{
    /// <summary>Its identity; 0 until it is stored.</summary>
    public ProfileId Id { get; init; }

    /// <summary>Grows with each change an administrator makes: the ETag.</summary>
    public long Version { get; init; }

    /// <summary>1 to 100 characters, unique.</summary>
    public required string Name { get; init; }

    /// <summary>At most 2,000 characters.</summary>
    public string Description { get; init; } = "";

    /// <summary>Retrieval.</summary>
    public ServerSide Incoming { get; init; } = new();

    /// <summary>Submission.</summary>
    public ServerSide Outgoing { get; init; } = new();

    /// <summary>The outgoing credentials are those of incoming.</summary>
    public bool UseSameSettingsForOutgoing { get; init; } = true;

    /// <summary>Only emails received after this moment are processed; null means all.</summary>
    public DateTimeOffset? ProcessEmailsReceivedAfter { get; init; }

    /// <summary>At least this long from the end of one cycle to the start of the next: 0 to 1,440 minutes.</summary>
    public TimeSpan MinPollingInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>1 to 300: per mailbox where the credentials are the mailbox's, per profile where they are the profile's.</summary>
    public int MaxConcurrentConnections { get; init; } = 10;

    /// <summary>For name resolution, connection and TLS handshake: 1 to 600 seconds.</summary>
    public TimeSpan ConnectionTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For one POP3 command: 1 to 600 seconds. SMTP keeps the minimums of RFC 5321 4.5.3.2 where this is shorter.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Mail the owner when more than half of the mailboxes failed within an hour.</summary>
    public bool SendEmailAlert { get; init; }

    /// <summary>Who is told of alerts on the profile.</summary>
    public string? OwnerEmailAddress { get; init; }

    /// <summary>An inactive profile stops its mailboxes.</summary>
    public ProfileState State { get; init; } = ProfileState.Active;

    /// <summary>Certificates in PEM that are trusted as roots beside the system's, for a private certificate authority, and <see cref="KeyPins"/>; null means the system's alone.</summary>
    public string? TrustedCertificates { get; init; }

    /// <summary>How access tokens are obtained; null where the password is one, or none is used.</summary>
    public OAuthClient? OAuth { get; init; }

    /// <summary>What to do with an email in doubt.</summary>
    public WhenUncertain WhenUncertain { get; init; } = WhenUncertain.Resend;

    /// <summary>The side that serves a kind of work.</summary>
    public ServerSide Side(MailService service) => service == MailService.Pop3 ? Incoming : Outgoing;

    /// <summary>The side whose credentials open a service: incoming for both where the same settings are used.</summary>
    public ServerSide CredentialSide(MailService service) =>
        service == MailService.Submission && !UseSameSettingsForOutgoing ? Outgoing : Incoming;
}
