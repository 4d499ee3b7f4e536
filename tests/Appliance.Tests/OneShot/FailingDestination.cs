using EmailSync.Appliance.OneShot;

namespace EmailSync.Appliance.Tests.OneShot;

/// <summary>A destination on a disk whose next flush fails, and whose later ones succeed, as Linux has it.</summary>
internal sealed class FailingDestination(IDestination destination, int failsAt) : IDestination
{
    private int _flushes;

    public string Name => destination.Name;

    public void Open(FetchState? state) => destination.Open(state);

    public bool Holds(MessageKey key) => destination.Holds(key);

    public void Begin() => destination.Begin();

    public void Write(ReadOnlySpan<byte> octets) => destination.Write(octets);

    public void Discard() => destination.Discard();

    public void Complete(MessageKey key, long octets) => destination.Complete(key, octets);

    public Task<long?> PrepareAsync(CancellationToken cancellationToken) =>
        ++_flushes == failsAt ? throw new IOException("No space left on device") : destination.PrepareAsync(cancellationToken);

    public void Publish() => destination.Publish();

    public void Dispose() => destination.Dispose();
}
