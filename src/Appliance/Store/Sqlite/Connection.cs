using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>One connection to the file, with its prepared statements. Used by one caller at a time.</summary>
internal sealed class Connection : IDisposable
{
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
            // Checkpoints run in the writer's thread: with 4,000 pages (16 MiB) between them a hot page is copied once for many commits.
            connection.Execute("PRAGMA wal_autocheckpoint = 4000");
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

    /// <summary>Ends the statement that is running; the one method that may be called from another thread.</summary>
    public void Interrupt() => raw.sqlite3_interrupt(_connection.Handle);

    public void Dispose()
    {
        foreach (Statement statement in _statements.Values)
            statement.Dispose();
        _connection.Dispose();
    }

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, _connection.Handle);
}
