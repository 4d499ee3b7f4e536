using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    [Fact]
    public async Task A_check_reads_everything_and_its_result_stays()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        await Store.ReceiveAsync(mailbox, "small", Samples.Message("small"), Cancellation);
        await Store.ReceiveAsync(mailbox, "large", Samples.Message("large", Threshold + 1), Cancellation);
        await Store.SubmitAsync(new(mailbox, "", ["b@example.com"]), Samples.Message("sent"), Cancellation);
        Assert.Null(await Store.Upkeep.LastCheckAsync(Cancellation));

        StoreCheck check = await Store.Upkeep.CheckAsync(Cancellation);

        Assert.Equal((3, 0, Start), (check.Emails, check.FaultCount, check.CompletedAt));
        await ReopenAsync();
        Assert.Equal((3, 0, Start), await Store.Upkeep.LastCheckAsync(Cancellation) is { } last ? (last.Emails, last.FaultCount, last.CompletedAt) : default);
        Assert.Equal(0, await Store.Upkeep.ShrinkAsync(Cancellation));
    }

    [Fact]
    public async Task What_is_old_goes_however_much_it_is_and_what_is_not_stays()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        for (int number = 0; number < 1_200; number++)
        {
            await Store.ReceiveAsync(mailbox, $"{number}", Samples.Message($"{number}", number % 100 == 0 ? Threshold - 300 : 10), Cancellation);
            await Store.Alerts.RaiseAsync(AlertCatalog.MailboxEnabled, new(AlertScope.Mailbox, $"{number}"), "old", Cancellation);
            await Store.Alerts.RaiseAsync(AlertCatalog.MailboxSuspended, new(AlertScope.Mailbox, $"{number}"), "old", Cancellation);
            await Store.Alerts.ResolveAsync(new(AlertScope.Mailbox, $"{number}"), [AlertCatalog.MailboxSuspended.Code], Cancellation);
        }

        for (int number = 0; number < 6_000; number++)
            await Store.Audit.BeginAsync(new() { Who = "x", Action = "y", Subject = "z" }, Cancellation);
        Clock.Advance(TimeSpan.FromDays(1));
        EmailId young = await Store.ReceiveAsync(mailbox, "young", Samples.Message("young"), Cancellation);
        await Store.Alerts.RaiseAsync(AlertCatalog.MailboxEnabled, AlertSubject.Of(mailbox), "young", Cancellation);
        AuditId entry = await Store.Audit.BeginAsync(new() { Who = "x", Action = "y", Subject = "z" }, Cancellation);

        Assert.Equal(1_200, await Store.Emails.DeleteOldAsync(Clock.GetUtcNow(), Cancellation));
        Assert.Equal(2_400, await Store.Alerts.DeleteOldAsync(Clock.GetUtcNow(), Cancellation));
        Assert.Equal(6_000, await Store.Audit.DeleteOldAsync(Clock.GetUtcNow(), Cancellation));

        Assert.Equal(young, Assert.Single(await Store.Emails.ListAsync(new(), null, 10, Cancellation)).Id);
        Assert.Equal("young", Assert.Single(await Store.Alerts.ListAsync(false, null, null, 10, Cancellation)).Text);
        Assert.Equal(entry, Assert.Single(await Store.Audit.ListAsync(null, 10, Cancellation)).Id);
    }
}
