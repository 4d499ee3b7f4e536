namespace EmailSync.Appliance.Store;

/// <summary>The disk takes no writes.</summary>
/// <param name="Since">When the first of them failed.</param>
/// <param name="Why">What it said.</param>
public sealed record StorageTrouble(DateTimeOffset Since, string Why);

/// <summary>Whether the disk takes writes: as the writes themselves found, until a probe finds otherwise (<see cref="IStore.ProbeAsync"/>).</summary>
public sealed class StorageHealth(TimeProvider clock)
{
    private StorageTrouble? _trouble;

    /// <summary>What is wrong; null while writes succeed.</summary>
    public StorageTrouble? Trouble => Volatile.Read(ref _trouble);

    /// <summary>A write failed.</summary>
    internal void Fail(string why) => Interlocked.CompareExchange(ref _trouble, new(clock.GetUtcNow(), why), null);

    /// <summary>A probe succeeded.</summary>
    internal void Recover() => Volatile.Write(ref _trouble, null);
}
