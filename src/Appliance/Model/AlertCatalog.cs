using System.Collections.Frozen;

namespace EmailSync.Appliance.Model;

/// <summary>One kind of alert: what it is called, how much it matters, what happened, and how to mend it.</summary>
/// <param name="Code">Stable and published.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="Title">What happened, in a sentence.</param>
/// <param name="Remedy">What a person can do.</param>
public sealed record AlertEntry(string Code, AlertLevel Level, string Title, string Remedy)
{
    /// <summary>What it can be about.</summary>
    public IReadOnlyList<AlertScope> Scopes { get; init; } = [AlertScope.Mailbox];

    /// <summary>It is about its subject as a whole, and resolved by a rule of its own rather than by the success of a direction.</summary>
    public bool IsWhole { get; init; }
}

/// <summary>Every alert the appliance can raise: code, level, text, remedy. An error class has its alert under the class's own name.</summary>
public static class AlertCatalog
{
    /// <summary>Test &amp; Enable succeeded.</summary>
    public static readonly AlertEntry MailboxEnabled = new("mailbox-enabled", AlertLevel.Information,
        "The test succeeded and the mailbox was enabled.", "Nothing needs to be done.");

    /// <summary>A mailbox that failed works again.</summary>
    public static readonly AlertEntry MailboxRecovered = new("mailbox-recovered", AlertLevel.Information,
        "The mailbox works again.", "Nothing needs to be done.");

    /// <summary>A mailbox failed so often in a row that it is shown as failing.</summary>
    public static readonly AlertEntry MailboxSuspended = new("mailbox-suspended", AlertLevel.Error,
        "The mailbox failed MaxMailboxTransientFailures times in a row, each time for a reason that may pass. It is shown as failing and tried ever more rarely, at least every six hours.",
        "The text says what the server answered. It recovers by itself; to try at once, run Test & Enable.");

    /// <summary>Test &amp; Enable failed on a mailbox of the profile.</summary>
    public static readonly AlertEntry TestFailed = new("test-failed", AlertLevel.Error,
        "Test & Enable failed on a mailbox of the profile.",
        "The mailbox's own alert names the step and what to do; mend it and test again. This alert is resolved when a test succeeds and no mailbox of the profile is failing.") { Scopes = [AlertScope.Profile], IsWhole = true };

    /// <summary>More than half of a profile's mailboxes failed within an hour.</summary>
    public static readonly AlertEntry ProfileFailing = new("profile-failing", AlertLevel.Error,
        "More than half of the profile's mailboxes failed within an hour.",
        "The text names the last failure; the alerts on the profile and its mailboxes say what to do about each. With sendEmailAlert the profile's owner was mailed. It is resolved when half of them work again.") { Scopes = [AlertScope.Profile], IsWhole = true };

    /// <summary>Several profiles fail at the same host.</summary>
    public static readonly AlertEntry HostFailing = new("host-failing", AlertLevel.Error,
        "Several profiles fail at the same host.",
        "Look at the host and the way to it before the profiles. It is resolved when a mailbox of any profile succeeds there.") { Scopes = [AlertScope.Host], IsWhole = true };

    /// <summary>The appliance cannot write to its own disk.</summary>
    public static readonly AlertEntry StoreFailing = new("store-failing", AlertLevel.Error,
        "The appliance cannot write to its own disk. Nothing is received and nothing is sent until it can; nothing was lost, and nothing was deleted on a server that is not stored.",
        "Free or repair the disk that holds the data folder. The appliance tries it every five seconds and goes on by itself; /readyz says how it stands. An alert that could not be written is written when the disk takes it.") { Scopes = [AlertScope.Appliance], IsWhole = true };

    /// <summary>A file in the drop folder cannot be sent.</summary>
    public static readonly AlertEntry DropRefused = new("drop-refused", AlertLevel.Warning,
        "A file in the drop folder cannot be sent. It was moved into the folder 'refused'.",
        "Read the text file beside it in 'refused', mend the message and drop it again, or delete it. The alert is resolved when 'refused' is empty.") { Scopes = [AlertScope.Appliance], IsWhole = true };

    /// <summary>The drop folder cannot be used.</summary>
    public static readonly AlertEntry DropFolderFailing = new("drop-folder-failing", AlertLevel.Error,
        "The drop folder cannot be used, or a file in it cannot be taken.",
        "Let the appliance's account read, write and delete in the folder. It looks every second and goes on by itself.") { Scopes = [AlertScope.Appliance], IsWhole = true };

