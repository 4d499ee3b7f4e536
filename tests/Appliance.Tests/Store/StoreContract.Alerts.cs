using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    private static readonly AlertSubject Ada = AlertSubject.Of(new MailboxId(1));
    private static readonly AlertSubject Bob = AlertSubject.Of(new MailboxId(2));

    [Fact]
    public async Task An_alert_that_stands_is_counted_and_not_repeated()
    {
        AlertEntry entry = AlertCatalog.For(ErrorClass.Timeout);
        Assert.Equal(1, await Store.Alerts.RaiseAsync(entry, Ada, "first", Cancellation));
        Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(2, await Store.Alerts.RaiseAsync(entry, Ada, "second", Cancellation));
        await ReopenAsync();

        Alert alert = Assert.Single(await Store.Alerts.ListAsync(true, null, null, 10, Cancellation));
        Assert.Equal(
            new Alert
            {
                Id = alert.Id,
                Code = "timeout",
                Level = entry.Level,
                Subject = Ada,
                Text = "second",
                Remedy = entry.Remedy,
                RaisedAt = Start,
                LastSeenAt = Start.AddMinutes(5),
                Count = 2,
            },
            alert);
    }

    [Fact]
    public async Task An_alert_raised_after_it_was_resolved_is_a_new_one()
    {
        AlertEntry entry = AlertCatalog.For(ErrorClass.Timeout);
        await Store.Alerts.RaiseAsync(entry, Ada, "first", Cancellation);
        Assert.Equal(1, await Store.Alerts.ResolveAsync(Ada, null, Cancellation));
        Assert.Equal(0, await Store.Alerts.ResolveAsync(Ada, null, Cancellation));
        await Store.Alerts.RaiseAsync(entry, Ada, "second", Cancellation);

        IReadOnlyList<Alert> all = await Store.Alerts.ListAsync(false, null, null, 10, Cancellation);
        Assert.Equal(["second", "first"], all.Select(alert => alert.Text));
        Assert.Equal([null, Start], all.Select(alert => alert.ResolvedAt));
        Assert.Equal(["second"], (await Store.Alerts.ListAsync(true, null, null, 10, Cancellation)).Select(alert => alert.Text));
    }

    [Fact]
    public async Task Alerts_are_resolved_by_subject_and_code()
    {
        foreach (AlertSubject subject in new[] { Ada, Bob })
        {
            foreach (ErrorClass failure in new[] { ErrorClass.Dns, ErrorClass.Tls, ErrorClass.Timeout })
                await Store.Alerts.RaiseAsync(AlertCatalog.For(failure), subject, subject.Id, Cancellation);
        }

        Assert.Equal(2, await Store.Alerts.ResolveAsync(Ada, ["dns", "tls", "policy"], Cancellation));

        Assert.Equal(["timeout"], (await Store.Alerts.ListAsync(true, Ada, null, 10, Cancellation)).Select(alert => alert.Code));
        Assert.Equal(3, (await Store.Alerts.ListAsync(true, Bob, null, 10, Cancellation)).Count);
        Assert.Equal(3, (await Store.Alerts.ListAsync(false, Ada, null, 10, Cancellation)).Count);
    }

    [Fact]
    public async Task Alerts_are_listed_newest_first_in_pages()
    {
        for (int mailbox = 1; mailbox <= 5; mailbox++)
            await Store.Alerts.RaiseAsync(AlertCatalog.MailboxEnabled, AlertSubject.Of(new MailboxId(mailbox)), $"{mailbox}", Cancellation);

        IReadOnlyList<Alert> first = await Store.Alerts.ListAsync(true, null, null, 3, Cancellation);
        IReadOnlyList<Alert> second = await Store.Alerts.ListAsync(true, null, first[^1].Id, 3, Cancellation);
        Assert.Equal(["5", "4", "3", "2", "1"], first.Concat(second).Select(alert => alert.Text));
    }

    [Fact]
    public async Task An_alert_is_dismissed_by_its_id()
    {
        await Store.Alerts.RaiseAsync(AlertCatalog.MailboxEnabled, Ada, "done", Cancellation);
        Alert alert = Assert.Single(await Store.Alerts.ListAsync(true, null, null, 10, Cancellation));

        Assert.True(await Store.Alerts.DismissAsync(alert.Id, Cancellation));
        Assert.False(await Store.Alerts.DismissAsync(new(999), Cancellation));
        Assert.Empty(await Store.Alerts.ListAsync(true, null, null, 10, Cancellation));
    }

    [Fact]
    public async Task Resolved_alerts_and_information_are_deleted_when_they_are_old()
    {
        await Store.Alerts.RaiseAsync(AlertCatalog.MailboxEnabled, Bob, "old information", Cancellation);
        await Store.Alerts.RaiseAsync(AlertCatalog.For(ErrorClass.Timeout), Bob, "unresolved", Cancellation);
        await Store.Alerts.RaiseAsync(AlertCatalog.MailboxEnabled, Ada, "old", Cancellation);
        await Store.Alerts.ResolveAsync(Ada, null, Cancellation);
        Clock.Advance(TimeSpan.FromDays(1));
        await Store.Alerts.RaiseAsync(AlertCatalog.MailboxEnabled, Ada, "young", Cancellation);
        await Store.Alerts.ResolveAsync(Ada, null, Cancellation);
        await Store.Alerts.RaiseAsync(AlertCatalog.MailboxEnabled, Ada, "stands", Cancellation);

        Assert.Equal(2, await Store.Alerts.DeleteOldAsync(Start.AddHours(1), Cancellation));
        Assert.Equal(["stands", "young", "unresolved"], (await Store.Alerts.ListAsync(false, null, null, 10, Cancellation)).Select(alert => alert.Text));
    }
}
