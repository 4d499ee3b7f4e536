using System.Globalization;
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
    /// <summary>How long the server wants to be left alone between two sign-ins, where it announces that.</summary>
    public TimeSpan? LoginDelay { get; init; }

    /// <summary>The credentials were judged and found wrong, so trying again would lock the account.</summary>
    public bool AreCredentialsWrong => areCredentialsWrong;

    /// <summary>
    /// The server gave no code, so it is only likely that the credentials are wrong: a maildrop that is locked is refused in the same words
    /// by some (RFC 1939 section 4).
    /// </summary>
    public bool IsBare => InnerException is Pop3NegativeResponseException { Response.Code: null };
}

/// <summary>The server announced that it refuses a sign-in before a moment (LOGIN-DELAY), so none was tried.</summary>
public sealed class SignInTooSoonException(DateTimeOffset earliest, TimeSpan left)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"The server wants to be left alone between two sign-ins (LOGIN-DELAY); the next is possible at {earliest:yyyy-MM-dd HH:mm:ss} UTC"))
{
    /// <summary>How long that is from now.</summary>
    public TimeSpan Left => left;
}

/// <summary>The server refused a message where somebody waits for it to be accepted.</summary>
public sealed class DeliveryRefusedException(Failure failure) : Exception(failure.Detail)
{
    /// <summary>What the refusal means.</summary>
    public Failure Failure => failure;
}
