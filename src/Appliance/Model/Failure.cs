namespace EmailSync.Appliance.Model;

/// <summary>
/// What went wrong, in classes that are never merged, because each has a remedy of its own. The three certificate classes, with
/// <see cref="CertificateRevoked"/> and <see cref="CertificateWeak"/>, are one family.
/// </summary>
public enum ErrorClass
{
    /// <summary>The egress policy has no row for this connection; no packet was sent.</summary>
    Policy,

    /// <summary>The host name has no address.</summary>
    Dns,

    /// <summary>No connection: refused, unreachable, no answer.</summary>
    Connect,

    /// <summary>The TLS handshake failed, or TLS was refused.</summary>
    Tls,

    /// <summary>Self-signed, or from an authority that is not trusted here.</summary>
    CertificateUntrusted,

    /// <summary>Expired, or not yet valid.</summary>
    CertificateExpired,

    /// <summary>For another name.</summary>
    CertificateName,

    /// <summary>Revoked by its issuer, or its revocation cannot be checked where it must be.</summary>
    CertificateRevoked,

    /// <summary>Signed with SHA-1 or MD5, or a key too short.</summary>
    CertificateWeak,

    /// <summary>The server broke the protocol, refused the greeting, or lacks what is needed.</summary>
    Protocol,

    /// <summary>User name or password refused, or no mechanism in common.</summary>
    Authentication,

    /// <summary>The maildrop is locked by another session ([IN-USE]).</summary>
    MailboxInUse,

    /// <summary>Too many logins, connections or messages ([LOGIN-DELAY], 421, 452).</summary>
    Quota,

    /// <summary>The message is too large.</summary>
    Size,

    /// <summary>The reverse-path was refused.</summary>
    RejectedSender,

    /// <summary>A forward-path was refused.</summary>
    RejectedRecipient,

    /// <summary>The content was refused.</summary>
    RejectedContent,

    /// <summary>No answer in time, or the connection was lost on the way.</summary>
    Timeout,

    /// <summary>Our own disk or database.</summary>
    Storage,

    /// <summary>The mailbox or its profile is not ready: inactive, not approved, no credentials, no server.</summary>
    Configuration,

    /// <summary>The server reported a fault of its own ([SYS/TEMP], [SYS/PERM], 4yz).</summary>
    Server,

    /// <summary>An email may or may not have been accepted: the connection died between the final dot and its reply.</summary>
    Uncertain,

    /// <summary>The test message was accepted, and did not arrive in the maildrop within the time given.</summary>
    RoundTrip,

    /// <summary>Something nobody foresaw.</summary>
    Unknown,
}

/// <summary>How far a failure reaches.</summary>
public enum FailureScope
{
    /// <summary>The way to the server: nothing is tried until the profile changes.</summary>
    Route,

    /// <summary>All mailboxes on the server.</summary>
    Server,

    /// <summary>This mailbox.</summary>
    Mailbox,

    /// <summary>This message; the next one may pass.</summary>
    Message,

    /// <summary>One recipient.</summary>
    Recipient,
}

/// <summary>What went wrong in our own terms: whose fault, how far it reaches, whether to try again, whether the outcome is in doubt.</summary>
/// <param name="Class">Which of the classes.</param>
/// <param name="Scope">How far it reaches.</param>
/// <param name="IsTransient">Worth trying again without anybody acting.</param>
/// <param name="InDoubt">The message may have been accepted.</param>
/// <param name="Detail">What happened, with the server's own words where it spoke; never a secret.</param>
public sealed record Failure(ErrorClass Class, FailureScope Scope, bool IsTransient, bool InDoubt, string Detail)
{
    /// <summary>The server asked to be left alone this long ([LOGIN-DELAY]).</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What the server said leaves room for doubt: where it went well before, once more shows.</summary>
    public bool IsToBeConfirmed { get; init; }
}
