namespace EmailSync.Lab;

/// <summary>The replies of the lab's SMTP server, with their enhanced codes (RFC 5321 section 4.2, RFC 3463).</summary>
internal readonly record struct SmtpReply(int Code, string Status, string Text)
{
    public static readonly SmtpReply Ok = new(250, "2.0.0", "OK");
    public static readonly SmtpReply Bye = new(221, "2.0.0", "bye");
    public static readonly SmtpReply SenderOk = new(250, "2.1.0", "sender OK");
    public static readonly SmtpReply RecipientOk = new(250, "2.1.5", "recipient OK");
    public static readonly SmtpReply StartContent = new(354, "", "start mail input; end with <CRLF>.<CRLF>");
    public static readonly SmtpReply StartTls = new(220, "2.0.0", "ready to start TLS");
    public static readonly SmtpReply SignedIn = new(235, "2.7.0", "authentication successful");
    public static readonly SmtpReply CannotVerify = new(252, "2.5.2", "cannot verify, but will take the message");
    public static readonly SmtpReply Help = new(214, "2.0.0", "see RFC 5321");

    public static readonly SmtpReply TooManyRecipients = new(452, "4.5.3", "too many recipients");
    public static readonly SmtpReply Unrecognised = new(500, "5.5.2", "command not recognised");
    public static readonly SmtpReply LineTooLong = new(500, "5.5.6", "line too long");
    public static readonly SmtpReply BadSyntax = new(501, "5.5.4", "syntax error in parameters");
    public static readonly SmtpReply ExchangeEnded = new(501, "5.5.2", "authentication exchange cancelled or malformed");
    public static readonly SmtpReply NotImplemented = new(502, "5.5.1", "command not implemented");
    public static readonly SmtpReply BadSequence = new(503, "5.5.1", "bad sequence of commands");
    public static readonly SmtpReply UnknownMechanism = new(504, "5.5.4", "unrecognised authentication type");
    public static readonly SmtpReply SignInFirst = new(530, "5.7.0", "authentication required");
    public static readonly SmtpReply WrongCredentials = new(535, "5.7.8", "authentication credentials invalid");
    public static readonly SmtpReply EncryptFirst = new(538, "5.7.11", "encryption required for this mechanism");
    public static readonly SmtpReply NoSuchUser = new(550, "5.1.1", "no such user here");
    public static readonly SmtpReply TooBig = new(552, "5.3.4", "message too big");
    public static readonly SmtpReply NeedsSmtpUtf8 = new(553, "5.6.7", "non-ASCII address without SMTPUTF8");
    public static readonly SmtpReply NoRecipients = new(554, "5.5.1", "no valid recipients");
    public static readonly SmtpReply UnknownParameter = new(555, "5.5.4", "parameter not recognised");
}
