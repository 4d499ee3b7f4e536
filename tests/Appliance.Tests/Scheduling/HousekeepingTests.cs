using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using EmailSync.Appliance.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Scheduling;

public sealed class HousekeepingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(56));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_older_than_the_settings_say_goes()
    {
        await using SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = _folder.Path }, _clock, cancellationToken: Cancellation);
        MailboxId mailbox = await store.AddMailboxAsync(cancellationToken: Cancellation);
        await store.ReceiveAsync(mailbox, "uid", Samples.Message("old"), Cancellation);
        await store.Alerts.RaiseAsync(AlertCatalog.MailboxEnabled, AlertSubject.Of(mailbox), "old", Cancellation);
        using Housekeeping housekeeping = new(store, _clock, NullLogger<Housekeeping>.Instance);

        _clock.Advance(TimeSpan.FromDays(29));
        await housekeeping.LookAsync(Cancellation);
        Assert.Single(await store.Alerts.ListAsync(false, null, null, 10, Cancellation));

        _clock.Advance(TimeSpan.FromDays(2));
        await housekeeping.LookAsync(Cancellation);
        Assert.Empty(await store.Alerts.ListAsync(false, null, null, 10, Cancellation));
        Assert.Equal(1, await store.Emails.CountAsync(new(), Cancellation));

        await store.Settings.UpdateAsync(new() { EmailRetentionDays = 30 }, Cancellation);
        await housekeeping.LookAsync(Cancellation);
        Assert.Equal(0, await store.Emails.CountAsync(new(), Cancellation));
    }

    [Fact]
    public async Task The_audit_log_is_kept_as_long_as_the_settings_say_and_no_longer()
    {
        await using SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = _folder.Path }, _clock, cancellationToken: Cancellation);
        await store.Audit.BeginAsync(new() { Who = "x", Action = "PATCH /x", Subject = "/x/1" }, Cancellation);
        _clock.Advance(TimeSpan.FromDays(364));
        AuditId young = await store.Audit.BeginAsync(new() { Who = "x", Action = "PATCH /x", Subject = "/x/2" }, Cancellation);
        using Housekeeping housekeeping = new(store, _clock, NullLogger<Housekeeping>.Instance);

        await housekeeping.LookAsync(Cancellation);
        Assert.Equal(2, (await store.Audit.ListAsync(null, 10, Cancellation)).Count);

        _clock.Advance(TimeSpan.FromDays(2));
        await housekeeping.LookAsync(Cancellation);
        Assert.Equal(young, Assert.Single(await store.Audit.ListAsync(null, 10, Cancellation)).Id);
    }

    [Fact]
    public async Task A_unique_id_whose_email_and_message_are_gone_is_forgotten_a_year_later()
    {
        await using SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = _folder.Path }, _clock, cancellationToken: Cancellation);
        MailboxId mailbox = await store.AddMailboxAsync(cancellationToken: Cancellation);
        UniqueIdHash[] gone = [UniqueIdHash.Of("uid"u8)];
        await store.Incoming.AddKnownUniqueIdsAsync(mailbox, gone, Cancellation);
        await store.GoneUniqueIds.AddAsync(await store.LeaseAsync(mailbox), gone, Cancellation);
        using Housekeeping housekeeping = new(store, _clock, NullLogger<Housekeeping>.Instance);

        foreach (int days in (int[])[364, 1])
        {
            Assert.Equal(gone, await store.GoneUniqueIds.FindAsync(mailbox, gone, Cancellation));
            _clock.Advance(TimeSpan.FromDays(days));
            await store.Mailboxes.RecordAsync(mailbox, state => state with { LastSuccessAt = _clock.GetUtcNow() }, Cancellation);
            await housekeeping.LookAsync(Cancellation);
        }

        Assert.Empty(await store.GoneUniqueIds.FindAsync(mailbox, gone, Cancellation));
    }

    public void Dispose() => _folder.Dispose();
}
