namespace EmailSync.Protocols.Wire;

/// <summary>
/// The connection ended, by the peer, by the network, or because an earlier exchange on it was cut short. The inner
/// exception is the first cause.
/// </summary>
public sealed class ConnectionLostException(string message, Exception? innerException = null) : IOException(message, innerException);