    /// <summary>Something that is stored cannot be read, or is not what was stored.</summary>
    public static readonly AlertEntry StoreDamaged = new("store-damaged", AlertLevel.Error,
        "The daily check of everything that is stored found something that cannot be read, or that is not what was stored. Mail goes on being received and sent.",
        "Look at the disk first (its health data, the system's log): it may be dying. Make a backup now, restore the last one from before the damage into another folder with 'emailsync restore', and take from it what is named here; 'emailsync doctor' shows the last check. It is resolved by the next check that finds nothing.") { Scopes = [AlertScope.Appliance], IsWhole = true };

    /// <summary>The owner of a profile could not be mailed.</summary>
    public static readonly AlertEntry OwnerNotTold = new("owner-not-told", AlertLevel.Warning,
        "The profile's owner could not be mailed: no mailbox of the appliance is known to be able to send.",
        "Tell the owner in another way; run Test & Enable on a mailbox that can send. It is resolved when the trouble is over, or the owner is mailed.") { Scopes = [AlertScope.Profile], IsWhole = true };

    /// <summary>A message larger than the limit was recorded with its headers.</summary>
    public static readonly AlertEntry MessageTooLarge = new("message-too-large", AlertLevel.Warning,
        "A message is larger than the mailbox's maximum message size; its headers were stored, its content stays on the server.",
        "Fetch it whole with 'emailsync email fetch'; or raise the mailbox's maximumMessageSize and rescan, or ask the sender for a smaller message.") { Scopes = [AlertScope.Message] };

    /// <summary>A message that somebody wanted in whole could not be had.</summary>
    public static readonly AlertEntry MessageNotFetched = new("message-not-fetched", AlertLevel.Warning,
        "A message that was asked for in whole could not be fetched; its headers stay stored.",
        "The text says why. Asking again with 'emailsync email fetch' resolves this alert, and tries anew.") { Scopes = [AlertScope.Message], IsWhole = true };

    /// <summary>A message is left out because every attempt to fetch it failed.</summary>
    public static readonly AlertEntry MessageQuarantined = new("message-quarantined", AlertLevel.Warning,
        "A message could not be fetched in three attempts, each of which ended the session, was refused, or ended the process. It is left on the server, and the rest of the mailbox is received without it.",
        "Look at the message with another client; the text names its unique-id and size. It is tried again by itself, ever more rarely; 'emailsync mailbox rescan' tries it at the next poll. It is resolved when no message is left out any more.") { IsWhole = true };

    /// <summary>The server removes mail sooner than the mailbox wants to leave it there.</summary>
    public static readonly AlertEntry ServerExpiresMail = new("server-expires-mail", AlertLevel.Warning,
        "The server removes mail by itself sooner than the mailbox wants to leave it there. What was received is stored here; what was not, such as a message over the size limit, is lost when it goes.",
        "Poll more often than the server removes, raise maximumMessageSize where large mail matters, or set leaveOnServerDays to what the server grants. It is resolved by the next Test & Enable that does not find it.") { IsWhole = true };

    /// <summary>The server wants a mailbox to sign in less often than once a day.</summary>
    public static readonly AlertEntry LoginDelayTooLong = new("login-delay-too-long", AlertLevel.Warning,
        "The server asks to be left alone between two sign-ins for longer than a day (LOGIN-DELAY). The mailbox is polled once a day.",
        "Ask the server's operator whether that is meant. Mail arrives here up to a day late, and Test & Enable has to wait as long. It is resolved when the server asks for less.") { IsWhole = true };

    /// <summary>The server gave messages that are stored here other unique-ids than they had.</summary>
    public static readonly AlertEntry UniqueIdsReset = new("unique-ids-reset", AlertLevel.Warning,
        "The server gave messages that are stored here other unique-ids than they had. They were recognised by their content, and nothing was stored twice.",
        "Nothing needs to be done if the server was moved or rebuilt. If it comes again and again, ask the server's operator: each time every message is fetched anew. It stands until it is dismissed.") { IsWhole = true };

    /// <summary>An outgoing email was given up.</summary>
    public static readonly AlertEntry EmailFailed = new("email-failed", AlertLevel.Error,
        "An email could not be delivered and will not be tried again.",
        "Read the server's reply in the email's recipients, mend the address or the content, and submit it again.") { Scopes = [AlertScope.Message] };

