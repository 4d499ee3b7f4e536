namespace EmailSync.Appliance.Model;

/// <summary>What the holder of a token may do; each role may do what those before it may.</summary>
public enum TokenRole
{
    /// <summary>Read emails, and submit, cancel and retry outgoing ones.</summary>
    Application,

    /// <summary>See and change everything but secrets, trusted certificates and tokens.</summary>
    Operator,

    /// <summary>Everything.</summary>
    Admin,
}

/// <summary>An API token as it is known here: the token itself is shown once, when it is made.</summary>
public sealed record ApiToken
{
    /// <summary>Its identity; 0 until it is stored.</summary>
    public TokenId Id { get; init; }

    /// <summary>1 to 100 characters, unique: what the audit log calls its holder.</summary>
    public required string Name { get; init; }

    /// <summary>What its holder may do.</summary>
    public required TokenRole Role { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who made it.</summary>
    public required string CreatedBy { get; init; }
}
