using EmailSync.Protocols.Smtp;

namespace EmailSync.Conformance;

/// <summary>An SMTP server that the suite is run against.</summary>
public interface ISubmissionHost
{
    /// <summary>What cannot be shown with this server, and why; the tests about it are skipped with that reason.</summary>
    IReadOnlyDictionary<Ability, string> Lacks { get; }

    /// <summary>The largest message that it takes, in octets, where it has <see cref="Ability.SizeLimit"/>.</summary>
    long MaxSize { get; }

    /// <summary>An account that no other test uses; its name is its address. Skips the test where the server is not there.</summary>
    Account NewAccount();

    /// <summary>An address in the server's domain that nobody has.</summary>
    string NobodysAddress { get; }

    /// <summary>A reverse-path that it refuses at MAIL for good, where it has <see cref="Ability.RefusesForGood"/>.</summary>
    MailPath RefusedReversePath { get; }

    /// <summary>A reverse-path that it refuses at MAIL for now.</summary>
    MailPath DeferredReversePath { get; }

    /// <summary>A session that has been greeted and has not signed in.</summary>
    Task<SmtpSession> OpenAsync(Encryption encryption, SmtpOptions? options = null);

    /// <summary>Waits until so many messages have come for an account, and returns them in the order in which they came, without the trace fields.</summary>
    Task<IReadOnlyList<byte[]>> ReceiveAsync(Account account, int count);
}
