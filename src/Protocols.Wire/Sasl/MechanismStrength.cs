namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>
/// What a mechanism does for the secret, weakest first. Below <see cref="Proving"/> it needs an encrypted stream, unless the session's
/// options allow otherwise.
/// </summary>
public enum MechanismStrength
{
    /// <summary>The server is told the password or token: PLAIN, LOGIN, OAUTHBEARER, XOAUTH2.</summary>
    Revealing,

    /// <summary>
    /// The server, or who listens, gets a digest from which a weak password is guessed fast, and proves nothing itself: CRAM-MD5, NTLM.
    /// </summary>
    Digesting,

    /// <summary>Both sides prove what they know, and neither tells it: SCRAM, Kerberos.</summary>
    Proving,

    /// <summary>The proof also binds to the TLS connection, so nobody stands in its middle: SCRAM with -PLUS.</summary>
    Binding,
}
