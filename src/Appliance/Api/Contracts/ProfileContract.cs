using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Api.Contracts;

/// <summary>What an administrator writes about a profile. What is null is filled in: with the default, or with what follows from the rest.</summary>
public sealed record ProfileInput
{
    /// <summary>1 to 100 characters, unique.</summary>
    public string? Name { get; init; }

    /// <summary>At most 2,000 characters.</summary>
    public string? Description { get; init; }

    /// <summary><c>pop3-smtp</c>.</summary>
    public string? ServerType { get; init; }

    /// <summary>Host name, IPv4 address, or IPv6 address in brackets.</summary>
    public string? IncomingServerLocation { get; init; }

    /// <summary>1 to 65535.</summary>
    public int? IncomingPort { get; init; }

    /// <summary>Whether the connection is encrypted.</summary>
    public bool? IncomingUseSsl { get; init; }

    /// <summary>How it is encrypted.</summary>
    public TlsMode? IncomingTlsMode { get; init; }

    /// <summary>Whose credentials.</summary>
    public CredentialRetrieval? IncomingCredentialRetrieval { get; init; }

    /// <summary>With profile credentials only.</summary>
    public string? IncomingUserName { get; init; }

    /// <summary>Goes in and never comes out.</summary>
    public string? IncomingPassword { get; init; }

    /// <summary>How to sign in.</summary>
    public AuthenticationProtocol? IncomingAuthenticationProtocol { get; init; }

    /// <summary>As incoming.</summary>
    public string? OutgoingServerLocation { get; init; }

    /// <summary>As incoming.</summary>
    public int? OutgoingPort { get; init; }

    /// <summary>As incoming.</summary>
    public bool? OutgoingUseSsl { get; init; }

    /// <summary>As incoming.</summary>
    public TlsMode? OutgoingTlsMode { get; init; }

    /// <summary>As incoming.</summary>
    public CredentialRetrieval? OutgoingCredentialRetrieval { get; init; }

    /// <summary>As incoming.</summary>
    public string? OutgoingUserName { get; init; }

    /// <summary>Goes in and never comes out.</summary>
    public string? OutgoingPassword { get; init; }

    /// <summary>As incoming.</summary>
    public AuthenticationProtocol? OutgoingAuthenticationProtocol { get; init; }

    /// <summary>The outgoing credentials are those of incoming.</summary>
    public bool? UseSameSettingsForOutgoing { get; init; }

    /// <summary>Only emails received after this moment are processed.</summary>
    public DateTimeOffset? ProcessEmailsReceivedAfter { get; init; }

    /// <summary>0 to 1440.</summary>
    public int? MinPollingIntervalInMinutes { get; init; }

    /// <summary>1 to 300.</summary>
    public int? MaxConcurrentConnections { get; init; }

    /// <summary>1 to 600.</summary>
    public int? ConnectionTimeoutSeconds { get; init; }

    /// <summary>1 to 600.</summary>
    public int? CommandTimeoutSeconds { get; init; }

    /// <summary>Mail the owner when more than half of the mailboxes failed.</summary>
    public bool? SendEmailAlert { get; init; }

    /// <summary>Who is told.</summary>
    public string? OwnerEmailAddress { get; init; }

    /// <summary>An inactive profile stops its mailboxes.</summary>
    public ProfileState? State { get; init; }

    /// <summary>Roots in PEM.</summary>
    public string? TrustedCertificates { get; init; }

    /// <summary>What to do with an email in doubt.</summary>
    public WhenUncertain? WhenUncertain { get; init; }

    /// <summary>Where access tokens are asked for, where a direction signs in by oauth: an https address.</summary>
    public string? OauthTokenEndpoint { get; init; }

    /// <summary>Who asks for them.</summary>
    public string? OauthClientId { get; init; }

    /// <summary>Goes in and never comes out.</summary>
    public string? OauthClientSecret { get; init; }

    /// <summary>What they are for, as the provider names it.</summary>
    public string? OauthScope { get; init; }

    /// <summary>How they are asked for.</summary>
    public OAuthFlow? OauthFlow { get; init; }

    /// <summary>With profile credentials and the refresh-token flow. Goes in and never comes out.</summary>
    public string? OauthRefreshToken { get; init; }

