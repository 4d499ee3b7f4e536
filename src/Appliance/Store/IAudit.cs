using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>The audit log: an entry is durable before its change is begun, so that no change is without one.</summary>
public interface IAudit
{
    /// <summary>Writes down that a change begins.</summary>
    ValueTask<AuditId> BeginAsync(AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>Writes down what came of it.</summary>
    /// <param name="id">Which entry.</param>
    /// <param name="subject">What it was done to, where that is known only now.</param>
    /// <param name="document">The fields that were given, without secrets.</param>
    /// <param name="outcome">The HTTP status.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask EndAsync(AuditId id, string subject, string? document, int outcome, CancellationToken cancellationToken);

    /// <summary>Deletes entries of changes that began before a moment, the oldest first. Returns how many.</summary>
    ValueTask<int> DeleteOldAsync(DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>A page, newest first, before <paramref name="before"/>.</summary>
    ValueTask<IReadOnlyList<AuditEntry>> ListAsync(AuditId? before, int limit, CancellationToken cancellationToken);
}
