using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EmailSync.Protocols.Wire;
using Microsoft.Data.Sqlite;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>What a restored data folder holds.</summary>
/// <param name="CreatedAt">When the backup was made.</param>
/// <param name="Emails">Emails of both directions.</param>
/// <param name="Secrets">Stored passwords.</param>
/// <param name="LostSecrets">Those of them whose key is not in the key ring: they must be given again.</param>
public sealed record RestoreReport(DateTimeOffset CreatedAt, long Emails, int Secrets, int LostSecrets);

/// <summary>Puts a backup into a data folder. The whole archive is checked before anything in the folder is touched.</summary>
public static class Restore
{
    /// <summary>Restores.</summary>
    /// <param name="archive">Read to its end.</param>
    /// <param name="dataFolder">Where to; it is locked meanwhile.</param>
    /// <param name="passphrase">Opens the key ring in the backup; null leaves the folder's key ring as it is.</param>
    /// <param name="replace">What the folder holds is moved aside; otherwise it must be empty.</param>
    /// <param name="clock">Names the folder that the old content goes to.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DataFolderException">The backup is not whole, or the folder cannot take it; the message says which.</exception>
    public static async Task<RestoreReport> RunAsync(
        Stream archive, string dataFolder, Secret? passphrase, bool replace, TimeProvider clock, CancellationToken cancellationToken)
    {
        using DataFolder folder = DataFolder.Open(dataFolder);
        if (!replace && new FileInfo(folder.DatabaseFile).Length > 0)
            throw new DataFolderException($"The data folder '{folder.Path}' holds a database already. Give an empty one, or --replace to move aside what it holds.", null);

        string staging = Path.Combine(folder.Path, $"restore-{Guid.NewGuid():N}.tmp");
        Directory.CreateDirectory(Path.Combine(staging, "spool"));
        try
        {
            BackupManifest manifest = await UnpackAsync(archive, staging, cancellationToken);
            string database = Path.Combine(staging, Backup.DatabaseEntry);
            if (!File.Exists(database) || Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(database, cancellationToken))) != manifest.DatabaseSha256)
                throw Broken("its database is not the one that its manifest speaks of");
            long emails = await CheckAsync(database, Path.Combine(staging, "spool"), cancellationToken);
            bool hasKeys = UnsealKeys(staging, passphrase);

            if (replace)
                MoveAside(folder, hasKeys, clock);
            foreach (string file in Directory.EnumerateFiles(Path.Combine(staging, "spool")))
                File.Move(file, Path.Combine(folder.SpoolFolder, Path.GetFileName(file)), overwrite: true);
            if (hasKeys)
            {
                foreach (string file in Directory.EnumerateFiles(Path.Combine(staging, "keys")))
                    File.Move(file, Path.Combine(folder.KeyRingFolder, Path.GetFileName(file)), overwrite: true);
            }

