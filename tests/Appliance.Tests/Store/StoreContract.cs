using EmailSync.Appliance.Store;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>What every implementation of the store must do. The parts are in the files named after the parts of the store.</summary>
public abstract partial class StoreContract : IAsyncLifetime
{
    protected static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    protected FakeTimeProvider Clock { get; } = new(Start);

    protected IStore Store { get; set; } = null!;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Opens the same storage at every call.</summary>
    protected abstract Task<IStore> OpenAsync();

    /// <summary>Drops the storage.</summary>
    protected abstract void Drop();

    /// <summary>What is read from now on was on the disk.</summary>
    protected virtual async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = await OpenAsync();
    }

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Drop();
        GC.SuppressFinalize(this);
    }
}
