using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>One connection to the file, with its prepared statements. Used by one caller at a time.</summary>
internal sealed class Connection : IDisposable
{
    // SQLITE_CHECKPOINT_NOOP and SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, which the binding has no names for.
    private const int Nothing = -1;
    private const int NoCheckpointOnClose = 1006;

    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, Statement> _statements = new(StringComparer.Ordinal);

    private Connection(string file, SqliteOpenMode mode)
    {
        SqliteConnectionStringBuilder settings = new()
        {
            DataSource = file,
            Mode = mode,
            // We keep our own few connections, and closing the store must close the file.
            Pooling = false,
        };
        _connection = new(settings.ToString());
        _connection.Open();
        // Only another program in the same file (a backup) can hold it; seconds are enough for that.
        Check(raw.sqlite3_busy_timeout(_connection.Handle, 5000));
    }

    /// <summary>The one connection that writes.</summary>
    public static Connection OpenWriter(string file, long? maximumPages)
    {
        Connection connection = new(file, SqliteOpenMode.ReadWrite);
        try
        {
            // First of all, for the next writes a page. By itself SQLite would tell nobody that a checkpoint failed.
            connection.Execute("PRAGMA wal_autocheckpoint = 0");
            // Before there is a table: room that deletions leave can be given back to the disk a little at a time.
            connection.Execute("PRAGMA auto_vacuum = INCREMENTAL");
            // WAL first of what follows: the other settings belong to a journal. FULL flushes the log at every commit; without it a loss of power takes
            // commits back that were already acknowledged.
            string journal = connection.Prepare("PRAGMA journal_mode = WAL").First(row => row.Text())!;
            if (journal != "wal")
                throw new IOException($"SQLite cannot keep a write-ahead log here (it offers '{journal}'): use a local file system.");
            connection.Execute("PRAGMA synchronous = FULL");
            connection.Execute("PRAGMA foreign_keys = ON");
            // Savepoints keep their undo pages here; in memory they cost no file.
            connection.Execute("PRAGMA temp_store = MEMORY");
            connection.Execute("PRAGMA cache_size = -32768");
            connection.Execute("PRAGMA journal_size_limit = 67108864");
            if (maximumPages is { } pages)
                connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {pages}"));
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>A connection that cannot write.</summary>
    public static Connection OpenReader(string file) => new(file, SqliteOpenMode.ReadOnly);

    /// <summary>The statement of this text, prepared at its first use.</summary>
    public Statement Prepare(string sql)
    {
        if (!_statements.TryGetValue(sql, out Statement? statement))
        {
            statement = new(_connection.Handle!, sql);
            _statements.Add(sql, statement);
        }

        return statement;
    }

    /// <summary>Runs a text of one or more statements once, without keeping it.</summary>
    public void Execute(string sql) => Check(raw.sqlite3_exec(_connection.Handle, sql));

    /// <summary>Whether a transaction is open: SQLite ends one by itself after some failures.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_connection.Handle) == 0;

    /// <summary>How many pages the log holds, and how many of them are in the database already.</summary>
    public (int Pages, int Copied) Log() => Checkpoint(Nothing);

    /// <summary>Copies the log into the database as far as nobody reads an older state, and flushes that once all of it is there.</summary>
    public void CopyLog() => Checkpoint(raw.SQLITE_CHECKPOINT_PASSIVE);

    /// <summary>The log is not copied into the database when this is closed.</summary>
    public void KeepLog() => Check(raw.sqlite3_db_config(_connection.Handle, NoCheckpointOnClose, 1, out _));

    /// <summary>Ends the statement that is running; the one method that may be called from another thread.</summary>
    public void Interrupt() => raw.sqlite3_interrupt(_connection.Handle);

    public void Dispose()
    {
        foreach (Statement statement in _statements.Values)
            statement.Dispose();
        _statements.Clear();
        _connection.Dispose();
    }

    private (int Pages, int Copied) Checkpoint(int how)
    {
        int code = raw.sqlite3_wal_checkpoint_v2(_connection.Handle, "main", how, out int pages, out int copied);
        // Another program is at it.
        if (code != raw.SQLITE_BUSY)
            Check(code);
        return (pages, copied);
    }

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, _connection.Handle);
}
