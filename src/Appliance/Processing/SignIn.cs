using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Appliance.Processing;

/// <summary>Chooses how to sign in, and says what a refusal means. What is chosen is tried once; nothing weaker follows a failure.</summary>
public static class SignIn
{
    /// <summary>Signs in to a maildrop.</summary>
    /// <exception cref="SignInRefusedException">The server did not let us in, or our own side could not go on.</exception>
    /// <exception cref="NotSupportedException">No mechanism in common.</exception>
    /// <exception cref="EgressDeniedException">The policy does not admit the mechanism.</exception>
    public static async Task<Maildrop> ToMaildropAsync(
        Pop3Session session, Route route, Credentials credentials, CancellationToken cancellationToken)
    {
        Pop3Capabilities? capabilities = session.Capabilities;
        try
        {
            MechanismSelection selection = SelectionFor(credentials.Protocol, route);
            SaslCredentials who = ForSasl(credentials);
            if (credentials.Protocol == AuthenticationProtocol.Apop)
                return await session.AuthenticateByApopAsync(NameOfNobodyElse(who), who.Secret, cancellationToken);

            SaslServer server = session.DescribeForSasl(route.Location.Host.Name, route.Location.Port);
            bool mayBeUserAndPass = credentials.Protocol is AuthenticationProtocol.AutoDetect or AuthenticationProtocol.Basic && who.AuthorizationIdentity.Length == 0;
            // Where the server says nothing about AUTH, what was asked for by name is tried all the same.
            if (capabilities is null && !mayBeUserAndPass)
                server = server with { Mechanisms = new HashSet<string> { who.AuthorizationIdentity.Length > 0 ? "PLAIN" : selection.Order[0] } };
            SaslMechanism? mechanism = mayBeUserAndPass ? selection.Find(server, who) : selection.Choose(server, who);
            using IDisposable? held = mechanism as IDisposable;
            return mechanism is null
                ? await session.LogInAsync(who.UserName, who.Secret, cancellationToken)
                : await session.AuthenticateAsync(mechanism, cancellationToken);
        }
        catch (Pop3NegativeResponseException refusal)
        {
            // A server that announces AUTH-RESP-CODE marks every refusal of credentials with [AUTH] (RFC 3206 section 6); elsewhere
            // a refusal without a code is taken for one of the credentials, since trying on would lock the account.
            bool areCredentialsWrong = refusal.Response.Code is { } code
                ? code.IsWithin(ResponseCode.Auth)
                : capabilities?.HasAuthResponseCode != true;
            throw new SignInRefusedException(refusal.Message, areCredentialsWrong, refusal) { LoginDelay = capabilities?.LoginDelay };
        }
        catch (MechanismUnusableException unusable)
        {
            throw new SignInRefusedException(unusable.Message, areCredentialsWrong: false, unusable);
        }
    }

    /// <summary>Signs in for submission.</summary>
    /// <exception cref="SignInRefusedException">The server did not let us in, or our own side could not go on.</exception>
    /// <exception cref="NotSupportedException">No mechanism in common.</exception>
    /// <exception cref="EgressDeniedException">The policy does not admit the mechanism.</exception>
    public static async Task ToSubmissionAsync(SmtpSession session, Route route, Credentials credentials, CancellationToken cancellationToken)
    {
        try
        {
            SaslServer server = session.DescribeForSasl(route.Location.Host.Name, route.Location.Port);
            SaslMechanism mechanism = credentials.AreOfThisProcess
                ? ForThisProcess(server, route, credentials.Protocol)
                : SelectionFor(credentials.Protocol, route).Choose(server, ForSasl(credentials));
            using IDisposable? held = mechanism as IDisposable;
            await session.AuthenticateAsync(mechanism, cancellationToken);
        }
        catch (SmtpNegativeReplyException refusal)
        {
            // 454 is the server's own trouble (RFC 4954 section 6), as is every other 4yz.
            throw new SignInRefusedException(refusal.Message, refusal.Reply.IsPermanent, refusal);
        }
        catch (MechanismUnusableException unusable)
        {
            throw new SignInRefusedException(unusable.Message, areCredentialsWrong: false, unusable);
        }
    }

    /// <summary>
    /// Only auto-detect binds to TLS: a mechanism that was asked for by name is that one, which is the way out where a proxy ends the TLS
    /// in front of the server and the binding cannot match.
    /// </summary>
    private static MechanismSelection SelectionFor(AuthenticationProtocol protocol, Route route)
    {
        if (route.Policy.IsStrict && protocol.RestsOnMd5)
            throw new EgressDeniedException($"The {route.Policy.Name} policy admits no sign-in that rests on MD5.");
        return protocol switch
        {
            AuthenticationProtocol.Basic => new("PLAIN", "LOGIN"),
            AuthenticationProtocol.Plain => new("PLAIN"),
            AuthenticationProtocol.Login => new("LOGIN"),
            AuthenticationProtocol.CramMd5 => new("CRAM-MD5"),
            AuthenticationProtocol.ScramSha1 => new("SCRAM-SHA-1"),
            AuthenticationProtocol.ScramSha256 => new("SCRAM-SHA-256"),
            AuthenticationProtocol.OAuth => MechanismSelection.Tokens,
            // SPNEGO may end in NTLM.
            AuthenticationProtocol.Negotiate => route.Policy.IsStrict ? new("GSSAPI") : new("GSSAPI", "GSS-SPNEGO"),
            AuthenticationProtocol.Ntlm => new("NTLM"),
            // APOP is a command of POP3; where sending shares its credentials they go by the strongest mechanism.
            _ => MechanismSelection.Passwords,
        };
    }

    /// <summary>Kerberos, or where the server has none SPNEGO or NTLM, with what the operating system has for this process.</summary>
    private static Negotiate ForThisProcess(SaslServer server, Route route, AuthenticationProtocol protocol)
    {
        (string Name, Func<Negotiate> Make, bool IsAdmitted)[] ways =
        [
            ("GSSAPI", () => Negotiate.Kerberos(server), protocol != AuthenticationProtocol.Ntlm),
            ("GSS-SPNEGO", () => Negotiate.Spnego(server), protocol != AuthenticationProtocol.Ntlm && !route.Policy.IsStrict),
            ("NTLM", () => Negotiate.Ntlm(server), protocol != AuthenticationProtocol.Negotiate && !route.Policy.IsStrict),
        ];
        foreach ((string name, Func<Negotiate> make, bool isAdmitted) in ways)
        {
            if (isAdmitted && server.Mechanisms.Contains(name))
                return make();
        }

        throw new NotSupportedException($"Windows Integrated sign-in needs {string.Join(", ", ways.Where(way => way.IsAdmitted).Select(way => way.Name))}; the server has {string.Join(", ", server.Mechanisms)}.");
    }

    private static SaslCredentials ForSasl(Credentials credentials)
    {
        (string user, string identity) = (credentials.UserName, credentials.AuthorizationIdentity);
        // A token says by itself who it is; the name beside it is whose mailbox is wanted (RFC 7628 section 3.1).
        if (credentials.Protocol == AuthenticationProtocol.OAuth)
            return new(identity.Length > 0 ? identity : user, credentials.Password) { IsToken = true };
        return new(user, credentials.Password) { AuthorizationIdentity = identity == user ? "" : identity };
    }

    private static string NameOfNobodyElse(SaslCredentials who) => who.AuthorizationIdentity.Length == 0
        ? who.UserName
        : throw new NotSupportedException("APOP cannot open a mailbox with another user's credentials");
}
