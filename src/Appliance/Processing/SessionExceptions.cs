using EmailSync.Appliance.Model;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// The session did not come as far as signing in: what happened concerns the server, not the mailbox. The inner exception says what.
/// </summary>
public sealed class SessionOpeningException(Exception inner) : Exception(inner.Message, inner);

/// <summary>The server refused to let us in.</summary>
/// <param name="message">What it said.</param>
/// <param name="areCredentialsWrong">False where the server says that something else stands in the way, such as a locked maildrop.</param>
/// <param name="inner">The refusal.</param>
public sealed class SignInRefusedException(string message, bool areCredentialsWrong, Exception? inner) : Exception(message, inner)
{
    /// <summary>The credentials were judged and found wrong, so trying again would lock the account.</summary>
    public bool AreCredentialsWrong => areCredentialsWrong;

    /// <summary>
    /// The server gave no code, so it is only likely that the credentials are wrong: a maildrop that is locked is refused in the same words
    /// by some (RFC 1939 section 4).
    /// </summary>
    public bool IsBare => InnerException is Pop3NegativeResponseException { Response.Code: null };
}

/// <summary>The server refused a message where somebody waits for it to be accepted.</summary>
public sealed class DeliveryRefusedException(Failure failure) : Exception(failure.Detail)
{
    /// <summary>What the refusal means.</summary>
    public Failure Failure => failure;
}
