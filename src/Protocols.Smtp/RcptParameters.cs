using System.Text;

namespace EmailSync.Protocols.Smtp;

/// <summary>The parameters of RCPT: NOTIFY and ORCPT (RFC 3461 sections 4.1 and 4.2).</summary>
internal static class RcptParameters
{
    // The entire parameter (RFC 3461 section 4.2).
    private const int MostOriginalRecipient = 500;

    /// <summary>Decides them for one recipient.</summary>
    /// <returns>The parameters, each with the space before it.</returns>
    public static string Decide(DsnRequest dsn, MailPath forwardPath)
    {
        string parameters = dsn.NotifyFor(forwardPath) is { } notify ? $" NOTIFY={Value(notify)}" : "";
        return dsn.GivesOriginalRecipients ? $"{parameters} {OriginalRecipient(forwardPath)}" : parameters;
    }

    private static string Value(DsnNotify notify)
    {
        if (notify == DsnNotify.Never)
            return "NEVER";
        if ((notify & ~(DsnNotify.Success | DsnNotify.Failure | DsnNotify.Delay)) != 0)
            throw new ArgumentException($"There is no notification of kind {notify} (RFC 3461 section 4.1); nothing was sent");
        return notify.ToString().ToUpperInvariant().Replace(", ", ",", StringComparison.Ordinal);
    }

    // An address beyond ASCII goes to a server with SMTPUTF8 only, which takes the type utf-8 as it is (RFC 6533 section 3).
    private static string OriginalRecipient(MailPath path)
    {
        string parameter = path.NeedsSmtpUtf8 ? $"ORCPT=utf-8;{Unitext(path.Mailbox)}" : $"ORCPT=rfc822;{Xtext.Encode(path.Mailbox)}";
        return Encoding.UTF8.GetByteCount(parameter) <= MostOriginalRecipient
            ? parameter
            : throw new ArgumentException(
                $"An address is too long for ORCPT, which has no more than {MostOriginalRecipient} characters (RFC 3461 section 4.2); nothing was sent");
    }

    private static string Unitext(string mailbox) =>
        string.Concat(mailbox.Select(c => c is ' ' or '\\' or '+' or '=' ? $"\\x{{{(int)c:X2}}}" : c.ToString()));
}