            // Last: without it the folder is still one that nothing was restored to.
            File.Move(database, folder.DatabaseFile, overwrite: true);
            foreach (string flushed in new[] { folder.SpoolFolder, folder.KeyRingFolder, folder.Path })
                DataFolder.Flush(flushed);
            (int secrets, int lost) = CountSecrets(folder);
            return new(manifest.CreatedAt, emails, secrets, lost);
        }
        finally
        {
            Directory.Delete(staging, recursive: true);
        }
    }

    private static DataFolderException Broken(string why, Exception? inner = null) =>
        new($"The backup cannot be restored: {why}. Nothing was changed.", inner);

    private static async Task<BackupManifest> UnpackAsync(Stream archive, string staging, CancellationToken cancellationToken)
    {
        try
        {
            BackupManifest? manifest = null;
            await using TarReader tar = new(archive, leaveOpen: true);
            while (await tar.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
            {
                if (manifest is not null || !IsOurs(entry))
                    throw Broken($"'{entry.Name}' is no entry of a backup");
                if (entry.Name == Backup.ManifestEntry)
                {
                    manifest = await JsonSerializer.DeserializeAsync(entry.DataStream!, BackupJson.Default.BackupManifest, cancellationToken);
                    continue;
                }

                await using FileStream file = DataFolder.CreateFile(Path.Combine(staging, entry.Name), FileMode.CreateNew, FileShare.None);
                if (entry.DataStream is not null)
                    await entry.DataStream.CopyToAsync(file, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            return manifest switch
            {
                null => throw Broken("it ends before its manifest"),
                { Format: not Backup.Format } => throw Broken($"its format is {manifest.Format}, and this version knows {Backup.Format}"),
                _ => manifest,
            };
        }
        catch (Exception damaged) when (damaged is InvalidDataException or EndOfStreamException or JsonException or FormatException)
        {
            throw Broken($"it is damaged ({damaged.Message})", damaged);
        }
    }

    // The names are ours or they are refused: no path in an archive leads out of the folder.
    private static bool IsOurs(TarEntry entry) =>
        entry.EntryType == TarEntryType.RegularFile
        && (entry.Name is Backup.DatabaseEntry or Backup.KeysEntry or Backup.ManifestEntry
            || (entry.Name.StartsWith(Backup.SpoolPrefix, StringComparison.Ordinal) && entry.Name.EndsWith(".eml", StringComparison.Ordinal)
                && Guid.TryParseExact(entry.Name[Backup.SpoolPrefix.Length..^4], "N", out _)));

    /// <summary>The database is sound, and every file that it refers to is there and is what it was. Returns how many emails there are.</summary>
    private static async Task<long> CheckAsync(string database, string spool, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = database, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        await connection.OpenAsync(cancellationToken);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check(1)";
        if (await command.ExecuteScalarAsync(cancellationToken) is not "ok")
            throw Broken("its database is damaged");
        command.CommandText = """
            SELECT spool_file, sha256, 0 FROM email WHERE spool_file IS NOT NULL UNION ALL
            SELECT spool_file, sha256, spool_offset FROM body WHERE spool_file IS NOT NULL
            """;
        await using (SqliteDataReader reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                string file = Path.Combine(spool, reader.GetString(0));
                if (!File.Exists(file))
                    throw Broken($"the message {reader.GetString(0)} is missing");
                await using FileStream content = File.OpenRead(file);
                content.Position = reader.GetInt64(2);
                if (!(await SHA256.HashDataAsync(content, cancellationToken)).AsSpan().SequenceEqual(reader.GetFieldValue<byte[]>(1)))
                    throw Broken($"the message {reader.GetString(0)} is not what it was");
            }
        }

        command.CommandText = "SELECT count(*) FROM email";
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static bool UnsealKeys(string staging, Secret? passphrase)
    {
        string keysFile = Path.Combine(staging, Backup.KeysEntry);
        if (passphrase is not { } given)
            return false;
        if (!File.Exists(keysFile))
            throw Broken("a passphrase was given, and there is no key ring in it");
        byte[] content = File.ReadAllBytes(keysFile);
        try
        {
            byte[] plain = Backup.KeyOf(given, content.AsSpan(0, Backup.SaltLength)).Decrypt(content.AsSpan(Backup.SaltLength));
            Directory.CreateDirectory(Path.Combine(staging, "keys"));
            foreach ((string name, string xml) in JsonSerializer.Deserialize(plain, BackupJson.Default.DictionaryStringString)!)
            {
                using FileStream file = DataFolder.CreateFile(Path.Combine(staging, "keys", Path.GetFileName(name)), FileMode.CreateNew, FileShare.None);
                file.Write(Encoding.UTF8.GetBytes(xml));
                file.Flush(flushToDisk: true);
            }

            return true;
        }
        catch (CryptographicException wrong)
        {
            throw Broken("the passphrase is not the one it was made with", wrong);
        }
    }

    private static void MoveAside(DataFolder folder, bool movesKeys, TimeProvider clock)
    {
        string aside = Path.Combine(folder.Path, $"replaced-{clock.GetUtcNow():yyyyMMddTHHmmssfff}");
        Directory.CreateDirectory(Path.Combine(aside, "spool"));
        Directory.CreateDirectory(Path.Combine(aside, "keys"));
        foreach (string file in Directory.EnumerateFiles(folder.SpoolFolder))
            File.Move(file, Path.Combine(aside, "spool", Path.GetFileName(file)));
        if (movesKeys)
        {
            foreach (string file in Directory.EnumerateFiles(folder.KeyRingFolder))
                File.Move(file, Path.Combine(aside, "keys", Path.GetFileName(file)));
        }

        foreach (string suffix in new[] { "", "-wal", "-shm" })
        {
            if (File.Exists(folder.DatabaseFile + suffix))
                File.Move(folder.DatabaseFile + suffix, Path.Combine(aside, Path.GetFileName(folder.DatabaseFile) + suffix));
        }
    }

    private static (int Secrets, int Lost) CountSecrets(DataFolder folder)
    {
        HashSet<string> keys = [.. new KeyRing(folder.KeyRingFolder).Files().Select(file => Path.GetFileNameWithoutExtension(file))];
        using Connection connection = Connection.OpenReader(folder.DatabaseFile);
        List<Guid> needed = connection.Prepare("SELECT ciphertext FROM secret").All(row => SecretTable.KeyOf(row.Octets()));
        return (needed.Count, needed.Count(key => !keys.Contains($"key-{key}")));
    }
}
