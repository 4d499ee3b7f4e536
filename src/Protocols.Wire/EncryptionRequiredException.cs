namespace EmailSync.Protocols.Wire;

/// <summary>A password or token was about to go over a stream that is not encrypted. It was not sent.</summary>
public sealed class EncryptionRequiredException(string message) : InvalidOperationException(message);
