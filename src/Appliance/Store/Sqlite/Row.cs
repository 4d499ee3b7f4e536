using SQLitePCL;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>One row of an answer, read column by column in the order of the SELECT.</summary>
internal sealed class Row(sqlite3_stmt statement)
{
    private int _column;

    /// <summary>The statement stands at another row.</summary>
    public void Restart() => _column = 0;

    public long Long() => raw.sqlite3_column_int64(statement, Filled());

    public int Int() => checked((int)Long());

    public bool Bool() => Long() != 0;

    public string Text() => raw.sqlite3_column_text(statement, Filled()).utf8_to_string();

    public byte[] Octets() => raw.sqlite3_column_blob(statement, Filled()).ToArray();

    public DateTimeOffset Moment() => Moments.Read(Long());

    public TimeSpan Duration() => new(Long());

    public UniqueIdHash UniqueIdHash() => new((ulong)Long(), (ulong)Long());

    public long? OptionalLong() => IsNull() ? null : Long();

    public int? OptionalInt() => IsNull() ? null : Int();

    public string? OptionalText() => IsNull() ? null : Text();

    public DateTimeOffset? OptionalMoment() => IsNull() ? null : Moment();

    public byte[]? OptionalOctets() => IsNull() ? null : Octets();

    private bool IsNull()
    {
        if (raw.sqlite3_column_type(statement, _column) != raw.SQLITE_NULL)
            return false;
        _column++;
        return true;
    }

    // SQLite would answer 0 or nothing where there is no value, and no value where it is not expected is damage.
    private int Filled() => raw.sqlite3_column_type(statement, _column) == raw.SQLITE_NULL
        ? throw new InvalidOperationException($"Column {raw.sqlite3_column_name(statement, _column).utf8_to_string()} is empty.")
        : _column++;
}
