using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Api;

/// <summary>What a profile may be: fills in what follows from the rest, and finds everything that is wrong, at once.</summary>
public sealed class ProfileRules(EgressPolicy policy, ApiOptions options)
{
    /// <summary>Reads a profile.</summary>
    /// <param name="input">What was written.</param>
    /// <param name="stored">What is stored, where it is changed rather than made.</param>
    /// <exception cref="InvalidRequestException">Something is wrong with it.</exception>
    public EmailServerProfile Read(ProfileInput input, EmailServerProfile? stored)
    {
        Faults faults = new();
        ServerSide incoming = ReadSide(input, MailService.Pop3, faults);
        ServerSide outgoing = ReadSide(input, MailService.Submission, faults);
        bool isShared = input.UseSameSettingsForOutgoing ?? true;
        if (isShared)
            outgoing = ShareCredentials(input, incoming, outgoing, faults);
        EmailServerProfile profile = new()
        {
            Id = stored?.Id ?? default,
            Version = stored?.Version ?? 0,
            Name = faults.Text("name", input.Name, 1, 100, ""),
            Description = faults.Text("description", input.Description, 0, 2000, ""),
            Incoming = incoming,
            Outgoing = outgoing,
            UseSameSettingsForOutgoing = isShared,
            ProcessEmailsReceivedAfter = input.ProcessEmailsReceivedAfter,
            MinPollingInterval = TimeSpan.FromMinutes(faults.Number("minPollingIntervalInMinutes", input.MinPollingIntervalInMinutes, 0, 1440, 5)),
            MaxConcurrentConnections = faults.Number("maxConcurrentConnections", input.MaxConcurrentConnections, 1, 300, 10),
            ConnectionTimeout = TimeSpan.FromSeconds(faults.Number("connectionTimeoutSeconds", input.ConnectionTimeoutSeconds, 1, 600, 30)),
            CommandTimeout = TimeSpan.FromSeconds(faults.Number("commandTimeoutSeconds", input.CommandTimeoutSeconds, 1, 600, 120)),
            SendEmailAlert = input.SendEmailAlert ?? false,
            OwnerEmailAddress = faults.Address("ownerEmailAddress", input.OwnerEmailAddress),
            State = faults.Choice("state", input.State, ProfileState.Active),
            TrustedCertificates = input.TrustedCertificates,
            OAuth = ReadOAuth(input, faults),
            WhenUncertain = faults.Choice("whenUncertain", input.WhenUncertain, WhenUncertain.Resend),
        };

        if (input.ServerType is not (null or "pop3-smtp"))
            faults.Add("serverType", input.ServerType, "There is no such server type.", "Give pop3-smtp.");
        CheckCredentials(input, profile, faults);
        CheckCertificates(input.TrustedCertificates, faults);
        faults.ThrowIfAny();
        return profile;
    }

    private ServerSide ReadSide(ProfileInput input, MailService service, Faults faults)
    {
        bool isIncoming = service == MailService.Pop3;
        string prefix = isIncoming ? "incoming" : "outgoing";
        return new()
        {
            Location = isIncoming
                ? ReadLocation(input.IncomingServerLocation, input.IncomingPort, input.IncomingUseSsl, input.IncomingTlsMode, service, prefix, faults)
                : ReadLocation(input.OutgoingServerLocation, input.OutgoingPort, input.OutgoingUseSsl, input.OutgoingTlsMode, service, prefix, faults),
            CredentialRetrieval = faults.Choice(
                prefix + "CredentialRetrieval", isIncoming ? input.IncomingCredentialRetrieval : input.OutgoingCredentialRetrieval, CredentialRetrieval.UserOrQueue),
            UserName = faults.OptionalText(prefix + "UserName", isIncoming ? input.IncomingUserName : input.OutgoingUserName, 250),
            AuthenticationProtocol = faults.Choice(
                prefix + "AuthenticationProtocol", isIncoming ? input.IncomingAuthenticationProtocol : input.OutgoingAuthenticationProtocol, AuthenticationProtocol.AutoDetect),
        };
    }

    /// <summary>The outgoing credentials are those of incoming, and shown as such; others that are given are refused.</summary>
    private static ServerSide ShareCredentials(ProfileInput input, ServerSide incoming, ServerSide outgoing, Faults faults)
    {
        void Refuse(string field, string? value) =>
            faults.Add(field, value, "The outgoing credentials are those of incoming.", "Leave it out, or set useSameSettingsForOutgoing to false.");

        if (input.OutgoingCredentialRetrieval is { } retrieval && retrieval != incoming.CredentialRetrieval)
            Refuse("outgoingCredentialRetrieval", ContractJson.NameOf(retrieval));
        if (input.OutgoingAuthenticationProtocol is { } protocol && protocol != incoming.AuthenticationProtocol)
            Refuse("outgoingAuthenticationProtocol", ContractJson.NameOf(protocol));
        if (outgoing.UserName is { } user && user != incoming.UserName)
            Refuse("outgoingUserName", user);
        if (input.OutgoingPassword is not null)
            Refuse("outgoingPassword", null);
        return incoming with { Location = outgoing.Location, UserName = null };
    }

