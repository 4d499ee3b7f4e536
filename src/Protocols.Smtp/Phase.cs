using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp;

/// <summary>Where in the session something went wrong, or took too long.</summary>
public enum Phase
{
    /// <summary>Waiting for the greeting.</summary>
    Greeting,

    /// <summary>EHLO, or HELO.</summary>
    Ehlo,

    /// <summary>STARTTLS.</summary>
    StartTls,

    /// <summary>The TLS handshake behind STARTTLS.</summary>
    Handshake,

    /// <summary>AUTH and its challenges.</summary>
    Auth,

    /// <summary>MAIL.</summary>
    Mail,

    /// <summary>RCPT.</summary>
    Rcpt,

    /// <summary>DATA, up to the 354.</summary>
    Data,

    /// <summary>The content, block by block.</summary>
    Content,

    /// <summary>Between the end of the content and its reply: the message may be sent more than once.</summary>
    FinalDot,

    /// <summary>RSET.</summary>
    Rset,

    /// <summary>NOOP, VRFY, EXPN, HELP.</summary>
    Query,

    /// <summary>QUIT.</summary>
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
