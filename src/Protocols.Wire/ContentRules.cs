namespace EmailSync.Protocols.Wire;

/// <summary>What is done with content that is not a text message in canonical form (RFC 5322 2.1).</summary>
/// <param name="RefuseBareLineEnds">A CR or LF alone is refused with <see cref="InvalidContentException"/>; otherwise it becomes CRLF.</param>
/// <param name="RefuseNul">A NUL is refused with <see cref="InvalidContentException"/>; otherwise it is sent.</param>
public readonly record struct ContentRules(bool RefuseBareLineEnds, bool RefuseNul);