    /// <summary>A refresh token dies soon.</summary>
    public static readonly AlertEntry RefreshTokenExpires = new("refresh-token-expires", AlertLevel.Warning,
        "A refresh token dies soon; after that no access token can be obtained with it.",
        "Have its owner consent again, and set the new refresh token on the mailbox or the profile.") { Scopes = [AlertScope.Mailbox, AlertScope.Profile], IsWhole = true };

    // What stands in the way of every mailbox is told once, of the profile; where a test met it, of the mailbox as well.
    private static readonly ErrorClass[] OfServers =
    [
        ErrorClass.Policy, ErrorClass.Dns, ErrorClass.Connect, ErrorClass.Tls, ErrorClass.CertificateUntrusted, ErrorClass.CertificateExpired,
        ErrorClass.CertificateName, ErrorClass.CertificateRevoked, ErrorClass.CertificateWeak, ErrorClass.Protocol, ErrorClass.Quota,
        ErrorClass.Timeout, ErrorClass.Server, ErrorClass.Unknown,
    ];

    /// <summary>A notification came back for an email that had been sent.</summary>
    public static readonly AlertEntry EmailBounced = new("email-bounced", AlertLevel.Warning,
        "An email that had been sent came back from at least one recipient.",
        "Read what was said in the email's recipients, mend the address, and submit it again.") { Scopes = [AlertScope.Message] };

