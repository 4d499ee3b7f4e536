using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>"Configure alerts" of the original: information, warnings and errors, each switched on and off by itself.</summary>
public sealed class AlertSwitchTests
{
    public static TheoryData<bool, bool, bool> Switches => [.. from i in Both from w in Both from e in Both select new TheoryDataRow<bool, bool, bool>(i, w, e)];

    private static readonly bool[] Both = [false, true];

    [Theory, MemberData(nameof(Switches))]
    public async Task What_is_switched_off_is_not_raised_and_the_rest_is(bool information, bool warning, bool error)
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync();
        await rig.Store.Settings.UpdateAsync(new() { AlertOnInformation = information, AlertOnWarning = warning, AlertOnError = error }, Rig.Timeout);
        AlertBook book = rig.Alerts(rig.Store);
        Dictionary<AlertLevel, bool> isOn = new() { [AlertLevel.Information] = information, [AlertLevel.Warning] = warning, [AlertLevel.Error] = error };

        foreach (AlertEntry entry in AlertCatalog.All)
            await book.RaiseAsync(entry, AlertSubject.Of(profile.Id), "it happened", service: null, Rig.Timeout);

        HashSet<string> raised = [.. (await rig.Store.Alerts.ListAsync(unresolvedOnly: true, AlertSubject.Of(profile.Id), null, 1000, Rig.Timeout)).Select(alert => alert.Code)];
        Assert.All(AlertCatalog.All, entry => Assert.Equal(isOn[entry.Level], raised.Contains(entry.Code)));
    }

    [Fact]
    public async Task An_alert_that_stood_when_its_level_was_switched_off_is_resolved_all_the_same()
    {
        await using Rig rig = await Rig.StartAsync();
        AlertSubject subject = AlertSubject.Of((await rig.AddProfileAsync()).Id);
        AlertBook book = rig.Alerts(rig.Store);
        AlertEntry entry = AlertCatalog.For(ErrorClass.Connect);
        await book.RaiseAsync(entry, subject, "it happened", service: null, Rig.Timeout);
        await rig.Store.Settings.UpdateAsync(new() { AlertOnWarning = false, AlertOnError = false }, Rig.Timeout);

        Assert.True(await book.ResolveAsync(subject, entry, Rig.Timeout));
        Assert.Empty(await rig.AlertsAsync(subject));
    }
}
