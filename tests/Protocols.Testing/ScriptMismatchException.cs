namespace EmailSync.Protocols.Testing;

/// <summary>The client did something else than the transcript.</summary>
public sealed class ScriptMismatchException(string message) : Exception(message);