    /// <summary>What a stored profile would be written as: the ground that a change is laid on.</summary>
    public static ProfileInput Of(EmailServerProfile profile) => new()
    {
        Name = profile.Name,
        Description = profile.Description,
        IncomingServerLocation = profile.Incoming.Location?.Host.ToString(),
        IncomingPort = profile.Incoming.Location?.Port,
        IncomingTlsMode = profile.Incoming.Location?.Security,
        IncomingCredentialRetrieval = profile.Incoming.CredentialRetrieval,
        IncomingUserName = profile.Incoming.UserName,
        IncomingAuthenticationProtocol = profile.Incoming.AuthenticationProtocol,
        OutgoingServerLocation = profile.Outgoing.Location?.Host.ToString(),
        OutgoingPort = profile.Outgoing.Location?.Port,
        OutgoingTlsMode = profile.Outgoing.Location?.Security,
        // Where the settings are shared these follow from incoming; and what is the default follows along once they are shared.
        OutgoingCredentialRetrieval = profile.UseSameSettingsForOutgoing || profile.Outgoing.CredentialRetrieval == default ? null : profile.Outgoing.CredentialRetrieval,
        OutgoingUserName = profile.Outgoing.UserName,
        OutgoingAuthenticationProtocol = profile.UseSameSettingsForOutgoing || profile.Outgoing.AuthenticationProtocol == default ? null : profile.Outgoing.AuthenticationProtocol,
        UseSameSettingsForOutgoing = profile.UseSameSettingsForOutgoing,
        ProcessEmailsReceivedAfter = profile.ProcessEmailsReceivedAfter,
        MinPollingIntervalInMinutes = (int)profile.MinPollingInterval.TotalMinutes,
        MaxConcurrentConnections = profile.MaxConcurrentConnections,
        ConnectionTimeoutSeconds = (int)profile.ConnectionTimeout.TotalSeconds,
        CommandTimeoutSeconds = (int)profile.CommandTimeout.TotalSeconds,
        SendEmailAlert = profile.SendEmailAlert,
        OwnerEmailAddress = profile.OwnerEmailAddress,
        State = profile.State,
        TrustedCertificates = profile.TrustedCertificates,
        WhenUncertain = profile.WhenUncertain,
        OauthTokenEndpoint = profile.OAuth?.TokenEndpoint.AbsoluteUri,
        OauthClientId = profile.OAuth?.ClientId,
        OauthScope = profile.OAuth?.Scope,
        OauthFlow = profile.OAuth?.Flow,
    };
}

/// <summary>A profile as it is stored. Passwords are told of, not told.</summary>
public sealed record ProfileContract
{
    /// <summary>Such as <c>prf_1</c>.</summary>
    public required string Id { get; init; }

    /// <summary>As in <see cref="ProfileInput"/>.</summary>
    public required string Name { get; init; }

    /// <summary>As in <see cref="ProfileInput"/>.</summary>
    public required string Description { get; init; }

    /// <summary><c>pop3-smtp</c>.</summary>
    public string ServerType { get; init; } = "pop3-smtp";

    /// <summary>Null where the direction has no server.</summary>
    public string? IncomingServerLocation { get; init; }

    /// <summary>As filled in.</summary>
    public int? IncomingPort { get; init; }

    /// <summary>Whether the connection is encrypted.</summary>
    public bool? IncomingUseSsl { get; init; }

    /// <summary>As filled in.</summary>
    public TlsMode? IncomingTlsMode { get; init; }

    /// <summary>Whose credentials.</summary>
    public CredentialRetrieval IncomingCredentialRetrieval { get; init; }

    /// <summary>With profile credentials only.</summary>
    public string? IncomingUserName { get; init; }

    /// <summary>Whether a password is stored.</summary>
    public bool IsIncomingPasswordSet { get; init; }

    /// <summary>How to sign in.</summary>
    public AuthenticationProtocol IncomingAuthenticationProtocol { get; init; }

    /// <summary>As incoming.</summary>
    public string? OutgoingServerLocation { get; init; }

    /// <summary>As incoming.</summary>
    public int? OutgoingPort { get; init; }

    /// <summary>As incoming.</summary>
    public bool? OutgoingUseSsl { get; init; }

    /// <summary>As incoming.</summary>
    public TlsMode? OutgoingTlsMode { get; init; }

    /// <summary>As incoming.</summary>
    public CredentialRetrieval OutgoingCredentialRetrieval { get; init; }

    /// <summary>As incoming.</summary>
    public string? OutgoingUserName { get; init; }

    /// <summary>As incoming.</summary>
    public bool IsOutgoingPasswordSet { get; init; }

    /// <summary>As incoming.</summary>
    public AuthenticationProtocol OutgoingAuthenticationProtocol { get; init; }

    /// <summary>The outgoing credentials are those of incoming.</summary>
    public bool UseSameSettingsForOutgoing { get; init; }

    /// <summary>Null means all.</summary>
    public DateTimeOffset? ProcessEmailsReceivedAfter { get; init; }

