namespace EmailSync.Protocols.Wire;

/// <summary>Content that was to be sent holds what must not be sent. The final dot was not sent, so the server drops what it has of it (RFC 5321 4.1.1.10).</summary>
public sealed class InvalidContentException(string message) : IOException(message);
