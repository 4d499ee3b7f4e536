using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using EmailSync.Protocols.Wire;
using Microsoft.Data.Sqlite;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>What a backup says of itself, in its last entry.</summary>
internal sealed record BackupManifest(int Format, DateTimeOffset CreatedAt, string DatabaseSha256, int SpoolFiles, bool HasKeys);

/// <summary>How manifests and key rings are written.</summary>
[JsonSerializable(typeof(BackupManifest))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class BackupJson : JsonSerializerContext;

/// <summary>
/// A tar archive of one moment: SQLite's online backup makes a copy while writers go on, then the spool's files that the copy refers to
/// follow, which never change once they have their name. The key ring is left out, or is in it under a passphrase.
/// </summary>
internal static class Backup
{
    public const string DatabaseEntry = "emailsync.db";
    public const string SpoolPrefix = "spool/";
    public const string KeysEntry = "keys.sealed";
    public const string ManifestEntry = "manifest.json";
    public const int Format = 1;

    public const int SaltLength = 16;

    // OWASP's figure for PBKDF2 with SHA-256.
    private const int Iterations = 600_000;

    /// <summary>Writes it.</summary>
    public static async Task WriteAsync(DataFolder folder, Stream destination, Secret? passphrase, TimeProvider clock, CancellationToken cancellationToken)
    {
        DateTimeOffset now = clock.GetUtcNow();
        string copy = Path.Combine(folder.Path, $"backup-{Guid.NewGuid():N}.tmp");
        try
        {
            // Blocks for as long as the disk takes to copy the database.
            await Task.Factory.StartNew(() => CopyDatabase(folder.DatabaseFile, copy), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await using TarWriter tar = new(destination, TarEntryFormat.Pax, leaveOpen: true);
            int files = await WriteSpoolAsync(tar, folder, copy, cancellationToken);
            if (passphrase is { } given)
                await WriteAsync(tar, KeysEntry, SealKeys(folder.KeyRingFolder, given), cancellationToken);
            string sha256;
            await using (FileStream database = File.OpenRead(copy))
                sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(database, cancellationToken));
            await WriteFileAsync(tar, DatabaseEntry, copy, cancellationToken);
            await WriteAsync(tar, ManifestEntry, JsonSerializer.SerializeToUtf8Bytes(
                new(Format, now, sha256, files, passphrase is not null), BackupJson.Default.BackupManifest), cancellationToken);
        }
        catch (Exception failure) when (StorageFailures.IsOne(failure) && failure is SqliteException or UnauthorizedAccessException)
        {
            throw StorageFailures.Explain(failure);
        }
        finally
        {
            File.Delete(copy);
        }
    }

    /// <summary>The key that a passphrase stands for.</summary>
    public static MasterKey KeyOf(Secret passphrase, ReadOnlySpan<byte> salt) =>
        new(Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(passphrase.Reveal()), salt, Iterations, HashAlgorithmName.SHA256, 32));

    private static void CopyDatabase(string database, string copy)
    {
        DataFolder.CreateFile(copy, FileMode.CreateNew, FileShare.ReadWrite).Dispose();
        using SqliteConnection source = Open(database, SqliteOpenMode.ReadOnly);
        using SqliteConnection target = Open(copy, SqliteOpenMode.ReadWrite);
        source.BackupDatabase(target);
        // One file alone, without a log beside it.
        using SqliteCommand alone = target.CreateCommand();
        alone.CommandText = "PRAGMA journal_mode = DELETE";
        alone.ExecuteNonQuery();
    }

    // An email that was deleted since the copy was made has no file any more: then it is not in the backup either.
    private static async Task<int> WriteSpoolAsync(TarWriter tar, DataFolder folder, string copy, CancellationToken cancellationToken)
    {
        await using SqliteConnection database = Open(copy, SqliteOpenMode.ReadWrite);
        List<string> gone = [];
        int written = 0;
        await using (SqliteCommand select = database.CreateCommand())
        {
            select.CommandText = "SELECT spool_file FROM email WHERE spool_file IS NOT NULL UNION SELECT spool_file FROM body WHERE spool_file IS NOT NULL";
            await using SqliteDataReader reader = await select.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                string name = reader.GetString(0);
                string file = Path.Combine(folder.SpoolFolder, name);
                try
                {
                    await WriteFileAsync(tar, SpoolPrefix + name, file, cancellationToken);
                    written++;
                }
                catch (FileNotFoundException)
                {
                    gone.Add(name);
                }
            }
        }

        foreach (string name in gone)
        {
            await using SqliteCommand delete = database.CreateCommand();
            delete.CommandText = """
                DELETE FROM email WHERE spool_file = $name OR id IN (SELECT u.email FROM email_body u JOIN body b ON b.id = u.body WHERE b.spool_file = $name);
                DELETE FROM body WHERE spool_file = $name;
                """;
            delete.Parameters.AddWithValue("$name", name);
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }

        return written;
    }

    private static byte[] SealKeys(string keyRingFolder, Secret passphrase)
    {
        Dictionary<string, string> keys = new KeyRing(keyRingFolder).Files().ToDictionary(file => Path.GetFileName(file), File.ReadAllText);
        byte[] salt = RandomNumberGenerator.GetBytes(SaltLength);
        return [.. salt, .. KeyOf(passphrase, salt).Encrypt(JsonSerializer.SerializeToUtf8Bytes(keys, BackupJson.Default.DictionaryStringString))];
    }

    private static async Task WriteFileAsync(TarWriter tar, string name, string file, CancellationToken cancellationToken)
    {
        await using FileStream content = new(file, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 64 * 1024, useAsync: true);
        await tar.WriteEntryAsync(Entry(name, content), cancellationToken);
    }

    private static async Task WriteAsync(TarWriter tar, string name, byte[] content, CancellationToken cancellationToken)
    {
        using MemoryStream stream = new(content, writable: false);
        await tar.WriteEntryAsync(Entry(name, stream), cancellationToken);
    }

    private static PaxTarEntry Entry(string name, Stream content) =>
        new(TarEntryType.RegularFile, name) { DataStream = content, Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite };

    private static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
