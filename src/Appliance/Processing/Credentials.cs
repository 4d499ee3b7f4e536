using EmailSync.Appliance.Model;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Processing;

/// <summary>How to sign in to a server, and as whom.</summary>
/// <param name="UserName">Whose password it is.</param>
/// <param name="Password">The password.</param>
/// <param name="Protocol">The mechanism, or the choice of one.</param>
public sealed record Credentials(string UserName, Secret Password, AuthenticationProtocol Protocol)
{
    /// <summary>The user whose mailbox is opened with somebody else's credentials (RFC 4422 section 3.4.1); empty for one's own.</summary>
    public string AuthorizationIdentity { get; init; } = "";

    /// <summary>There is no password: the process signs in as the user that it runs as, with its own Kerberos ticket or, on Windows, its own logon.</summary>
    public bool AreOfThisProcess { get; private init; }

    /// <summary>The process's own.</summary>
    public static Credentials OfThisProcess(AuthenticationProtocol protocol) => new("the appliance's own user", new Secret(""), protocol) { AreOfThisProcess = true };
}
