using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using EmailSync.Appliance.Model;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>
/// Checks and shrinks the database while it is used. A check reads table by table, so that no read holds back a checkpoint for longer than one
/// table takes, and content email by email, against its checksum: SQLite itself would not see a turned bit there.
/// </summary>
internal sealed class DatabaseUpkeep(Database database, string file, IEmails emails, TimeProvider clock) : IUpkeep
{
    /// <summary>Emails whose content is read without a pause.</summary>
    public const int ContentPage = 50;

    /// <summary>Pages of 4 KiB that may lie empty: they are filled again before the file grows.</summary>
    public const int ComfortablyFree = 16 * 1024;

    // With the pause, at most 25 MiB of inline content a second: mail comes first.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private const int ShownFaults = 10;

    // 2 MiB are moved in a few milliseconds.
    private const int PagesAtOnce = 512;

    private static readonly string[] ContentTables = ["email_content", "body"];

    public async ValueTask<StoreCheck> CheckAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset startedAt = clock.GetUtcNow();
        // What comes later is checked the next time: no check runs after a stream of mail.
        long last = await database.ReadAsync(connection => connection.Prepare("SELECT max(id) FROM email").First(row => row.OptionalLong()), cancellationToken) ?? 0;
        // Blocks for as long as the disk takes to read.
        List<string> faults = await Task.Factory.StartNew(
            () => CheckTables(cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        long checkedEmails = await CheckContentAsync(last, faults, cancellationToken);
        StoreCheck check = new(startedAt, clock.GetUtcNow(), checkedEmails, faults.Count, [.. faults.Take(ShownFaults)]);
        await database.WriteAsync(
            connection => connection.Prepare("INSERT INTO store_check (id, document) VALUES (1, $document) ON CONFLICT DO UPDATE SET document = excluded.document")
                .With("$document", JsonSerializer.Serialize(check, StoredJson.Default.StoreCheck)).Execute(),
            cancellationToken);
        return check;
    }

    public ValueTask<StoreCheck?> LastCheckAsync(CancellationToken cancellationToken) => database.ReadAsync(
        connection => connection.Prepare("SELECT document FROM store_check WHERE id = 1")
            .First(row => JsonSerializer.Deserialize(row.Text(), StoredJson.Default.StoreCheck)),
        cancellationToken);

    public ValueTask<long> CompleteAsync(CancellationToken cancellationToken) => MessageKeys.CompleteAsync(database, cancellationToken);

    public async ValueTask<long> ShrinkAsync(CancellationToken cancellationToken)
    {
        long given = 0;
        while (true)
        {
            long pages = await database.WriteAsync(connection =>
            {
                long all = Pragma(connection, "page_count");
                if (Pragma(connection, "freelist_count") <= Math.Max(ComfortablyFree, all / 4))
                    return 0;
                connection.Prepare(string.Create(CultureInfo.InvariantCulture, $"PRAGMA incremental_vacuum({PagesAtOnce})")).Execute();
                return all - Pragma(connection, "page_count");
            }, cancellationToken);
            // Nothing more to give, or a file of a time before files could shrink.
            if (pages <= 0)
                return given;
            given += pages * 4096;
        }
    }

    private List<string> CheckTables(CancellationToken cancellationToken)
    {
        List<string> faults = [];
        try
        {
            using Connection connection = Connection.OpenReader(file);
            using CancellationTokenRegistration stop = cancellationToken.Register(connection.Interrupt);
            List<string> tables = connection.Prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").All(row => row.Text());
            foreach (string table in tables.Except(ContentTables))
                faults.AddRange(CheckTable(connection, table));
        }
        catch (SqliteException stopped) when (stopped.SqliteErrorCode == raw.SQLITE_INTERRUPT)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
        catch (Exception failure) when (StorageFailures.IsOne(failure))
        {
            faults.Add($"The database cannot be read: {failure.Message}");
        }

        return faults;
    }

    private static List<string> CheckTable(Connection connection, string table)
    {
        try
        {
            return [.. connection.Prepare($"PRAGMA quick_check({table})").All(row => row.Text()).Where(answer => answer != "ok").Select(answer => $"Table {table}: {answer}")];
        }
        catch (Exception failure) when (StorageFailures.IsOne(failure))
        {
            return [$"Table {table}: {failure.Message}"];
        }
    }

    private async ValueTask<long> CheckContentAsync(long last, List<string> faults, CancellationToken cancellationToken)
    {
        long emailsRead = 0;
        long after = 0;
        while (true)
        {
            List<(long Id, byte[] Sha256)> page;
            try
            {
                page = await database.ReadAsync(
                    connection => connection.Prepare("SELECT id, sha256 FROM email WHERE id > $after AND id <= $last ORDER BY id LIMIT $limit")
                        .With("$after", after).With("$last", last).With("$limit", ContentPage).All(row => (row.Long(), row.Octets())),
                    cancellationToken);
            }
            catch (StorageException failure)
            {
                faults.Add($"The emails after {new EmailId(after)} cannot be read: {failure.Message}");
                return emailsRead;
            }

            foreach ((long id, byte[] sha256) in page)
            {
                if (await FindFaultAsync(new(id), sha256, cancellationToken) is { } fault)
                    faults.Add(fault);
                emailsRead++;
            }

            if (page.Count < ContentPage)
                return emailsRead;
            after = page[^1].Id;
            await Task.Delay(Pause, clock, cancellationToken);
        }
    }

    private async ValueTask<string?> FindFaultAsync(EmailId id, byte[] sha256, CancellationToken cancellationToken)
    {
        try
        {
            await using Stream content = await emails.OpenContentAsync(id, cancellationToken);
            byte[] actual = await SHA256.HashDataAsync(content, cancellationToken);
            return actual.AsSpan().SequenceEqual(sha256)
                ? null
                : $"Email {id}: its octets are not those that were stored.";
        }
        catch (Exception failure) when (failure is StorageException or IOException or InvalidOperationException or NotStoredException)
        {
            // Deleted since its row was read: then nothing is wrong.
            return await emails.FindAsync(id, cancellationToken) is null ? null : $"Email {id}: {failure.Message}";
        }
    }

    private static long Pragma(Connection connection, string name) => connection.Prepare($"PRAGMA {name}").First(row => row.Long());
}
