using EmailSync.Protocols.Pop3;

namespace EmailSync.Conformance;

/// <summary>An account whose maildrop a host can be asked to fill.</summary>
/// <param name="Name">Its user name.</param>
/// <param name="Password">Its password.</param>
public sealed record Account(string Name, string Password);

/// <summary>A POP3 server that the suite is run against.</summary>
public interface IMaildropHost
{
    /// <summary>What cannot be shown with this server, and why; the tests about it are skipped with that reason.</summary>
    IReadOnlyDictionary<Ability, string> Lacks { get; }

    /// <summary>An account that no other test uses, with an empty maildrop. Skips the test where the server is not there.</summary>
    Account NewAccount();

    /// <summary>Puts a message into a maildrop, behind those that lie there.</summary>
    void Deliver(Account account, ReadOnlySpan<byte> content);

    /// <summary>How many messages lie in a maildrop, as seen from behind the server.</summary>
    int CountOf(Account account);

    /// <summary>A session that has been greeted and has not signed in.</summary>
    Task<Pop3Session> OpenAsync(Encryption encryption, Pop3Options? options = null);
}
