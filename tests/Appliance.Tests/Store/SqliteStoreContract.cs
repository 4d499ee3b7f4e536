using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>The contract, kept by SQLite.</summary>
public sealed class SqliteStoreContract : StoreContract
{
    private readonly TemporaryFolder _folder = new();

    protected override async Task<IStore> OpenAsync() =>
        await SqliteStore.OpenAsync(new() { DataFolder = _folder.Path }, Clock, cancellationToken: Cancellation);

    protected override void Drop() => _folder.Dispose();
}

/// <summary>The contract, kept when the power fails instead of a close: what was acknowledged is in the files as they stand.</summary>
public sealed class SqliteStorePowerCutContract : StoreContract
{
    private TemporaryFolder _folder = new();

    protected override async Task<IStore> OpenAsync() =>
        await SqliteStore.OpenAsync(new() { DataFolder = _folder.Path }, Clock, cancellationToken: Cancellation);

    protected override async Task ReopenAsync()
    {
        TemporaryFolder asItStands = _folder.Copy();
        await Store.DisposeAsync();
        _folder.Dispose();
        _folder = asItStands;
        Store = await OpenAsync();
    }

    protected override void Drop() => _folder.Dispose();
}