    private ServerLocation? ReadLocation(
        string? host, int? port, bool? useSsl, TlsMode? mode, MailService service, string prefix, Faults faults)
    {
        if (host is null)
            return null;
        if (mode is { } given && useSsl is { } ssl && ssl == (given == TlsMode.None))
            faults.Add(prefix + "UseSsl", ssl.ToString().ToLowerInvariant(), $"It contradicts {prefix}TlsMode.", "Leave one of the two out.");
        TlsMode security = faults.Choice(prefix + "TlsMode", mode, ServerLocation.DefaultSecurity(useSsl ?? true, port));
        int number = faults.Number(prefix + "Port", port, 1, 65_535, ServerLocation.DefaultPort(service, security));
        if (!HostName.TryParse(host, out HostName? name, out string? reason))
        {
            faults.Add(prefix + "ServerLocation", host, reason, "Give the host alone: a name, an IPv4 address, or an IPv6 address in brackets.");
            return null;
        }

        ServerLocation location = new(name, number, security);
        if (policy.WhyNot(service, location) is { } refusal)
            faults.Add(prefix + "Port", $"{location.Port}", refusal, AlertCatalog.For(ErrorClass.Policy).Remedy);
        return location;
    }

    private OAuthClient? ReadOAuth(ProfileInput input, Faults faults)
    {
        faults.Secret("oauthClientSecret", input.OauthClientSecret, 1000);
        faults.Secret("oauthRefreshToken", input.OauthRefreshToken, 8192);
        bool isAsked = (input.OauthTokenEndpoint ?? input.OauthClientId ?? input.OauthScope ?? input.OauthClientSecret ?? input.OauthRefreshToken) is not null
            || input.OauthFlow is not null;
        if (!isAsked)
            return null;
        string? clientId = faults.OptionalText("oauthClientId", input.OauthClientId, 250);
        if (clientId is null)
            faults.Add("oauthClientId", null, "It is needed for access tokens.", "Give the id that the provider gave to this application.");
        string? scope = faults.OptionalText("oauthScope", input.OauthScope, 1000);
        OAuthFlow flow = faults.Choice("oauthFlow", input.OauthFlow, OAuthFlow.ClientCredentials);
        if (!Uri.TryCreate(input.OauthTokenEndpoint, UriKind.Absolute, out Uri? endpoint))
            faults.Add("oauthTokenEndpoint", input.OauthTokenEndpoint, "It is not an address.", "Give one such as https://login.example.com/token.");
        else if (policy.WhyNotHttps(endpoint) is { } refusal)
            faults.Add("oauthTokenEndpoint", input.OauthTokenEndpoint, refusal, "Give an https address that the policy admits.");
        return endpoint is null || clientId is null ? null : new() { TokenEndpoint = endpoint, ClientId = clientId, Scope = scope, Flow = flow };
    }

    private void CheckCredentials(ProfileInput input, EmailServerProfile profile, Faults faults)
    {
        faults.Secret("incomingPassword", input.IncomingPassword, 250);
        faults.Secret("outgoingPassword", input.OutgoingPassword, 250);
        if (profile.OAuth is not null && profile.Incoming.AuthenticationProtocol != AuthenticationProtocol.OAuth
            && profile.Outgoing.AuthenticationProtocol != AuthenticationProtocol.OAuth)
            faults.Add("oauthTokenEndpoint", input.OauthTokenEndpoint, "No direction signs in by oauth.", "Set incomingAuthenticationProtocol or outgoingAuthenticationProtocol to oauth.");
        if (profile.Incoming.CredentialRetrieval is CredentialRetrieval.Anonymous or CredentialRetrieval.WindowsIntegrated)
            faults.Add("incomingCredentialRetrieval", ContractJson.NameOf(profile.Incoming.CredentialRetrieval), "It is not a valid setting for POP3.", "Give user-or-queue or profile.");
        if (!profile.UseSameSettingsForOutgoing && profile.Outgoing.CredentialRetrieval == CredentialRetrieval.Anonymous && !options.AllowsAnonymousSmtp)
            faults.Add("outgoingCredentialRetrieval", "anonymous", "It is not a valid setting here.", "Give user-or-queue or profile; the deployment can admit a local relay with AllowAnonymousSmtp.");
        bool isOfProcess = !profile.UseSameSettingsForOutgoing && profile.Outgoing.CredentialRetrieval == CredentialRetrieval.WindowsIntegrated;
        if (isOfProcess && profile.Outgoing.AuthenticationProtocol is not (AuthenticationProtocol.AutoDetect or AuthenticationProtocol.Negotiate or AuthenticationProtocol.Ntlm))
            faults.Add("outgoingAuthenticationProtocol", ContractJson.NameOf(profile.Outgoing.AuthenticationProtocol), "It is not one that Windows Integrated signs in by.", "Give auto-detect, negotiate or ntlm.");
        CheckCleartext("incoming", profile.Incoming, faults);
        CheckCleartext("outgoing", profile.Outgoing, faults);
        CheckSide("incoming", profile.Incoming, input.IncomingPassword, faults);
        if (!profile.UseSameSettingsForOutgoing)
            CheckSide("outgoing", profile.Outgoing, input.OutgoingPassword, faults);
    }

