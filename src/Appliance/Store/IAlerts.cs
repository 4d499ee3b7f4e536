using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>What an administrator should know. One unresolved alert at most stands for a code and a subject.</summary>
public interface IAlerts
{
    /// <summary>Raises an alert, or counts it once more where it already stands. Returns how often it was raised since it stands.</summary>
    ValueTask<int> RaiseAsync(AlertEntry entry, AlertSubject subject, string text, CancellationToken cancellationToken);

    /// <summary>Resolves what stands about a subject: the given codes, or all of them where none is given. Returns how many were resolved.</summary>
    ValueTask<int> ResolveAsync(AlertSubject subject, IReadOnlyCollection<string>? codes, CancellationToken cancellationToken);

    /// <summary>A page, newest first.</summary>
    /// <param name="unresolvedOnly">Leave out what was resolved.</param>
    /// <param name="subject">About this only; null for all.</param>
    /// <param name="before">The last id of the page before; null for the first page.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<IReadOnlyList<Alert>> ListAsync(
        bool unresolvedOnly, AlertSubject? subject, AlertId? before, int limit, CancellationToken cancellationToken);

    /// <summary>Resolves one alert. False where there is none.</summary>
    ValueTask<bool> DismissAsync(AlertId id, CancellationToken cancellationToken);

    /// <summary>Deletes alerts that were resolved before a moment, and information last seen before it. Returns how many.</summary>
    ValueTask<int> DeleteOldAsync(DateTimeOffset before, CancellationToken cancellationToken);
}
