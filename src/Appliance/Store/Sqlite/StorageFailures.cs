using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>Which exceptions mean that the disk or the file failed, and not the statement.</summary>
internal static class StorageFailures
{
    /// <summary>Whether the disk, the file or the memory failed: it is nobody's statement, and the next one would fail as well.</summary>
    public static bool IsOne(Exception failure) => failure switch
    {
        SqliteException sqlite => sqlite.SqliteErrorCode is raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB
            or raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_NOMEM or raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_PERM
            or raw.SQLITE_PROTOCOL or raw.SQLITE_NOLFS,
        StorageException => false,
        IOException or UnauthorizedAccessException => true,
        _ => false,
    };

    /// <summary>Whether the file is not what SQLite wrote.</summary>
    public static bool IsDamage(Exception failure) =>
        failure is SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB };

    /// <summary>The same in the store's words.</summary>
    public static StorageException Explain(Exception failure) => new(
        failure is SqliteException { SqliteErrorCode: raw.SQLITE_FULL }
            ? "The disk that holds the data folder is full; nothing was stored."
            : $"The data folder cannot be written or read; nothing was stored. {failure.Message}",
        failure);
}
