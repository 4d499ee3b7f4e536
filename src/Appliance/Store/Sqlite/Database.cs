using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Threading.RateLimiting;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>
/// One writer, a few readers. The writer is a thread of its own, because a flush blocks; it commits together what all callers bring: while
/// one batch is being flushed the next one gathers, and an idle writer commits at once. Reads run on the caller's thread, because they are
/// short (every answer is bounded, what is long is read in pages) and a hop to another thread costs more than the read; at most a
/// few run at once, so that a slow disk cannot hold the thread pool.
/// </summary>
internal sealed class Database : IAsyncDisposable
{
    private const int PlainWriteOctets = 1024;

    // The log is copied in the writer's thread: with so many pages (16 MiB) in it a hot page is copied once for many commits.
    private const int LongLog = 4000;

    // The queue's room is counted in KiB, so that the sum of all who wait for it stays within an int.
    private const int RoomUnit = 1024;

    private readonly string _file;
    private readonly StoreOptions _options;
    private readonly TimeProvider _clock;
    private readonly StorageHealth _health;
    private readonly BlockingCollection<Write> _queue = [];
    private readonly ConcurrencyLimiter _room;
    private readonly SemaphoreSlim _readers;
    private readonly ConcurrentBag<Connection> _idleReaders = [];
    private readonly Histogram<double> _commitDuration;
    private readonly Histogram<int> _batchSize;
    private readonly Task _writing;
    private Connection _writer;
    private bool _isCopyInDoubt;
    private bool _disposed;

