namespace EmailSync.Load;

/// <summary>A run that cannot be made, or whose result is wrong; the message says what to do.</summary>
internal sealed class LoadException(string message) : Exception(message);
