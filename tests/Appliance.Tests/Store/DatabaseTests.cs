using System.Diagnostics.Metrics;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>The one writer and the readers, with a table of one unique column.</summary>
public sealed class DatabaseTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly Meter _meter = new("test");
    private readonly CommitCounter _counter;
    private Database? _database;

    public DatabaseTests() => _counter = new(meter => meter == _meter);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_callers_bring_while_the_writer_is_busy_shares_one_commit()
    {
        Database database = Open();
        HeldWriter held = Hold(database);
        Task[] writes = [.. Enumerable.Range(1, 100).Select(value => InsertAsync(database, value))];
        held.LetGo();
        await Task.WhenAll([held.Done, .. writes]);

        Assert.Equal([101], _counter.Commits);
        Assert.Equal(Enumerable.Range(1, 100), await ReadAsync(database));
    }

    [Fact]
    public async Task An_idle_writer_commits_a_single_write_at_once()
    {
        // The clock stands still: a write that waited for others would wait for ever.
        Database database = Open();
        await InsertAsync(database, 1);
        await InsertAsync(database, 2);
        Assert.Equal([1, 1], _counter.Commits);
    }

    [Fact]
    public async Task A_commit_carries_so_many_writes_at_most()
    {
        Database database = Open(options => options with { MaximumBatchWrites = 10 });
        HeldWriter held = Hold(database);
        Task[] writes = [.. Enumerable.Range(1, 24).Select(value => InsertAsync(database, value))];
        held.LetGo();
        await Task.WhenAll([held.Done, .. writes]);

        Assert.Equal([10, 10, 5], _counter.Commits);
    }

    [Fact]
    public async Task A_commit_carries_so_many_octets_at_most()
    {
        Database database = Open(options => options with { MaximumBatchOctets = 4096 });
        HeldWriter held = Hold(database);
        Task[] writes = [.. Enumerable.Range(1, 7).Select(value => InsertAsync(database, value))];
        held.LetGo();
        await Task.WhenAll([held.Done, .. writes]);

        Assert.Equal([4, 4], _counter.Commits);
    }

    [Fact]
    public async Task A_commit_gathers_writes_for_so_long_at_most()
    {
        Database database = Open();
        HeldWriter held = Hold(database);
        Task slow = WriteAsync(database, connection => Insert(connection, 1, () => _clock.Advance(TimeSpan.FromMilliseconds(20))));
        Task next = InsertAsync(database, 2);
        held.LetGo();
        await Task.WhenAll(held.Done, slow, next);

        Assert.Equal([2, 1], _counter.Commits);
    }

    [Fact]
    public async Task A_write_that_fails_fails_alone_and_leaves_nothing()
    {
        Database database = Open();
        HeldWriter held = Hold(database);
        Task first = InsertAsync(database, 1);
        Task constraint = WriteAsync(database, connection => Insert(connection, 2, () => Insert(connection, 1)));
        Task own = WriteAsync(database, connection => Insert(connection, 3, () => throw new NotStoredException("thing")));
        Task last = InsertAsync(database, 4);
        held.LetGo();

        await Task.WhenAll(held.Done, first, last);
        Assert.Equal(SQLitePCL.raw.SQLITE_CONSTRAINT, (await Assert.ThrowsAsync<SqliteException>(() => constraint)).SqliteErrorCode);
        await Assert.ThrowsAsync<NotStoredException>(() => own);
        Assert.Equal([3], _counter.Commits);
        Assert.Equal([1, 4], await ReadAsync(database));
    }

    [Fact]
    public async Task What_a_batch_did_before_its_first_failure_is_stored_once()
    {
        Database database = Open();
        HeldWriter held = Hold(database);
        int runs = 0;
        Task counted = WriteAsync(database, connection => Insert(connection, 10 + Interlocked.Increment(ref runs)));
        Task failing = WriteAsync(database, connection => Insert(connection, 2, () => throw new NotStoredException("thing")));
        Task last = InsertAsync(database, 3);
        held.LetGo();

        await Task.WhenAll(held.Done, counted, last);
        await Assert.ThrowsAsync<NotStoredException>(() => failing);
        Assert.Equal((2, true), (runs, counted.IsCompletedSuccessfully));
        Assert.Equal([3, 12], await ReadAsync(database));
    }

    [Fact]
    public async Task A_full_disk_fails_the_whole_batch_and_the_writer_goes_on_when_there_is_room_again()
    {
        Database database = Open();
        await InsertAsync(database, 1);
        await LimitPagesAsync(database, 20);
        HeldWriter held = Hold(database);
        Task[] batch =
        [
            InsertAsync(database, 2),
            WriteAsync(database, connection => connection.Prepare("INSERT INTO filler VALUES ($octets)").With("$octets", new byte[500_000]).Execute()),
            InsertAsync(database, 3),
        ];
        held.LetGo();

        StorageException full = await Assert.ThrowsAsync<StorageException>(() => batch[1]);
        Assert.Contains("full", full.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StorageException>(() => held.Done);
        await Assert.ThrowsAsync<StorageException>(() => batch[0]);
        // It was behind the one that failed, so it came into the next batch.
        await batch[2];
        Assert.Equal([1, 3], await ReadAsync(database));

        await LimitPagesAsync(database, 1_000_000);
        await InsertAsync(database, 4);
        Assert.Equal([1, 3, 4], await ReadAsync(database));
    }

    [Fact]
    public async Task Callers_wait_for_room_in_the_queue()
    {
        Database database = Open(options => options with { MaximumQueuedOctets = 10 * 1024 });
        HeldWriter held = Hold(database);
        // The held write has its room as well.
        Task[] queued = [.. Enumerable.Range(1, 9).Select(value => InsertAsync(database, value))];
        using CancellationTokenSource givesUp = new();
        Task impatient = database.MakeRoomAsync(1024, givesUp.Token).AsTask();
        Task patient = InsertAsync(database, 10);
        Assert.False(impatient.IsCompleted);

        await givesUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        Assert.False(patient.IsCompleted);

        held.LetGo();
        await Task.WhenAll([held.Done, patient, .. queued]);
        Assert.Equal(Enumerable.Range(1, 10), await ReadAsync(database));
    }

    [Fact]
    public async Task A_write_larger_than_the_queue_is_let_through_alone()
    {
        Database database = Open(options => options with { MaximumQueuedOctets = 1024 });
        using System.Threading.RateLimiting.RateLimitLease room = await database.MakeRoomAsync(1_000_000, Cancellation);
        Assert.True(room.IsAcquired);
    }

    [Fact]
    public async Task A_write_that_is_canceled_before_its_turn_is_not_begun()
    {
        Database database = Open();
        HeldWriter held = Hold(database);
        using CancellationTokenSource givesUp = new();
        Task canceled = database.WriteAsync(connection => Insert(connection, 1), givesUp.Token).AsTask();
        Task other = InsertAsync(database, 2);
        await givesUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => canceled);
        held.LetGo();

        await other;
        Assert.Equal([2], await ReadAsync(database));
    }

    [Fact]
    public async Task A_close_finishes_what_was_queued_and_refuses_what_comes_after()
    {
        Database database = Open();
        HeldWriter held = Hold(database);
        Task queued = InsertAsync(database, 1);
        Task closing = database.DisposeAsync().AsTask();
        Assert.False(closing.IsCompleted);
        held.LetGo();
        await Task.WhenAll(held.Done, queued, closing);

        await Assert.ThrowsAsync<ObjectDisposedException>(() => InsertAsync(database, 2));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await database.ReadAsync(connection => 0, Cancellation));
        _database = null;
        Assert.Equal([1], await ReadAsync(Open()));
    }

    [Theory, InlineData("journal_mode", "wal"), InlineData("synchronous", "2"), InlineData("foreign_keys", "1")]
    public async Task The_writer_s_connection_is_set_for_durability(string pragma, string expected) =>
        Assert.Equal(expected, await Open().WriteAsync(connection => connection.Prepare($"PRAGMA {pragma}").First(row => row.Text()), Cancellation));

    [Fact]
    public async Task A_reader_cannot_write()
    {
        Database database = Open();
        await Assert.ThrowsAsync<StorageException>(async () => await database.ReadAsync(connection => Insert(connection, 1), Cancellation));
    }

    [Fact]
    public async Task So_many_reads_run_at_once_at_most()
    {
        Database database = Open(options => options with { MaximumReaders = 2 });
        using ManualResetEventSlim letGo = new();
        using CountdownEvent began = new(2);
        Task<int>[] held = [.. Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
            () => database.ReadAsync(_ => { began.Signal(); letGo.Wait(Cancellation); return 0; }, Cancellation).AsTask(),
            Cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap())];
        began.Wait(Cancellation);

        Task<int> third = database.ReadAsync(_ => 3, Cancellation).AsTask();
        Assert.False(third.IsCompleted);
        letGo.Set();
        await Task.WhenAll(held);
        Assert.Equal(3, await third);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
            await _database.DisposeAsync();
        _counter.Dispose();
        _meter.Dispose();
        _folder.Dispose();
    }

    private Database Open(Func<StoreOptions, StoreOptions>? change = null)
    {
        StoreOptions options = new() { DataFolder = _folder.Path };
        string file = _folder.Combine("test.db");
        DataFolder.CreateFile(file, FileMode.OpenOrCreate, FileShare.ReadWrite).Dispose();
        Connection writer = Connection.OpenWriter(file, null);
        writer.Execute("CREATE TABLE IF NOT EXISTS number (value INTEGER UNIQUE)");
        writer.Execute("CREATE TABLE IF NOT EXISTS filler (octets BLOB)");
        return _database = new(file, writer, change is null ? options : change(options), _clock, new(_clock), _meter);
    }

    private static Task<int> InsertAsync(Database database, int value) => WriteAsync(database, connection => Insert(connection, value));

    private static Task<int> WriteAsync(Database database, Func<Connection, int> statements) =>
        database.WriteAsync(statements, Cancellation).AsTask();

    private static int Insert(Connection connection, int value, Action? then = null)
    {
        int inserted = connection.Prepare("INSERT INTO number VALUES ($value)").With("$value", value).Execute();
        then?.Invoke();
        return inserted;
    }

    private static async Task LimitPagesAsync(Database database, int pages) =>
        await database.WriteAsync(
            connection => connection.Prepare($"PRAGMA max_page_count = {pages}").First(row => row.Long()), Cancellation);

    private static async Task<IEnumerable<int>> ReadAsync(Database database) =>
        await database.ReadAsync(
            connection => connection.Prepare("SELECT value FROM number ORDER BY value").All(row => row.Int()), Cancellation);

    /// <summary>Keeps the writer busy, so that what comes now comes together.</summary>
    private static HeldWriter Hold(Database database)
    {
        ManualResetEventSlim began = new();
        ManualResetEventSlim letGo = new();
        Task done = database.WriteAsync(
            _ =>
            {
                began.Set();
                letGo.Wait(Cancellation);
                return 0;
            },
            Cancellation).AsTask();
        began.Wait(Cancellation);
        return new(done, letGo.Set);
    }

    private sealed record HeldWriter(Task Done, Action LetGo);
}
