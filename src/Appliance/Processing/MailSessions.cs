using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Processing;

/// <summary>Profile and mailbox in, an opened maildrop or SMTP session out: admit, dial, upgrade, sign in.</summary>
public sealed class MailSessions(IStore store, EgressPolicy policy, SessionOpener opener, AccessTokens tokens, LoginDelays delays)
{
    /// <summary>Opens a mailbox's maildrop, and waits before it where its server wants to be left alone for a while.</summary>
    /// <param name="mailbox">Whose.</param>
    /// <param name="profile">Its profile.</param>
    /// <param name="steps">Writes down the steps; null where nobody watches.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SignInTooSoonException">It wants to be left alone for long.</exception>
    public async Task<Maildrop> OpenMaildropAsync(
        Mailbox mailbox, EmailServerProfile profile, StepRecorder? steps, CancellationToken cancellationToken)
    {
        Route route = Admit(profile, MailService.Pop3, steps);
        await delays.WaitAsync(mailbox.Id, cancellationToken);
        Maildrop maildrop = await OpenAsync(
            mailbox, profile, MailService.Pop3,
            credentials => opener.OpenMaildropAsync(route, credentials, profile.CommandTimeout, steps, cancellationToken), cancellationToken);
        try
        {
            // What was announced to everybody is the longest that holds for anybody (RFC 2449 section 6.5).
            await maildrop.AskAnewAsync("LOGIN-DELAY", cancellationToken);
            delays.Note(mailbox.Id, maildrop.Capabilities);
            return maildrop;
        }
        catch
        {
            await maildrop.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens a session to send as a mailbox.</summary>
    /// <param name="mailbox">Whose.</param>
    /// <param name="profile">Its profile.</param>
    /// <param name="steps">Writes down the steps; null where nobody watches.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<SmtpSession> OpenSubmissionAsync(
        Mailbox mailbox, EmailServerProfile profile, StepRecorder? steps, CancellationToken cancellationToken)
    {
        Route route = Admit(profile, MailService.Submission, steps);
        if (profile.CredentialSide(MailService.Submission).CredentialRetrieval == CredentialRetrieval.Anonymous)
            return await opener.OpenSubmissionAsync(route, credentials: null, steps, cancellationToken);
        return await OpenAsync(
            mailbox, profile, MailService.Submission,
            credentials => opener.OpenSubmissionAsync(route, credentials, steps, cancellationToken), cancellationToken);
    }

    /// <summary>Opens a session; where a server refuses an access token that was kept, once more with a new one.</summary>
    private async Task<T> OpenAsync<T>(
        Mailbox mailbox, EmailServerProfile profile, MailService service, Func<Credentials, Task<T>> open, CancellationToken cancellationToken)
    {
        Credentials credentials = await CredentialsOfAsync(mailbox, profile, service, cancellationToken);
        try
        {
            return await open(credentials);
        }
        catch (SignInRefusedException refused) when (refused.AreCredentialsWrong && UsesAccessTokens(profile, service)
            && tokens.Invalidate(profile, mailbox, IsProfiles(profile, service), credentials.Password))
        {
            return await open(await CredentialsOfAsync(mailbox, profile, service, cancellationToken));
        }
    }

    private static bool UsesAccessTokens(EmailServerProfile profile, MailService service) =>
        profile.OAuth is not null && profile.CredentialSide(service).AuthenticationProtocol == AuthenticationProtocol.OAuth;

    private static bool IsProfiles(EmailServerProfile profile, MailService service) =>
        profile.CredentialSide(service).CredentialRetrieval == CredentialRetrieval.Profile;

    private Route Admit(EmailServerProfile profile, MailService service, StepRecorder? steps)
    {
        steps?.Begin(StepNames.Policy);
        ServerLocation location = profile.Side(service).Location
            ?? throw new NotReadyException($"The profile '{profile.Name}' has no server location for this direction.");
        Route route = Route.Admit(policy, service, location, new RouteOptions
        {
            ConnectionTimeout = profile.ConnectionTimeout,
            TrustedCertificates = profile.TrustedCertificates,
        });
        steps?.Pass($"{location} is admitted by the {policy.Name} egress policy");
        return route;
    }

    private async ValueTask<Credentials> CredentialsOfAsync(
        Mailbox mailbox, EmailServerProfile profile, MailService service, CancellationToken cancellationToken)
    {
        ServerSide side = profile.CredentialSide(service);
        string mailboxUser = mailbox.UserName ?? mailbox.EmailAddress;
        if (side.CredentialRetrieval == CredentialRetrieval.WindowsIntegrated && service == MailService.Submission)
            return Credentials.OfThisProcess(side.AuthenticationProtocol);
        if (UsesAccessTokens(profile, service))
        {
            Secret token = await tokens.GetAsync(profile, mailbox, IsProfiles(profile, service), cancellationToken);
            return new(mailboxUser, token, AuthenticationProtocol.OAuth);
        }

        switch (side.CredentialRetrieval)
        {
            case CredentialRetrieval.UserOrQueue:
                Secret password = await store.Secrets.RevealAsync(SecretName.Of(mailbox.Id), cancellationToken)
                    ?? throw new NotReadyException($"The mailbox {mailbox.EmailAddress} has no password; set it.");
                return new(mailboxUser, password, side.AuthenticationProtocol);

            case CredentialRetrieval.Profile:
                SecretKind kind = ReferenceEquals(side, profile.Incoming) ? SecretKind.Incoming : SecretKind.Outgoing;
                Secret shared = await store.Secrets.RevealAsync(SecretName.Of(profile.Id, kind), cancellationToken)
                    ?? throw new NotReadyException($"The profile '{profile.Name}' has no password for this direction; set it.");
                string user = side.UserName ?? throw new NotReadyException($"The profile '{profile.Name}' has no user name for this direction; set it.");
                return new(user, shared, side.AuthenticationProtocol) { AuthorizationIdentity = mailboxUser };

            default:
                throw new NotReadyException($"The profile '{profile.Name}' asks for {side.CredentialRetrieval} credentials, which this direction does not have.");
        }
    }
}
