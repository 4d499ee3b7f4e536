namespace EmailSync.Appliance.Processing;

/// <summary>The mailbox or its profile is not ready to be processed; the message says what is missing.</summary>
public sealed class NotReadyException(string message) : Exception(message);
