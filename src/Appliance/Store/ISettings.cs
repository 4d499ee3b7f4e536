using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>What is set once for the whole appliance.</summary>
public interface ISettings
{
    /// <summary>The settings in force.</summary>
    ValueTask<Settings> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Replaces them where the version is still the one that <paramref name="settings"/> carries.</summary>
    /// <exception cref="VersionConflictException">They were changed in between.</exception>
    ValueTask<Settings> UpdateAsync(Settings settings, CancellationToken cancellationToken);
}
