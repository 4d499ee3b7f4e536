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
