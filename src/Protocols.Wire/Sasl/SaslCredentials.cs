namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>Who signs in, and with what.</summary>
/// <param name="UserName">Whose secret it is (authentication identity).</param>
/// <param name="Secret">The password, or the access token.</param>
public sealed record SaslCredentials(string UserName, Secret Secret)
{
    /// <summary>On whose behalf to act (RFC 4422 section 3.4.1); empty: the same user.</summary>
    public string AuthorizationIdentity { get; init; } = "";

    /// <summary>The secret is an access token. A token is never sent as a password, nor a password as a token.</summary>
    public bool IsToken { get; init; }
}
