using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>Email server profiles.</summary>
public interface IProfiles
{
    /// <summary>Stores a new profile with its secrets and returns it with its id and version 1.</summary>
    /// <exception cref="DuplicateValueException">The name is taken.</exception>
    ValueTask<EmailServerProfile> CreateAsync(EmailServerProfile profile, CancellationToken cancellationToken, params IReadOnlyList<GivenSecret> secrets);

    /// <summary>The profile, or null.</summary>
    ValueTask<EmailServerProfile?> FindAsync(ProfileId id, CancellationToken cancellationToken);

    /// <summary>The profile of that name, compared without case, or null.</summary>
    ValueTask<EmailServerProfile?> FindByNameAsync(string name, CancellationToken cancellationToken);

    /// <summary>All profiles, by name.</summary>
    ValueTask<IReadOnlyList<EmailServerProfile>> ListAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Replaces a profile whose version is still the one that <paramref name="profile"/> carries, and returns it with the next version. Where
    /// its servers are others, what <see cref="Relocation"/> takes away is gone in the same transaction; the secrets given are stored in it.
    /// </summary>
    /// <exception cref="VersionConflictException">It was changed in between.</exception>
    /// <exception cref="NotStoredException">There is no such profile.</exception>
    /// <exception cref="DuplicateValueException">The name is taken.</exception>
    ValueTask<EmailServerProfile> UpdateAsync(EmailServerProfile profile, CancellationToken cancellationToken, params IReadOnlyList<GivenSecret> secrets);

    /// <summary>Deletes a profile that no mailbox uses, and its secrets.</summary>
    /// <exception cref="InUseException">Mailboxes use it.</exception>
    /// <exception cref="NotStoredException">There is no such profile.</exception>
    ValueTask DeleteAsync(ProfileId id, CancellationToken cancellationToken);
}
