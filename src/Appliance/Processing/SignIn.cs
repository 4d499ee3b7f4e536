using EmailSync.Appliance.Model;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Appliance.Processing;

/// <summary>Chooses how to sign in, and says what a refusal means.</summary>
public static class SignIn
{
    /// <summary>Signs in to a maildrop.</summary>
    /// <exception cref="SignInRefusedException">The server did not let us in.</exception>
    /// <exception cref="NotSupportedException">No mechanism in common.</exception>
    public static async Task<Maildrop> ToMaildropAsync(Pop3Session session, Credentials credentials, CancellationToken cancellationToken)
    {
        Pop3Capabilities? capabilities = session.Capabilities;
        try
        {
            if (credentials.Protocol == AuthenticationProtocol.Apop)
                return await session.AuthenticateByApopAsync(credentials.UserName, credentials.Password, cancellationToken);
            return Choose(credentials, capabilities?.SaslMechanisms) is { } mechanism
                ? await session.AuthenticateAsync(mechanism, cancellationToken)
                : await session.LogInAsync(credentials.UserName, credentials.Password, cancellationToken);
        }
        catch (Pop3NegativeResponseException refusal)
        {
            // A server that announces AUTH-RESP-CODE marks every refusal of credentials with [AUTH] (RFC 3206 section 6); elsewhere
            // a refusal without a code is taken for one of the credentials, since trying on would lock the account.
            bool areCredentialsWrong = refusal.Response.Code is { } code
                ? code.IsWithin(ResponseCode.Auth)
                : capabilities?.HasAuthResponseCode != true;
            throw new SignInRefusedException(refusal.Message, areCredentialsWrong, refusal);
        }
    }

    /// <summary>Signs in for submission.</summary>
    /// <exception cref="SignInRefusedException">The server did not let us in.</exception>
    /// <exception cref="NotSupportedException">No mechanism in common.</exception>
    public static async Task ToSubmissionAsync(SmtpSession session, Credentials credentials, CancellationToken cancellationToken)
    {
        try
        {
            SaslMechanism mechanism = Choose(credentials, session.Extensions.Mechanisms)
                ?? throw new NotSupportedException("The server offers no way to sign in that this mailbox could use (it offers "
                    + (session.Extensions.Mechanisms.Count == 0 ? "none" : string.Join(", ", session.Extensions.Mechanisms)) + ")");
            await session.AuthenticateAsync(mechanism, cancellationToken);
        }
        catch (SmtpNegativeReplyException refusal)
        {
            // 454 is the server's own trouble (RFC 4954 section 6), as is every other 4yz.
            throw new SignInRefusedException(refusal.Message, refusal.Reply.IsPermanent, refusal);
        }
    }

    /// <summary>The mechanism that the credentials ask for and the server has; null where there is none.</summary>
    private static SaslMechanism? Choose(Credentials credentials, IReadOnlySet<string>? offered)
    {
        Plain plain() => new(credentials.UserName, credentials.Password, credentials.AuthorizationIdentity);
        return credentials.Protocol switch
        {
            AuthenticationProtocol.Plain => plain(),
            AuthenticationProtocol.Login => new Login(credentials.UserName, credentials.Password),
            AuthenticationProtocol.AutoDetect or AuthenticationProtocol.Basic => offered switch
            {
                not null when offered.Contains("PLAIN") => plain(),
                // Only PLAIN can open one user's maildrop with another's credentials.
                _ when credentials.AuthorizationIdentity.Length > 0 => plain(),
                not null when offered.Contains("LOGIN") => new Login(credentials.UserName, credentials.Password),
                _ => null,
            },
            _ => throw new NotSupportedException($"Signing in by {credentials.Protocol} is not supported here"),
        };
    }
}
