namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>A mechanism cannot be used on our side: no ticket, no credentials, no support on this platform.</summary>
public sealed class MechanismUnusableException(string message) : InvalidOperationException(message);
