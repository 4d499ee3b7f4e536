using Microsoft.Data.Sqlite;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>One row of an answer, read column by column in the order of the SELECT.</summary>
internal sealed class Row(SqliteDataReader reader)
{
    private int _column;

    public bool MoveNext()
    {
        _column = 0;
        return reader.Read();
    }

    public long Long() => reader.GetInt64(_column++);

    public int Int() => reader.GetInt32(_column++);

    public bool Bool() => reader.GetInt64(_column++) != 0;

    public string Text() => reader.GetString(_column++);

    public byte[] Octets() => reader.GetFieldValue<byte[]>(_column++);

    public DateTimeOffset Moment() => Moments.Read(Long());

    public TimeSpan Duration() => new(Long());

    public UniqueIdHash UniqueIdHash() => new((ulong)Long(), (ulong)Long());

    public long? OptionalLong() => IsNull() ? null : Long();

    public int? OptionalInt() => IsNull() ? null : Int();

    public string? OptionalText() => IsNull() ? null : Text();

    public DateTimeOffset? OptionalMoment() => IsNull() ? null : Moment();

    private bool IsNull()
    {
        if (!reader.IsDBNull(_column))
            return false;
        _column++;
        return true;
    }
}
