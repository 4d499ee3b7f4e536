namespace EmailSync.Appliance.Store;

/// <summary>What was found when everything that is stored was read.</summary>
/// <param name="StartedAt">When it began.</param>
/// <param name="CompletedAt">When it ended.</param>
/// <param name="Emails">How many emails' octets were held against the checksum that they were stored with.</param>
/// <param name="FaultCount">How many faults there are.</param>
/// <param name="Faults">The first ten of them.</param>
public sealed record StoreCheck(DateTimeOffset StartedAt, DateTimeOffset CompletedAt, long Emails, int FaultCount, IReadOnlyList<string> Faults);

/// <summary>What keeps a store in good order. All of it takes its time, and none of it keeps a write waiting for longer than another write would.</summary>
public interface IUpkeep
{
    /// <summary>Reads everything that is stored, and writes down what it found.</summary>
    /// <exception cref="StorageException">It could not be written down.</exception>
    ValueTask<StoreCheck> CheckAsync(CancellationToken cancellationToken);

    /// <summary>What the last check found; null where none has come to its end.</summary>
    ValueTask<StoreCheck?> LastCheckAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Does what a new version left to be done with emails that were stored before it; at once where nothing is left. Returns with how many it had to
    /// do. Given up, it goes on where it was the next time.
    /// </summary>
    ValueTask<long> CompleteAsync(CancellationToken cancellationToken);

    /// <summary>Gives room that deletions left back to the disk, where it is much. Returns how many octets.</summary>
    ValueTask<long> ShrinkAsync(CancellationToken cancellationToken);
}
