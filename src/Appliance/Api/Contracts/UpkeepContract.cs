namespace EmailSync.Appliance.Api.Contracts;

/// <summary>How a backup is made.</summary>
public sealed record BackupInput
{
    /// <summary>12 to 1,000 characters: encrypts the key ring into the backup. Null leaves the key ring out.</summary>
    public string? Passphrase { get; init; }
}

/// <summary>What a rotation of keys came to.</summary>
/// <param name="Secrets">Encrypted anew.</param>
/// <param name="RetiredKeys">Deleted: nothing is encrypted under them any more.</param>
public sealed record RotationContract(int Secrets, int RetiredKeys);
