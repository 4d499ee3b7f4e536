namespace EmailSync.Protocols.Smtp;

/// <summary>
/// The content cannot be sent to this server as it is: too large, or with a line too long. Nothing was sent, and the session can be
/// used for something else.
/// </summary>
public sealed class UnsendableContentException(string message) : Exception(message);
