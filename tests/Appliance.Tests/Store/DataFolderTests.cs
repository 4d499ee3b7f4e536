using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>Opening a data folder: what is in it, who else has it, and what is wrong with it.</summary>
public sealed class DataFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string DatabaseFile => _folder.Combine("emailsync.db");

    [Fact]
    public async Task A_data_folder_belongs_to_one_store_at_a_time()
    {
        SqliteStore first = await OpenAsync();
        DataFolderException inUse = await Assert.ThrowsAsync<DataFolderException>(OpenAsync);
        Assert.Contains(_folder.Path, inUse.Message, StringComparison.Ordinal);
        Assert.Contains("in use", inUse.Message, StringComparison.Ordinal);

        await first.DisposeAsync();
        await using SqliteStore second = await OpenAsync();
    }

    [Fact]
    public async Task A_failed_opening_gives_the_lock_back()
    {
        await File.WriteAllTextAsync(DatabaseFile, "This is no database, and long enough to be taken for one.", Cancellation);
        await Assert.ThrowsAsync<DataFolderException>(OpenAsync);
        File.Delete(DatabaseFile);
        await using SqliteStore store = await OpenAsync();
    }

    [Fact]
    public async Task Only_the_owner_may_read_what_is_in_the_folder()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no modes on Windows.");
        string path = _folder.Combine("new", "data");
        await using SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = path }, _clock, cancellationToken: Cancellation);
        MailboxId mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
        await store.Secrets.SetAsync(SecretName.Of(mailbox), new("secret"), Cancellation);
        await store.ReceiveAsync(mailbox, "uid", new byte[200_000], Cancellation);

        string[] folders = [path, .. Directory.GetDirectories(path)];
        string[] files = Directory.GetFiles(path, "*", SearchOption.AllDirectories);
        Assert.Equal(["data", "keys", "spool"], folders.Select(Path.GetFileName).Order());
        Assert.Equal([".db", ".db-shm", ".db-wal", ".eml", ".lock", ".xml"], files.Select(Path.GetExtension).Order());
        Assert.All(folders, folder => Assert.Equal("0700", ModeOf(folder)));
        Assert.All(files, file => Assert.Equal("0600", ModeOf(file)));
    }

    [Fact]
    public async Task A_file_in_place_of_the_folder_is_named()
    {
        string file = _folder.Combine("file");
        await File.WriteAllTextAsync(file, "", Cancellation);
        DataFolderException failure = await Assert.ThrowsAsync<DataFolderException>(
            () => SqliteStore.OpenAsync(new() { DataFolder = file }, _clock, cancellationToken: Cancellation));
        Assert.Contains(file, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("This is no database, and long enough to be taken for one.")]
    [InlineData("SQLite format 3\0 and then nothing that makes sense, for a hundred octets, which is as long as the header of a file is.")]
    public async Task A_damaged_database_is_named_and_left_alone(string content)
    {
        await File.WriteAllTextAsync(DatabaseFile, content, Cancellation);
        DataFolderException failure = await Assert.ThrowsAsync<DataFolderException>(OpenAsync);
        Assert.Contains(DatabaseFile, failure.Message, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(DatabaseFile, Cancellation));
    }

    [Fact]
    public async Task A_damaged_page_is_a_storage_error_for_who_reads_it()
    {
        EmailId email;
        await using (SqliteStore store = await OpenAsync())
            email = await store.ReceiveAsync(
                await store.AddMailboxAsync("ada@example.com", Cancellation), "uid", new byte[100_000], Cancellation);

        // The last pages are those of the content.
        byte[] octets = await File.ReadAllBytesAsync(DatabaseFile, Cancellation);
        octets.AsSpan(octets.Length - 80_000).Fill(0xFF);
        await File.WriteAllBytesAsync(DatabaseFile, octets, Cancellation);

        await using SqliteStore damaged = await OpenAsync();
        await Assert.ThrowsAsync<StorageException>(async () => await damaged.Emails.OpenContentAsync(email, Cancellation));
        Assert.Equal(100_000, (await damaged.Emails.FindAsync(email, Cancellation))!.Size);
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused()
    {
        await (await OpenAsync()).DisposeAsync();
        await ExecuteAsync("PRAGMA user_version = 9999");
        DataFolderException failure = await Assert.ThrowsAsync<DataFolderException>(OpenAsync);
        Assert.Contains("newer EmailSync (schema 9999", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_another_program_is_refused()
    {
        await ExecuteAsync("CREATE TABLE theirs (id INTEGER)");
        DataFolderException failure = await Assert.ThrowsAsync<DataFolderException>(OpenAsync);
        Assert.Contains("another program", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_migration_is_run_once()
    {
        await using (SqliteStore store = await OpenAsync())
            await store.AddMailboxAsync("ada@example.com", Cancellation);
        await using (SqliteStore store = await OpenAsync())
            Assert.NotNull(await store.Mailboxes.FindByAddressAsync("ada@example.com", Cancellation));
    }

    [Fact]
    public async Task A_migration_that_was_cut_off_is_run_again()
    {
        // A crash inside the first migration leaves an empty file with a log that has no commit.
        await (await OpenAsync()).DisposeAsync();
        File.Delete(DatabaseFile);
        await File.WriteAllBytesAsync(DatabaseFile, [], Cancellation);
        await File.WriteAllBytesAsync(DatabaseFile + "-wal", Encoding.ASCII.GetBytes("half a log"), Cancellation);
        await using SqliteStore store = await OpenAsync();
        await store.AddMailboxAsync("ada@example.com", Cancellation);
    }

    public void Dispose() => _folder.Dispose();

    private Task<SqliteStore> OpenAsync() =>
        SqliteStore.OpenAsync(new() { DataFolder = _folder.Path }, _clock, cancellationToken: Cancellation);

    private static string ModeOf(string path) =>
        OperatingSystem.IsWindows() ? "" : "0" + Convert.ToString((int)File.GetUnixFileMode(path), toBase: 8);

    private async Task ExecuteAsync(string sql)
    {
        await using SqliteConnection connection = new($"Data Source={DatabaseFile};Pooling=False");
        await connection.OpenAsync(Cancellation);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