    // What auto-detect would send depends on what the server offers, and is seen when it is tried.
    private void CheckCleartext(string prefix, ServerSide side, Faults faults)
    {
        bool hasSecret = side.CredentialRetrieval is CredentialRetrieval.UserOrQueue or CredentialRetrieval.Profile;
        if (!options.AllowsCleartextPasswords && hasSecret && side.AuthenticationProtocol.SendsTheSecret && side.Location?.Security == TlsMode.None)
            faults.Add(
                prefix + "TlsMode", "none", $"The sign-in by {ContractJson.NameOf(side.AuthenticationProtocol)} would send the secret in clear.",
                "Give implicit or starttls; the deployment can admit it with AllowBasicAuthenticationOnNonSecureChannel.");
    }

    private void CheckSide(string prefix, ServerSide side, string? password, Faults faults)
    {
        bool isProfiles = side.CredentialRetrieval == CredentialRetrieval.Profile;
        if (!isProfiles && side.UserName is not null)
            faults.Add(prefix + "UserName", side.UserName, "A user name belongs to profile credentials only.", $"Leave it out, or set {prefix}CredentialRetrieval to profile.");
        if (!isProfiles && password is not null)
            faults.Add(prefix + "Password", null, "A password belongs to profile credentials only.", $"Leave it out, or set {prefix}CredentialRetrieval to profile.");
        if (isProfiles && side.UserName is null)
            faults.Add(prefix + "UserName", null, "Profile credentials need a user name.", "Give one.");
        string name = prefix + "AuthenticationProtocol";
        if (policy.IsStrict && side.AuthenticationProtocol.RestsOnMd5)
            faults.Add(name, ContractJson.NameOf(side.AuthenticationProtocol), $"The {policy.Name} policy admits no sign-in that rests on MD5.", "Give auto-detect, scram-sha-256, plain or oauth.");
        if (isProfiles && !side.AuthenticationProtocol.CanDelegate)
            faults.Add(name, ContractJson.NameOf(side.AuthenticationProtocol), "With profile credentials each mailbox is opened on behalf of its own user, which this mechanism cannot say.", "Give auto-detect, plain, scram-sha-256 or scram-sha-1.");
        if (prefix == "outgoing" && side.AuthenticationProtocol == AuthenticationProtocol.Apop)
            faults.Add(name, ContractJson.NameOf(side.AuthenticationProtocol), "APOP is a command of POP3; there is none in SMTP.", "Give auto-detect.");
    }

    private static void CheckCertificates(string? pem, Faults faults)
    {
        if (pem is null)
            return;
        if (KeyPins.FindMalformed(pem) is { } pin)
            faults.Add("trustedCertificates", KeyPins.Prefix + pin, "It is not the base64 of a SHA-256.", $"Give {KeyPins.Prefix} and the base64 of the SHA-256 of a public key.");
        if (KeyPins.In(pem).Count > 0 && !pem.Contains("-----BEGIN", StringComparison.Ordinal))
            return;
        try
        {
            X509Certificate2Collection certificates = [];
            certificates.ImportFromPem(pem);
            if (certificates.Count > 0)
                return;
        }
        catch (CryptographicException)
        {
            // Said below, in the same words as for text without any certificate.
        }

        faults.Add("trustedCertificates", null, "There is no certificate in it that can be read.", "Give certificates in PEM (-----BEGIN CERTIFICATE----- and so on), lines of sha256/ with a pin, or both.");
    }
}
