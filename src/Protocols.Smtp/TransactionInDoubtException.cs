namespace EmailSync.Protocols.Smtp;

/// <summary>
/// The end of the content had gone out, and the connection failed before its reply came: the server may have the message or not
/// (RFC 5321 section 6.1). Sent again it may arrive twice. The inner exception is what ended the connection.
/// </summary>
public sealed class TransactionInDoubtException(Exception innerException)
    : IOException("The message may have been accepted: the connection failed between the end of its content and the reply", innerException);
