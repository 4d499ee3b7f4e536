using System.Collections.Frozen;

namespace EmailSync.Appliance.Cli;

/// <summary>What the fields of profiles, mailboxes and settings are, in a sentence each.</summary>
internal static class FieldHelp
{
    private static readonly FrozenDictionary<string, string> Sentences = new Dictionary<string, string>
    {
        ["name"] = "A name that tells it from others.",
        ["description"] = "What it is for.",
        ["serverType"] = "pop3-smtp.",
        ["incomingServerLocation"] = "The POP3 server: a host name or an address.",
        ["incomingPort"] = "1 to 65535; follows from the TLS mode: 995 or 110.",
        ["incomingUseSsl"] = "Whether the connection is encrypted.",
        ["incomingTlsMode"] = "How the connection is encrypted.",
        ["incomingCredentialRetrieval"] = "Whose credentials open the server.",
        ["incomingUserName"] = "The profile's user name.",
        ["incomingPassword"] = "The profile's password.",
        ["incomingAuthenticationProtocol"] = "How to sign in.",
        ["outgoingServerLocation"] = "The SMTP server: a host name or an address.",
        ["outgoingPort"] = "1 to 65535; follows from the TLS mode: 465, 587 or 25.",
        ["outgoingUseSsl"] = "Whether the connection is encrypted.",
        ["outgoingTlsMode"] = "How the connection is encrypted.",
        ["outgoingCredentialRetrieval"] = "Whose credentials open the server.",
        ["outgoingUserName"] = "The profile's user name for sending.",
        ["outgoingPassword"] = "The profile's password for sending.",
        ["outgoingAuthenticationProtocol"] = "How to sign in.",
        ["useSameSettingsForOutgoing"] = "Send with the credentials of incoming.",
        ["processEmailsReceivedAfter"] = "Only emails received after this moment are processed.",
        ["minPollingIntervalInMinutes"] = "The least time between two polls, 0 to 1440.",
        ["maxConcurrentConnections"] = "Connections at once, 1 to 300.",
        ["connectionTimeoutSeconds"] = "For a connection to stand, 1 to 600.",
        ["commandTimeoutSeconds"] = "For a server to answer, 1 to 600.",
        ["sendEmailAlert"] = "Mail the owner when more than half of the mailboxes failed within an hour.",
        ["ownerEmailAddress"] = "Who is told of alerts.",
        ["state"] = "An inactive profile stops its mailboxes.",
        ["trustedCertificates"] = "Certificates in PEM, trusted as roots beside the system's.",
        ["whenUncertain"] = "What is done with an email that may or may not have been accepted.",

        ["oauthTokenEndpoint"] = "Where access tokens are asked for: an https address.",
        ["oauthClientId"] = "Who asks for access tokens.",
        ["oauthClientSecret"] = "The client's secret.",
        ["oauthScope"] = "What access tokens are for, as the provider names it.",
        ["oauthFlow"] = "How access tokens are asked for.",
        ["oauthRefreshToken"] = "The profile's refresh token.",
        ["refreshToken"] = "The mailbox's refresh token.",

        ["emailAddress"] = "The mailbox's address.",
        ["kind"] = "Whose mailbox it is.",
        ["profile"] = "The profile by which it is reached: its id or name.",
        ["userName"] = "The user name; the address where none is given.",
        ["password"] = "The mailbox's password.",
        ["allowCredentialsForEmailProcessing"] = "The owner agreed that these credentials are used.",
        ["incomingEmail"] = "How mail is received.",
        ["outgoingEmail"] = "How mail is sent.",
        ["appointmentsContactsTasks"] = "none: POP3 and SMTP carry nothing else.",
        ["deleteEmailsAfterProcessing"] = "Delete on the server what is durably stored here.",
        ["leaveOnServerDays"] = "Delete this many days after storing, 0 to 3650.",
        ["deleteOnlyAcknowledged"] = "Of what is to be deleted, only what a consumer has acknowledged.",
        ["maximumMessageSize"] = "In octets; of a larger message only the header is stored.",

        ["defaultProfile"] = "The profile of mailboxes that name none: its id or name.",
        ["defaultIncomingEmail"] = "How new mailboxes receive.",
        ["defaultOutgoingEmail"] = "How new mailboxes send.",
        ["approvalRequiredForUsers"] = "A user's mailbox is processed only once approved.",
        ["approvalRequiredForQueues"] = "A queue's mailbox is processed only once approved.",
        ["maximumAttachmentSizeInKilobytes"] = "The largest attachment of a composed email, in KiB, 1 to 131072.",
        ["useTrackingTokens"] = "Put a token (CRM: and 7 digits) into the subject of composed emails; it leads answers back.",
        ["alertOnInformation"] = "Raise alerts that are good to know.",
        ["alertOnWarning"] = "Raise alerts of what may mend itself.",
        ["alertOnError"] = "Raise alerts of what stands still until a person acts.",
        ["alertRetentionDays"] = "Keep resolved alerts so many days, 1 to 3650.",
        ["auditRetentionDays"] = "Keep the audit log so many days, 30 to 3650.",
        ["emailRetentionDays"] = "Delete emails here after so many days, 1 to 36500; empty keeps them.",
    }.ToFrozenDictionary();

    /// <summary>The sentence of a field, by its name in JSON.</summary>
    public static string Of(string field) => Sentences[field];
}
