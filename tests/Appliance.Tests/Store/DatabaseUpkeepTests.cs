using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>SQLite checked and shrunk while mail comes in, and damage found.</summary>
public sealed class DatabaseUpkeepTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Mail_is_stored_while_tables_are_checked()
    {
        await using SqliteStore store = await OpenAsync();
        MailboxId mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
        await store.Incoming.AddKnownUniqueIdsAsync(mailbox, [.. Enumerable.Range(0, 1_000_000).Select(number => new UniqueIdHash((ulong)number, 0))], Cancellation);
        await store.LeaseAsync(mailbox);

        Task<StoreCheck> check = store.Upkeep.CheckAsync(Cancellation).AsTask();
        int stored = await StoreUntilAsync(store, mailbox, check);

        Assert.Equal(0, (await check).FaultCount);
        Assert.True(stored > 1, $"{stored} messages were stored while the check ran.");
    }

    [Fact]
    public async Task Mail_is_stored_while_content_is_checked()
    {
        await using SqliteStore store = await OpenAsync();
        MailboxId mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
        for (int number = 0; number < DatabaseUpkeep.ContentPage + 1; number++)
            await store.ReceiveAsync(mailbox, $"{number}", Samples.Message($"{number}"), Cancellation);

        // It stands in its pause after the first page.
        Task<StoreCheck> check = store.Upkeep.CheckAsync(Cancellation).AsTask();
        await store.ReceiveAsync(mailbox, "meanwhile", Samples.Message("meanwhile"), Cancellation);
        Assert.False(check.IsCompleted);

        StoreCheck ended = await EndAsync(check);

        Assert.Equal((DatabaseUpkeep.ContentPage + 1, 0), (ended.Emails, ended.FaultCount));
    }

    [Fact]
    public async Task Mail_is_stored_while_the_file_shrinks_to_what_is_in_it()
    {
        await using SqliteStore store = await OpenAsync();
        MailboxId mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
        await store.LeaseAsync(mailbox);
        for (int number = 0; number < 1_000; number++)
            await store.ReceiveAsync(mailbox, $"{number}", Samples.Message($"{number}", 125_000), Cancellation);
        long before = await PragmaAsync("page_count");
        Assert.Equal(1_000, await store.Emails.DeleteOldAsync(DateTimeOffset.MaxValue, Cancellation));

        Task<long> shrinking = store.Upkeep.ShrinkAsync(Cancellation).AsTask();
        int stored = await StoreUntilAsync(store, mailbox, shrinking);

        Assert.True(stored > 1, $"{stored} messages were stored while the file shrank.");
        Assert.InRange(await PragmaAsync("page_count"), 1, DatabaseUpkeep.ComfortablyFree + 1_000);
        Assert.InRange(await shrinking, (before - DatabaseUpkeep.ComfortablyFree - 1_000) * 4096, before * 4096);
        Assert.Equal(0, (await EndAsync(store.Upkeep.CheckAsync(Cancellation).AsTask())).FaultCount);
        Assert.Equal(stored, await store.Emails.CountAsync(new(), Cancellation));
    }

    [Fact]
    public async Task Octets_that_changed_on_the_disk_are_found_wherever_they_lie()
    {
        MailboxId mailbox;
        await using (SqliteStore store = await OpenAsync())
        {
            mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
            await store.ReceiveAsync(mailbox, "inline", Samples.Message("inline", 1_000), Cancellation);
            _clock.Advance(TimeSpan.FromSeconds(1));
            await store.ReceiveAsync(mailbox, "spooled", Samples.Message("spooled", 200_000), Cancellation);
            _clock.Advance(TimeSpan.FromSeconds(1));
            await store.ReceiveAsync(mailbox, "lost", Samples.Message("lost", 200_000), Cancellation);
            _clock.Advance(TimeSpan.FromSeconds(1));
            await store.ReceiveAsync(mailbox, "whole", Samples.Message("whole", 200_000), Cancellation);
        }

        // In the order in which they were stored.
        string[] files = [.. Directory.GetFiles(_folder.Combine("spool")).Order(StringComparer.Ordinal)];
        Flip(files[0], 100_000);
        File.Delete(files[1]);
        byte[] database = await File.ReadAllBytesAsync(_folder.Combine("emailsync.db"), Cancellation);
        Flip(_folder.Combine("emailsync.db"), database.AsSpan().IndexOf("xxxxxxxx"u8) + 500);

        await using SqliteStore damaged = await OpenAsync();
        StoreCheck check = await EndAsync(damaged.Upkeep.CheckAsync(Cancellation).AsTask());

        Assert.Equal((4, 3), (check.Emails, check.FaultCount));
        Assert.Equal(
            ["Email eml_1: its octets are not those that were stored.", "Email eml_2: its octets are not those that were stored."], check.Faults.Take(2));
        Assert.StartsWith("Email eml_3: ", check.Faults[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_table_is_found_and_named()
    {
        await using (SqliteStore store = await OpenAsync())
        {
            MailboxId mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
            for (int number = 0; number < 200; number++)
                await store.ReceiveAsync(mailbox, $"{number}", Samples.Message($"{number}"), Cancellation);
        }

        long page;
        await using (SqliteConnection connection = await ConnectAsync())
        {
            // The last leaf of the index that recognises content by.
            await using SqliteCommand find = connection.CreateCommand();
            find.CommandText = "SELECT rootpage FROM sqlite_schema WHERE name = 'email_by_content'";
            page = (long)(await find.ExecuteScalarAsync(Cancellation))!;
        }

        await using (FileStream file = new(_folder.Combine("emailsync.db"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            file.Position = ((page - 1) * 4096) + 8;
            await file.WriteAsync(new byte[2000], Cancellation);
        }

        await using SqliteStore damaged = await OpenAsync();
        StoreCheck check = await EndAsync(damaged.Upkeep.CheckAsync(Cancellation).AsTask());

        Assert.Contains(check.Faults, fault => fault.StartsWith("Table email: ", StringComparison.Ordinal));
        Assert.Equal(200, check.Emails);
    }

    [Fact]
    public async Task A_check_ends_when_the_appliance_stops()
    {
        await using SqliteStore store = await OpenAsync();
        using CancellationTokenSource stopping = new();
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.Upkeep.CheckAsync(stopping.Token));
        Assert.Null(await store.Upkeep.LastCheckAsync(Cancellation));
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<int> StoreUntilAsync(SqliteStore store, MailboxId mailbox, Task work)
    {
        for (int stored = 0; ; stored++)
        {
            await store.ReceiveAsync(mailbox, $"meanwhile {stored}", Samples.Message($"meanwhile {stored}"), Cancellation);
            if (work.IsCompleted)
                return stored + 1;
        }
    }

    // Its pauses take no time.
    private async Task<StoreCheck> EndAsync(Task<StoreCheck> check)
    {
        while (!check.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        return await check;
    }

    private static void Flip(string path, long position)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = position;
        int octet = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(octet ^ 1));
    }

    private async Task<long> PragmaAsync(string name)
    {
        await using SqliteConnection connection = await ConnectAsync();
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"PRAGMA {name}";
        return (long)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    private async Task<SqliteConnection> ConnectAsync()
    {
        SqliteConnection connection = new($"Data Source={_folder.Combine("emailsync.db")};Pooling=False");
        await connection.OpenAsync(Cancellation);
        return connection;
    }

    private Task<SqliteStore> OpenAsync() => SqliteStore.OpenAsync(new() { DataFolder = _folder.Path }, _clock, cancellationToken: Cancellation);
}
