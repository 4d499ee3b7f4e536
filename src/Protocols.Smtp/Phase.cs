using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp;

/// <summary>Where in the session something went wrong, or took too long.</summary>
public enum Phase
{
    /// <summary>Waiting for the greeting (RFC 5321 section 4.5.3.2.1).</summary>
    Greeting,

    /// <summary>EHLO, or HELO (RFC 5321 section 4.1.1.1).</summary>
    Ehlo,

    /// <summary>STARTTLS, up to its go-ahead (RFC 3207 section 4).</summary>
    StartTls,

    /// <summary>The TLS handshake behind STARTTLS.</summary>
    Handshake,

    /// <summary>AUTH and its challenges (RFC 4954 section 4).</summary>
    Auth,

    /// <summary>MAIL (RFC 5321 section 4.1.1.2).</summary>
    Mail,

    /// <summary>RCPT, of one recipient (RFC 5321 section 4.1.1.3).</summary>
    Rcpt,

    /// <summary>DATA, up to the 354 (RFC 5321 section 4.1.1.4).</summary>
    Data,

    /// <summary>The content, in blocks of up to 64 KiB (RFC 5321 section 4.5.3.2.5).</summary>
    Content,

    /// <summary>Between the end of the content and its reply: the message may be sent more than once (RFC 5321 section 4.5.3.2.6).</summary>
    FinalDot,

    /// <summary>RSET (RFC 5321 section 4.1.1.5).</summary>
    Rset,

    /// <summary>NOOP, VRFY, EXPN, HELP (RFC 5321 sections 4.1.1.6 to 4.1.1.9).</summary>
    Query,

    /// <summary>QUIT (RFC 5321 section 4.1.1.10).</summary>
    Quit,
}

/// <summary>The table: phase, how long the server may take in it, and what to call it when it does not answer.</summary>
internal sealed class Phases
{
    private readonly Deadline[] _deadlines;

    public Phases(SmtpOptions options)
    {
        _deadlines = new Deadline[Enum.GetValues<Phase>().Length];
        Set(Phase.Greeting, "greeting", options.GreetingTimeout);
        Set(Phase.Ehlo, "reply to EHLO", options.CommandTimeout);
        Set(Phase.StartTls, "reply to STARTTLS", options.CommandTimeout);
        Set(Phase.Handshake, "TLS handshake", options.HandshakeTimeout);
        Set(Phase.Auth, "reply to AUTH", options.CommandTimeout);
        Set(Phase.Mail, "reply to MAIL", options.CommandTimeout);
        Set(Phase.Rcpt, "reply to RCPT", options.CommandTimeout);
        Set(Phase.Data, "reply to DATA", options.DataTimeout);
        Set(Phase.Content, "sending of a block of content", options.BlockTimeout);
        Set(Phase.FinalDot, "reply to the end of the content", options.FinalDotTimeout);
        Set(Phase.Rset, "reply to RSET", options.CommandTimeout);
        Set(Phase.Query, "reply", options.CommandTimeout);
        Set(Phase.Quit, "reply to QUIT", options.QuitTimeout);
    }

    public Deadline this[Phase phase] => _deadlines[(int)phase];

    /// <summary>What was refused in a phase.</summary>
    public static string NameOf(Phase phase) => phase switch
    {
        Phase.Greeting => "the connection",
        Phase.FinalDot or Phase.Content => "the content",
        Phase.Query => "the query",
        _ => phase.ToString().ToUpperInvariant(),
    };

    private void Set(Phase phase, string awaited, TimeSpan timeout) => _deadlines[(int)phase] = new Deadline(awaited, timeout);
}
