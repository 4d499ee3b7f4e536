using System.Threading.Channels;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using EmailSync.Appliance.Tests.Faults;
using EmailSync.Appliance.Tests.Store;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Scheduling;

/// <summary>What systemd hears of an appliance whose unit has WatchdogSec=.</summary>
public sealed class SystemdWatchdogTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_told_twice_in_the_time_that_it_gives()
    {
        using TemporaryFolder folder = new();
        FakeTimeProvider clock = new();
        await using IStore store = await SqliteStore.OpenAsync(new() { DataFolder = folder.Path }, clock, cancellationToken: Cancel);
        Notifier heard = new();
        using SystemdWatchdog watchdog = new(heard, store, clock, TimeSpan.FromSeconds(30));

        await watchdog.StartAsync(Cancel);
        for (int beat = 0; beat < 3; beat++)
        {
            Assert.Equal("WATCHDOG=1", await heard.NextAsync());
            clock.Advance(TimeSpan.FromSeconds(15));
        }

        await watchdog.StopAsync(Cancel);
    }

    [Fact]
    public async Task It_hears_nothing_of_an_appliance_that_hangs()
    {
        using TemporaryFolder folder = new();
        FakeTimeProvider clock = new();
        await using IStore store = await SqliteStore.OpenAsync(new() { DataFolder = folder.Path }, clock, cancellationToken: Cancel);
        StoreHang hang = new(nameof(ISettings.ReadAsync));
        Notifier heard = new();
        using SystemdWatchdog watchdog = new(heard, FaultingStore.Wrap(store, hang), clock, TimeSpan.FromSeconds(30));

        Task look = watchdog.LookAsync(Cancel);
        Assert.Equal((false, 0), (look.IsCompleted, heard.Count));

        hang.Release();
        await look;
        Assert.Equal("WATCHDOG=1", await heard.NextAsync());
    }

    [Fact]
    public async Task It_hears_of_an_appliance_whose_disk_fails()
    {
        using TemporaryFolder folder = new();
        FakeTimeProvider clock = new();
        await using IStore store = await SqliteStore.OpenAsync(new() { DataFolder = folder.Path }, clock, cancellationToken: Cancel);
        MethodFault fault = new(nameof(ISettings.ReadAsync));
        Notifier heard = new();
        using SystemdWatchdog watchdog = new(heard, FaultingStore.Wrap(store, fault), clock, TimeSpan.FromSeconds(30));

        await watchdog.StartAsync(Cancel);
        Assert.Equal("WATCHDOG=1", await heard.NextAsync());
        Assert.True(fault.IsOver);
        await watchdog.StopAsync(Cancel);
    }

    [Theory]
    [InlineData("30000000", null, 30)]
    [InlineData("30000000", "1", null)]
    [InlineData("18446744073709551615", null, null), InlineData("9223372036854775807", null, 86_400)]
    [InlineData(null, null, null), InlineData("0", null, null), InlineData("soon", null, null)]
    public void It_asks_by_the_environment(string? microseconds, string? process, int? seconds) => Assert.Equal(
        seconds is { } given ? TimeSpan.FromSeconds(given) : null,
        SystemdWatchdog.PatienceOf(name => name == "WATCHDOG_USEC" ? microseconds : process));

    private sealed class Notifier : ISystemdNotifier
    {
        private readonly Channel<string> _heard = Channel.CreateUnbounded<string>();

        public bool IsEnabled => true;

        public int Count => _heard.Reader.Count;

        public void Notify(ServiceState state) => Assert.True(_heard.Writer.TryWrite(state.ToString()));

        public async Task<string> NextAsync() => await _heard.Reader.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }
}
