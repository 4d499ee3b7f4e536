namespace EmailSync.Conformance;

/// <summary>When the encryption of a session begins.</summary>
public enum Encryption
{
    /// <summary>Never.</summary>
    None,

    /// <summary>By STLS or STARTTLS.</summary>
    Upgraded,

    /// <summary>With the connection.</summary>
    Implicit,
}
