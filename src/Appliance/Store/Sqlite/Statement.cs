using EmailSync.Appliance.Model;
using Microsoft.Data.Sqlite;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>A prepared statement of one connection, used again and again; every value goes in as a parameter.</summary>
internal sealed class Statement : IDisposable
{
    private readonly SqliteCommand _command;
    private readonly Dictionary<string, SqliteParameter> _parameters = new(StringComparer.Ordinal);

    public Statement(SqliteConnection connection, string sql)
    {
        _command = connection.CreateCommand();
#pragma warning disable CA2100 // Every SQL text is put together from constants of the tables; values are parameters.
        _command.CommandText = sql;
#pragma warning restore CA2100
    }

    public Statement With(string name, long? value) => Bind(name, value);

    public Statement With(string name, bool value) => Bind(name, value ? 1L : 0L);

    public Statement With(string name, string? value) => Bind(name, value);

    public Statement With(string name, DateTimeOffset? value) => Bind(name, value is { } moment ? Moments.Write(moment) : null);

    public Statement With(string name, TimeSpan value) => Bind(name, value.Ticks);

    public Statement With(string name, byte[] value) => Bind(name, value);

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
    public int Execute() => _command.ExecuteNonQuery();

    /// <summary>The first row, or the type's default where there is none.</summary>
    public T? First<T>(Func<Row, T> read)
    {
        using SqliteDataReader reader = _command.ExecuteReader();
        Row row = new(reader);
        return row.MoveNext() ? read(row) : default;
    }

    /// <summary>Whether there is a row.</summary>
    public bool Any() => First(_ => true);

    /// <summary>All rows: only for statements whose answer is bounded.</summary>
    public List<T> All<T>(Func<Row, T> read)
    {
        using SqliteDataReader reader = _command.ExecuteReader();
        Row row = new(reader);
        List<T> all = [];
        while (row.MoveNext())
            all.Add(read(row));
        return all;
    }

    public void Dispose() => _command.Dispose();

    private Statement Bind(string name, object? value)
    {
        if (!_parameters.TryGetValue(name, out SqliteParameter? parameter))
        {
            parameter = new() { ParameterName = name };
            _command.Parameters.Add(parameter);
            _parameters.Add(name, parameter);
        }

        parameter.Value = value ?? DBNull.Value;
        return this;
    }
}
