using EmailSync.Appliance.Model;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>
/// A prepared statement of one connection, used again and again; every value goes in as a parameter, and every parameter gets its value before
/// each execution. On SQLite's own interface, because the writer's statements are short and a command of ADO.NET cost more than they do.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private readonly Dictionary<string, int> _parameters = new(StringComparer.Ordinal);
    private readonly bool[] _isBound;

    public Statement(sqlite3 database, string sql)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
        _isBound = new bool[raw.sqlite3_bind_parameter_count(_statement)];
        for (int index = 1; index <= _isBound.Length; index++)
            _parameters.Add(raw.sqlite3_bind_parameter_name(_statement, index).utf8_to_string(), index);
    }

    public Statement With(string name, long? value)
    {
        int index = Index(name);
        Check(value is { } number ? raw.sqlite3_bind_int64(_statement, index, number) : raw.sqlite3_bind_null(_statement, index));
        return this;
    }

    public Statement With(string name, bool value) => With(name, value ? 1L : 0L);

    public Statement With(string name, string? value)
    {
        int index = Index(name);
        Check(value is not null ? raw.sqlite3_bind_text(_statement, index, value) : raw.sqlite3_bind_null(_statement, index));
        return this;
    }

    public Statement With(string name, DateTimeOffset? value) => With(name, value is { } moment ? Moments.Write(moment) : null);

    public Statement With(string name, TimeSpan value) => With(name, value.Ticks);

    public Statement With(string name, ReadOnlySpan<byte> value)
    {
        Check(raw.sqlite3_bind_blob(_statement, Index(name), value));
        return this;
    }

    /// <summary>Octets, or no value at all; an empty span would be octets of length 0.</summary>
    public Statement WithOptional(string name, byte[]? value) => value is null ? With(name, default(string)) : With(name, value.AsSpan());

    /// <summary>A mailbox's unique-id, as <c>$mailbox</c>, <c>$high</c> and <c>$low</c>.</summary>
    public Statement With(MailboxId mailbox, UniqueIdHash uniqueId) =>
        With("$mailbox", mailbox.Value).With("$high", (long)uniqueId.High).With("$low", (long)uniqueId.Low);

    /// <summary>A caller's limit. To SQLite a negative one is none.</summary>
    public Statement WithLimit(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        return With("$limit", limit);
    }

    /// <summary>Runs a statement that answers nothing, and returns how many rows it changed.</summary>
    public int Execute()
    {
        try
        {
            while (Step())
            {
            }

            return raw.sqlite3_changes(_database);
        }
        finally
        {
            End();
        }
    }

    /// <summary>The first row, or the type's default where there is none.</summary>
    public T? First<T>(Func<Row, T> read)
    {
        try
        {
            if (!Step())
                return default;
            T first = read(new(_statement));
            // Ends it before its last row; what it checks at its end fails here.
            Check(raw.sqlite3_reset(_statement));
            return first;
        }
        finally
        {
            End();
        }
    }

    /// <summary>Whether there is a row.</summary>
    public bool Any() => First(_ => true);

    /// <summary>All rows: only for statements whose answer is bounded.</summary>
    public List<T> All<T>(Func<Row, T> read)
    {
        try
        {
            Row row = new(_statement);
            List<T> all = [];
            while (Step())
            {
                row.Restart();
                all.Add(read(row));
            }

            return all;
        }
        finally
        {
            End();
        }
    }

    public void Dispose() => _statement.Dispose();

    private bool Step()
    {
        if (Array.IndexOf(_isBound, false) is var missing and >= 0)
            throw new InvalidOperationException($"Parameter {raw.sqlite3_bind_parameter_name(_statement, missing + 1).utf8_to_string()} has no value.");
        int code = raw.sqlite3_step(_statement);
        Check(code);
        return code == raw.SQLITE_ROW;
    }

    // What failed was said already, and this reset only repeats it. Values are let go: content of an email is not kept until the next one.
    private void End()
    {
        raw.sqlite3_reset(_statement);
        raw.sqlite3_clear_bindings(_statement);
        Array.Clear(_isBound);
    }

    // It gets its value now: where that fails, the statement is not run.
    private int Index(string name)
    {
        int index = _parameters[name];
        _isBound[index - 1] = true;
        return index;
    }

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, _database);
}