    private static readonly FrozenDictionary<ErrorClass, AlertEntry> Failures = new Dictionary<ErrorClass, AlertEntry>
    {
        [ErrorClass.Policy] = new("policy", AlertLevel.Error,
            "The egress policy does not admit this connection; no packet was sent.",
            "Change the profile to a port and TLS mode that the policy admits (in Gov mode: implicit TLS on 995 and 465)."),
        [ErrorClass.Dns] = new("dns", AlertLevel.Error,
            "The server's name could not be resolved.",
            "Check the spelling of the server location, and that this machine's DNS can resolve it."),
        [ErrorClass.Connect] = new("connect", AlertLevel.Error,
            "No connection to the server.",
            "Check host and port in the profile, that the server runs, and that no firewall stands between."),
        [ErrorClass.Tls] = new("tls", AlertLevel.Error,
            "The TLS handshake failed, or the server refused TLS.",
            "Check that the port and the TLS mode belong together (995 and 465 implicit; 110 and 587 STARTTLS), and that the server speaks TLS 1.2 or later."),
        [ErrorClass.CertificateUntrusted] = new("certificate-untrusted", AlertLevel.Error,
            "The server's certificate is self-signed, or from an authority that is not trusted here.",
            "If the server is yours, put the certificate of its private authority into the profile's trustedCertificates; otherwise ask its operator for a certificate from a public authority."),
        [ErrorClass.CertificateExpired] = new("certificate-expired", AlertLevel.Error,
            "The server's certificate has expired, or is not valid yet.",
            "Ask the server's operator to renew the certificate, and check this machine's clock."),
        [ErrorClass.CertificateName] = new("certificate-name", AlertLevel.Error,
            "The server's certificate is for another name.",
            "Use one of the names in the certificate as the server location, or ask the operator for a certificate with the configured name."),
        [ErrorClass.CertificateRevoked] = new("certificate-revoked", AlertLevel.Error,
            "The server's certificate was revoked, or its revocation could not be checked.",
            "If it was revoked, ask the server's operator for a new one. If it could not be checked, the text says why: let this machine reach the authority's revocation list; where that is had over HTTP only, as those of public authorities are, the operator of this appliance admits it with AllowHttpForRevocationLists."),
        [ErrorClass.CertificateWeak] = new("certificate-weak", AlertLevel.Error,
            "The server's certificate is signed with a broken algorithm, or its key is too short.",
            "Ask the server's operator for a certificate with SHA-256 and RSA of at least 2048 bits, or an elliptic curve of at least 256."),
        [ErrorClass.Protocol] = new("protocol", AlertLevel.Error,
            "The server broke the protocol, or lacks what is needed.",
            "Check that host and port are those of a mail server of the right kind; run 'emailsync probe' to see the exchange step by step."),
        [ErrorClass.Authentication] = new("authentication", AlertLevel.Error,
            "The server refused the user name or the password. The mailbox stands still, so that the account is not locked out.",
            "Set the right user name and password on the mailbox (or the profile) and run Test & Enable; some providers want an app password."),
        [ErrorClass.MailboxInUse] = new("mailbox-in-use", AlertLevel.Warning,
            "The maildrop is open in another session. The password is not the problem.",
            "Close the other client, or wait: the appliance tries again by itself."),
        [ErrorClass.Quota] = new("quota", AlertLevel.Warning,
            "The server asks for fewer logins, connections or messages.",
            "Raise the profile's minPollingIntervalInMinutes or lower its maxConcurrentConnections; the appliance tries again by itself."),
        [ErrorClass.Size] = new("size", AlertLevel.Error,
            "A message is larger than the server takes.",
            "Send a smaller message, or ask the server's operator to raise the limit."),
        [ErrorClass.RejectedSender] = new("rejected-sender", AlertLevel.Error,
            "The server refused the sender's address.",
            "Check that the mailbox's address belongs to the account that signs in."),
        [ErrorClass.RejectedRecipient] = new("rejected-recipient", AlertLevel.Error,
            "The server refused a recipient.",
            "Check the recipient's address; the server's reply says more."),
        [ErrorClass.RejectedContent] = new("rejected-content", AlertLevel.Error,
            "The server refused the message's content.",
            "Read the server's reply: it names the rule that the message broke."),
        [ErrorClass.Timeout] = new("timeout", AlertLevel.Error,
            "The server did not answer in time, or the connection was lost.",
            "Check the network between; if the server is only slow, raise the profile's timeouts. The appliance tries again by itself."),
        [ErrorClass.Storage] = new("storage", AlertLevel.Error,
            "The appliance could not write to its own disk. Nothing was deleted on the server.",
            "Free or repair the disk that holds the data folder; the appliance goes on by itself."),
        [ErrorClass.Configuration] = new("configuration", AlertLevel.Error,
            "The mailbox is not ready to be processed.",
            "The text names what is missing: activate the profile, approve the mailbox, or give credentials."),
        [ErrorClass.Server] = new("server", AlertLevel.Warning,
            "The server reports a fault of its own. The credentials were not judged.",
            "Nothing here is wrong; if it lasts, ask the server's operator. The appliance tries again by itself."),
        [ErrorClass.Uncertain] = new("uncertain", AlertLevel.Warning,
            "The connection died after the message was handed over and before the server confirmed it: it may have been delivered.",
            "Ask a recipient whether it arrived; then resend or cancel it. The profile's whenUncertain decides what happens by itself.") { Scopes = [AlertScope.Message] },
        [ErrorClass.RoundTrip] = new("round-trip", AlertLevel.Error,
            "The test message was accepted by the outgoing server and did not arrive in the incoming maildrop in time.",
            "Check that both servers serve the same address; slow delivery can be waited for by testing again. It is resolved by the next Test & Enable that does not find it.") { IsWhole = true },
        [ErrorClass.Unknown] = new("unknown", AlertLevel.Error,
            "Something happened that the appliance did not foresee.",
            "The text holds the details; please report it."),
    }.ToFrozenDictionary(
        pair => pair.Key,
        pair => OfServers.Contains(pair.Key) ? pair.Value with { Scopes = [AlertScope.Mailbox, AlertScope.Profile] } : pair.Value);

    /// <summary>All entries, in the order of their codes.</summary>
    public static IEnumerable<AlertEntry> All =>
        Failures.Values.Concat([MailboxEnabled, MailboxRecovered, MailboxSuspended, TestFailed, ProfileFailing, HostFailing, StoreFailing, StoreDamaged, DropRefused, DropFolderFailing, OwnerNotTold, MessageTooLarge, MessageNotFetched, MessageQuarantined, UniqueIdsReset, ServerExpiresMail, LoginDelayTooLong, EmailFailed, EmailBounced, RefreshTokenExpires]).OrderBy(entry => entry.Code, StringComparer.Ordinal);

    /// <summary>The entry of a code; null where an earlier version had it and this one has not.</summary>
    public static AlertEntry? Find(string code) => All.FirstOrDefault(entry => entry.Code == code);

    /// <summary>The alert of an error class.</summary>
    public static AlertEntry For(ErrorClass failure) => Failures[failure];
}
