namespace EmailSync.Fuzz;

/// <summary>Takes any octets. An exception is a finding.</summary>
public delegate void FuzzTarget(byte[] octets);

/// <summary>Everything that a stranger's octets reach.</summary>
public static class FuzzTargets
{
    /// <summary>By the name that <c>./fuzz</c> and the corpus folders know them by.</summary>
    public static IReadOnlyDictionary<string, FuzzTarget> All { get; } = new Dictionary<string, FuzzTarget>
    {
        ["pop3-response"] = ParserTargets.Pop3Response,
        ["pop3-listing"] = ParserTargets.Pop3Listing,
        ["pop3-capabilities"] = ParserTargets.Pop3Capabilities,
        ["pop3-session"] = SessionTargets.Pop3,
        ["smtp-reply"] = ParserTargets.SmtpReply,
        ["smtp-extensions"] = ParserTargets.SmtpExtensions,
        ["smtp-session"] = SessionTargets.Smtp,
        ["mail-path"] = ParserTargets.MailPath,
        ["dot-stuffing"] = TransparencyTarget.Run,
        ["sasl-scram"] = SaslTargets.Scram,
        ["sasl-oauthbearer"] = SaslTargets.OAuthBearer,
        ["sasl-cram-md5"] = SaslTargets.CramMd5,
        ["header-peek"] = ParserTargets.HeaderPeek,
        ["revocation-list"] = ParserTargets.RevocationList,
        ["server-text"] = ParserTargets.ServerText,
    };
}

/// <summary>A property that must hold does not.</summary>
public sealed class FindingException(string message) : Exception(message)
{
    /// <summary>Throws unless it holds.</summary>
    public static void Unless(bool holds, string property)
    {
        if (!holds)
            throw new FindingException(property);
    }
}
