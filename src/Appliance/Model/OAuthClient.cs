namespace EmailSync.Appliance.Model;

/// <summary>How access tokens are obtained (RFC 6749).</summary>
public enum OAuthFlow
{
    /// <summary>The appliance's own (section 4.4): one token for all mailboxes.</summary>
    ClientCredentials,

    /// <summary>By a refresh token that a person's consent gave (section 6): the mailbox's, or with profile credentials the profile's.</summary>
    RefreshToken,
}

/// <summary>How a profile's mailboxes come to access tokens.</summary>
public sealed record OAuthClient
{
    /// <summary>Where tokens are asked for; HTTPS.</summary>
    public required Uri TokenEndpoint { get; init; }

    /// <summary>Who asks; at most 250 characters.</summary>
    public required string ClientId { get; init; }

    /// <summary>What for, as the provider names it; at most 1,000 characters.</summary>
    public string? Scope { get; init; }

    /// <summary>How.</summary>
    public OAuthFlow Flow { get; init; }
}