    /// <summary>In minutes.</summary>
    public int MinPollingIntervalInMinutes { get; init; }

    /// <summary>At once.</summary>
    public int MaxConcurrentConnections { get; init; }

    /// <summary>In seconds.</summary>
    public int ConnectionTimeoutSeconds { get; init; }

    /// <summary>In seconds.</summary>
    public int CommandTimeoutSeconds { get; init; }

    /// <summary>As in <see cref="ProfileInput"/>.</summary>
    public bool SendEmailAlert { get; init; }

    /// <summary>As in <see cref="ProfileInput"/>.</summary>
    public string? OwnerEmailAddress { get; init; }

    /// <summary>As in <see cref="ProfileInput"/>.</summary>
    public ProfileState State { get; init; }

    /// <summary>As in <see cref="ProfileInput"/>.</summary>
    public string? TrustedCertificates { get; init; }

    /// <summary>As in <see cref="ProfileInput"/>.</summary>
    public WhenUncertain WhenUncertain { get; init; }

    /// <summary>As in <see cref="ProfileInput"/>.</summary>
    public string? OauthTokenEndpoint { get; init; }

    /// <summary>As in <see cref="ProfileInput"/>.</summary>
    public string? OauthClientId { get; init; }

    /// <summary>Whether a client secret is stored.</summary>
    public bool IsOauthClientSecretSet { get; init; }

    /// <summary>As in <see cref="ProfileInput"/>.</summary>
    public string? OauthScope { get; init; }

    /// <summary>As in <see cref="ProfileInput"/>.</summary>
    public OAuthFlow? OauthFlow { get; init; }

    /// <summary>Whether a refresh token is stored.</summary>
    public bool IsOauthRefreshTokenSet { get; init; }

    /// <summary>A stored profile as it goes over HTTP.</summary>
    public static ProfileContract Of(EmailServerProfile profile, IReadOnlySet<string> setSecrets) => new()
    {
        Id = profile.Id.ToString(),
        Name = profile.Name,
        Description = profile.Description,
        IncomingServerLocation = profile.Incoming.Location?.Host.ToString(),
        IncomingPort = profile.Incoming.Location?.Port,
        IncomingUseSsl = profile.Incoming.Location is { } incoming ? incoming.Security != TlsMode.None : null,
        IncomingTlsMode = profile.Incoming.Location?.Security,
        IncomingCredentialRetrieval = profile.Incoming.CredentialRetrieval,
        IncomingUserName = profile.Incoming.UserName,
        IsIncomingPasswordSet = setSecrets.Contains("incomingPassword"),
        IncomingAuthenticationProtocol = profile.Incoming.AuthenticationProtocol,
        OutgoingServerLocation = profile.Outgoing.Location?.Host.ToString(),
        OutgoingPort = profile.Outgoing.Location?.Port,
        OutgoingUseSsl = profile.Outgoing.Location is { } outgoing ? outgoing.Security != TlsMode.None : null,
        OutgoingTlsMode = profile.Outgoing.Location?.Security,
        OutgoingCredentialRetrieval = profile.Outgoing.CredentialRetrieval,
        OutgoingUserName = profile.Outgoing.UserName,
        IsOutgoingPasswordSet = setSecrets.Contains("outgoingPassword"),
        OutgoingAuthenticationProtocol = profile.Outgoing.AuthenticationProtocol,
        UseSameSettingsForOutgoing = profile.UseSameSettingsForOutgoing,
        ProcessEmailsReceivedAfter = profile.ProcessEmailsReceivedAfter,
        MinPollingIntervalInMinutes = (int)profile.MinPollingInterval.TotalMinutes,
        MaxConcurrentConnections = profile.MaxConcurrentConnections,
        ConnectionTimeoutSeconds = (int)profile.ConnectionTimeout.TotalSeconds,
        CommandTimeoutSeconds = (int)profile.CommandTimeout.TotalSeconds,
        SendEmailAlert = profile.SendEmailAlert,
        OwnerEmailAddress = profile.OwnerEmailAddress,
        State = profile.State,
        TrustedCertificates = profile.TrustedCertificates,
        WhenUncertain = profile.WhenUncertain,
        OauthTokenEndpoint = profile.OAuth?.TokenEndpoint.AbsoluteUri,
        OauthClientId = profile.OAuth?.ClientId,
        IsOauthClientSecretSet = setSecrets.Contains("oauthClientSecret"),
        OauthScope = profile.OAuth?.Scope,
        OauthFlow = profile.OAuth?.Flow,
        IsOauthRefreshTokenSet = setSecrets.Contains("oauthRefreshToken"),
    };
}
