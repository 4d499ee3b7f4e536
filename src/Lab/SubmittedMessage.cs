namespace EmailSync.Lab;

/// <summary>A message that SMTP accepted: the envelope as it was given, and the octets as they were meant.</summary>
/// <param name="ReversePath">What stood between the angle brackets of MAIL; empty for a bounce.</param>
/// <param name="ForwardPaths">What stood between the angle brackets of each accepted RCPT.</param>
/// <param name="Parameters">The parameters of MAIL and of each RCPT, as written, in that order.</param>
/// <param name="Content">The message with stuffed dots removed; empty when the lab was told not to keep it.</param>
/// <param name="Octets">The size of the message in octets, kept or not.</param>
/// <param name="AuthenticatedAs">The address that signed in, or null.</param>
/// <param name="IsEncrypted">Whether the message came over TLS.</param>
/// <param name="IsChunked">Whether it came by BDAT (RFC 3030) rather than DATA.</param>
/// <param name="Connection">The number of the connection in the journal.</param>
public sealed record SubmittedMessage(
    string ReversePath,
    IReadOnlyList<string> ForwardPaths,
    IReadOnlyList<string> Parameters,
    ReadOnlyMemory<byte> Content,
    long Octets,
    string? AuthenticatedAs,
    bool IsEncrypted,
    bool IsChunked,
    int Connection);
