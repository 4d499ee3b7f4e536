namespace EmailSync.Protocols.Pop3;

/// <summary>A message that the server would not mark as deleted.</summary>
/// <param name="MessageNumber">The message.</param>
/// <param name="Refusal">The server's <c>-ERR</c>.</param>
public readonly record struct RefusedDeletion(int MessageNumber, Pop3Response Refusal);
