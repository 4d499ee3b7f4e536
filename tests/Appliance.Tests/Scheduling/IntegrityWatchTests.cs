using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Tests.Processing;
using EmailSync.Appliance.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Scheduling;

public sealed class IntegrityWatchTests
{
    [Fact]
    public async Task Damage_is_told_of_within_a_day_and_the_alert_ends_with_it()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(clock: clock);
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync());
        await rig.Store.ReceiveAsync(mailbox.Id, "uid", Samples.Message("one", 200_000), Rig.Timeout);
        AlertBook alerts = rig.Alerts(rig.Store);
        using IntegrityWatch watch = new(rig.Store, alerts, clock, NullLogger<IntegrityWatch>.Instance);
        await watch.LookAsync(Rig.Timeout);
        string file = Assert.Single(Directory.GetFiles(Path.Combine(rig.Folder, "spool")));

        File.Move(file, file + "-away");
        clock.Advance(TimeSpan.FromHours(23));
        await watch.LookAsync(Rig.Timeout);
        Assert.Empty(await rig.AlertsAsync(AlertSubject.Appliance));
        clock.Advance(TimeSpan.FromHours(1));
        await watch.LookAsync(Rig.Timeout);
        Alert alert = Assert.Single(await rig.AlertsAsync(AlertSubject.Appliance));
        Assert.Equal(("store-damaged", AlertLevel.Error), (alert.Code, alert.Level));
        Assert.StartsWith("1 faults. Email eml_1: ", alert.Text, StringComparison.Ordinal);
        Assert.Contains("emailsync restore", alert.Remedy, StringComparison.Ordinal);

        File.Move(file + "-away", file);
        clock.Advance(TimeSpan.FromDays(1));
        await watch.LookAsync(Rig.Timeout);
        Assert.Empty(await rig.AlertsAsync(AlertSubject.Appliance));
    }

    [Fact]
    public async Task After_a_crash_what_is_stored_is_checked_though_it_was_checked_today()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(clock: clock);
        await rig.Store.Upkeep.CheckAsync(Rig.Timeout);
        clock.Advance(TimeSpan.FromHours(1));

        await rig.RestartAsync();
        Assert.Equal(TimeSpan.FromHours(1), await LookAsync());
        await rig.RestartAsync(isAfterCrash: true);
        Assert.Equal(TimeSpan.Zero, await LookAsync());

        // How long ago the last check was.
        async Task<TimeSpan> LookAsync()
        {
            using IntegrityWatch watch = new(rig.Store, rig.Alerts(rig.Store), clock, NullLogger<IntegrityWatch>.Instance);
            await watch.LookAsync(Rig.Timeout);
            return clock.GetUtcNow() - (await rig.Store.Upkeep.LastCheckAsync(Rig.Timeout))!.CompletedAt;
        }
    }
}
