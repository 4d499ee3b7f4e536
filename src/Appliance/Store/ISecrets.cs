using EmailSync.Appliance.Model;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Store;

/// <summary>Which password it is.</summary>
public enum SecretKind
{
    /// <summary>For retrieval, and for submission where the same settings are used.</summary>
    Incoming,

    /// <summary>For submission.</summary>
    Outgoing,

    /// <summary>The profile's own, at its token endpoint.</summary>
    ClientSecret,

    /// <summary>For access tokens: a mailbox's or a profile's.</summary>
    RefreshToken,
}

/// <summary>Whose password it is: a mailbox's or a profile's.</summary>
/// <param name="Owner">The owner's id in text form.</param>
/// <param name="Kind">Which.</param>
public readonly record struct SecretName(string Owner, SecretKind Kind)
{
    /// <summary>A mailbox has one password for both directions.</summary>
    public static SecretName Of(MailboxId mailbox) => new(mailbox.ToString(), SecretKind.Incoming);

    /// <summary>A mailbox's refresh token.</summary>
    public static SecretName RefreshTokenOf(MailboxId mailbox) => new(mailbox.ToString(), SecretKind.RefreshToken);

    /// <summary>A profile has one for each direction, and those for access tokens.</summary>
    public static SecretName Of(ProfileId profile, SecretKind kind) => new(profile.ToString(), kind);
}

/// <summary>Passwords: written through the API, revealed to processing only, encrypted at rest under keys that are not in the database.</summary>
public interface ISecrets
{
    /// <summary>Stores a password, or replaces it. False where it is no more the one that it was to take the place of; then nothing is stored.</summary>
    /// <param name="name">Which.</param>
    /// <param name="secret">The password.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="inPlaceOf">Stored only where this one is; null for whatever there is.</param>
    /// <exception cref="NotStoredException">There is no such owner.</exception>
    /// <exception cref="StorageException">The key ring or the disk failed.</exception>
    ValueTask<bool> SetAsync(SecretName name, Secret secret, CancellationToken cancellationToken, Secret? inPlaceOf = null);

    /// <summary>Whether one is stored.</summary>
    ValueTask<bool> IsSetAsync(SecretName name, CancellationToken cancellationToken);

    /// <summary>The password, or null where none is stored.</summary>
    /// <exception cref="StorageException">It cannot be decrypted: the key ring is not the one it was written under.</exception>
    ValueTask<Secret?> RevealAsync(SecretName name, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a new key, encrypts every password under it, and deletes the keys that none is encrypted under any more. Cut off, it can be run
    /// again: what is not encrypted anew keeps its old key.
    /// </summary>
    /// <exception cref="StorageException">A password cannot be decrypted, or the disk failed; no key was deleted.</exception>
    ValueTask<KeyRotation> RotateKeysAsync(CancellationToken cancellationToken);
}

/// <summary>What a rotation of keys came to.</summary>
/// <param name="Secrets">Passwords that were encrypted anew.</param>
/// <param name="RetiredKeys">Keys that were deleted.</param>
public readonly record struct KeyRotation(int Secrets, int RetiredKeys);