    /// <summary>Takes over the writing connection, on which the schema is up to date.</summary>
    public Database(string file, Connection writer, StoreOptions options, TimeProvider clock, StorageHealth health, Meter meter)
    {
        (_file, _writer, _options, _clock, _health) = (file, writer, options, clock, health);
        _room = new(new()
        {
            PermitLimit = RoomUnits(options.MaximumQueuedOctets),
            QueueLimit = int.MaxValue,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
        _readers = new(options.MaximumReaders, options.MaximumReaders);
        _commitDuration = meter.CreateHistogram<double>(
            "emailsync.store.write.duration", "s", "From the first statement of a batch until it is durable.");
        _batchSize = meter.CreateHistogram<int>("emailsync.store.batch.size", "{write}", "Writes that shared one flush of the disk.");
        _writing = Task.Factory.StartNew(WriteAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Runs statements in the writer, and returns once they are durable.</summary>
    /// <exception cref="StorageException">The disk failed; nothing is stored.</exception>
    public async ValueTask<T> WriteAsync<T>(Func<Connection, T> statements, CancellationToken cancellationToken)
    {
        RateLimitLease room = await MakeRoomAsync(PlainWriteOctets, cancellationToken);
        return await Enqueue(statements, room, PlainWriteOctets, cancellationToken).WaitAsync(cancellationToken);
    }

    /// <summary>Waits until the queue has room for so many octets.</summary>
    public async ValueTask<RateLimitLease> MakeRoomAsync(long octets, CancellationToken cancellationToken)
    {
        RateLimitLease room = await _room.AcquireAsync(RoomUnits(Math.Min(octets, _options.MaximumQueuedOctets)), cancellationToken);
        // Refused only where the store was closed in between.
        ObjectDisposedException.ThrowIf(!room.IsAcquired, typeof(SqliteStore));
        return room;
    }

    /// <summary>
    /// Queues a write. The task ends when the write is durable or certainly is not, never before, whatever the token says:
    /// until then the writer may use what <paramref name="statements"/> holds. A write that is canceled in time is not begun.
    /// </summary>
    public Task<T> Enqueue<T>(Func<Connection, T> statements, RateLimitLease room, long octets, CancellationToken cancellationToken)
    {
        Write<T> write = new(statements, room, octets, cancellationToken);
        try
        {
            _queue.Add(write, CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            write.Fail(new ObjectDisposedException(nameof(SqliteStore)));
        }

        return write.Completion;
    }

    /// <summary>Runs a short read on a free reading connection.</summary>
    /// <exception cref="StorageException">The disk failed.</exception>
    public async ValueTask<T> ReadAsync<T>(Func<Connection, T> statements, CancellationToken cancellationToken)
    {
        await _readers.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(SqliteStore));
            Connection connection = _idleReaders.TryTake(out Connection? idle) ? idle : Connection.OpenReader(_file);
            try
            {
                return statements(connection);
            }
            finally
            {
                _idleReaders.Add(connection);
            }
        }
        catch (Exception failure) when (StorageFailures.IsOne(failure))
        {
            throw StorageFailures.Explain(failure);
        }
        finally
        {
            _readers.Release();
        }
    }

    /// <summary>Writes what is queued, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        await _room.DisposeAsync();
        _queue.CompleteAdding();
        await _writing;
        for (int reader = 0; reader < _options.MaximumReaders; reader++)
            await _readers.WaitAsync();
        while (_idleReaders.TryTake(out Connection? connection))
            connection.Dispose();
        // The last connection to close copies the log into the database, and deletes it.
        if (_isCopyInDoubt)
            _writer.KeepLog();
        _writer.Dispose();
        _queue.Dispose();
        // Not disposed: who waits for a reader now must be let in to be told that the store is closed.
        _readers.Release(_options.MaximumReaders);
    }

    private static int RoomUnits(long octets) => (int)((octets + RoomUnit - 1) / RoomUnit);

    private void WriteAll()
    {
        List<Write> batch = new(_options.MaximumBatchWrites);
        foreach (Write first in _queue.GetConsumingEnumerable())
        {
            CommitTogether(first, batch);
            batch.Clear();
        }
    }

    private void CommitTogether(Write first, List<Write> batch)
    {
        long started = _clock.GetTimestamp();
        Write? next = first;
        try
        {
            if (_isCopyInDoubt)
                CopyAnew();
            // Left open by a batch that failed. Here and not there, so that a failing ROLLBACK is told to somebody.
            if (_writer.InTransaction)
                _writer.Prepare("ROLLBACK").Execute();
            _writer.Prepare("BEGIN IMMEDIATE").Execute();
            long octets = 0;
            bool isGuarded = false;
            do
            {
                octets += next.Octets;
                if (next.IsCanceled)
                    next.Cancel();
                else if (isGuarded ? RunGuarded(next) : TryRun(next))
                    batch.Add(next);
                else if (!isGuarded)
                {
                    isGuarded = true;
                    RunAgain(batch, next);
                }
                next = null;
            }
            while (batch.Count < _options.MaximumBatchWrites
                && octets < _options.MaximumBatchOctets
                && _clock.GetElapsedTime(started) < _options.MaximumBatchTime
                && _queue.TryTake(out next));
            _writer.Prepare("COMMIT").Execute();
        }
        catch (Exception failure)
        {
            // Whatever it was, the batch is not stored, every caller is told, and the writer goes on: it is the only one.
            _health.Fail(StorageFailures.Explain(failure).Message);
            next?.Fail(StorageFailures.Explain(failure));
            batch.ForEach(write => write.Fail(StorageFailures.Explain(failure)));
            return;
        }

        _commitDuration.Record(_clock.GetElapsedTime(started).TotalSeconds);
        _batchSize.Record(batch.Count);
        batch.ForEach(write => write.Succeed());
        CopyLongLog();
    }

    private void CopyLongLog()
    {
        try
        {
            if (_writer.Log().Pages >= LongLog)
                _writer.CopyLog();
        }
        catch (Exception failure) when (StorageFailures.IsOne(failure))
        {
            _isCopyInDoubt = true;
            _health.Fail($"The database file cannot be written; what was stored is in its log. {failure.Message}");
        }
    }

    /// <summary>
    /// After a flush that failed, the system may take for written what is not on the disk, and the next flush succeeds without it. SQLite copies
    /// again what this copy held, but not what earlier ones had, while somebody read, without a flush. Opened anew it copies all of its log.
    /// </summary>
    private void CopyAnew()
    {
        for (int reader = 0; reader < _options.MaximumReaders; reader++)
            _readers.Wait();
        try
        {
            while (_idleReaders.TryTake(out Connection? idle))
                idle.Dispose();
            _writer.KeepLog();
            _writer.Dispose();
            _writer = Connection.OpenWriter(_file, _options.MaximumPages);
        }
        finally
        {
            _readers.Release(_options.MaximumReaders);
        }

        if (_writer.Log().Copied > 0)
            throw new IOException("The database file could not be written, and will be written anew when no other program and no backup has it open.");
        _writer.CopyLog();
        _isCopyInDoubt = false;
    }

    /// <summary>One caller's statements. False where they failed: what they changed is still there.</summary>
    private bool TryRun(Write write)
    {
        try
        {
            write.Run(_writer);
            return true;
        }
        catch (Exception failure) when (!StorageFailures.IsOne(failure))
        {
            return false;
        }
    }

    /// <summary>
    /// A failure is one caller's alone, which takes a savepoint for each. Those copy every page that a write touches and are hardly ever
    /// needed, so a batch has them from its first failure on: what it did is undone, and done again with them.
    /// </summary>
    private void RunAgain(List<Write> batch, Write failed)
    {
        Write[] all = [.. batch, failed];
        batch.Clear();
        _writer.Prepare("ROLLBACK").Execute();
        _writer.Prepare("BEGIN IMMEDIATE").Execute();
        batch.AddRange(all.Where(RunGuarded));
    }

    /// <summary>One caller's statements inside a savepoint. False where they failed.</summary>
    private bool RunGuarded(Write write)
    {
        _writer.Prepare("SAVEPOINT item").Execute();
        try
        {
            write.Run(_writer);
        }
        catch (Exception failure) when (!StorageFailures.IsOne(failure))
        {
            _writer.Prepare("ROLLBACK TO item").Execute();
            _writer.Prepare("RELEASE item").Execute();
            write.Fail(failure);
            return false;
        }

        _writer.Prepare("RELEASE item").Execute();
        return true;
    }
}
