using System.Formats.Tar;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>Backups that are made while everything goes on, and what comes of them elsewhere.</summary>
public sealed class BackupTests : IDisposable
{
    private const string Password = "Canary-51b9";
    private static readonly Secret Passphrase = new("correct horse battery");
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Original => _folder.Combine("original");

    private string Restored => _folder.Combine("restored");

    [Fact]
    public async Task A_backup_with_its_keys_is_whole_on_another_machine()
    {
        byte[] large = Samples.Message(new string('x', 300_000));
        MailboxId mailbox;
        using MemoryStream archive = new();
        await using (SqliteStore store = await OpenAsync(Original))
        {
            mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
            await store.Secrets.SetAsync(SecretName.Of(mailbox), new(Password), Cancellation);
            await store.ReceiveAsync(mailbox, "one", Samples.Message("small"), Cancellation);
            await store.ReceiveAsync(mailbox, "two", large, Cancellation);
            await store.WriteBackupAsync(archive, Passphrase, Cancellation);
        }

        archive.Position = 0;
        RestoreReport report = await Restore.RunAsync(archive, Restored, Passphrase, replace: false, TimeProvider.System, Cancellation);

        Assert.Equal((2, 1, 0), (report.Emails, report.Secrets, report.LostSecrets));
        await using SqliteStore restored = await OpenAsync(Restored);
        Assert.Equal(Password, (await restored.Secrets.RevealAsync(SecretName.Of(mailbox), Cancellation))!.Value.Reveal());
        IReadOnlyList<Email> emails = await restored.Emails.ListAsync(new(), null, 10, Cancellation);
        Assert.Equal(large, await restored.ReadContentAsync(emails[1].Id, Cancellation));
        Assert.True((await restored.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).Contains("two"u8));
    }

    [Fact]
    public async Task No_secret_is_in_it_in_clear_and_no_key_without_a_passphrase()
    {
        using MemoryStream archive = await BackUpAsync(null);
        string text = Encoding.Latin1.GetString(archive.ToArray());

        Assert.DoesNotContain(Password, text, StringComparison.Ordinal);
        Assert.DoesNotContain("masterKey", text, StringComparison.Ordinal);
        Assert.DoesNotContain("<key ", text, StringComparison.Ordinal);
        using MemoryStream sealedArchive = await BackUpAsync(Passphrase);
        Assert.DoesNotContain("masterKey", Encoding.Latin1.GetString(sealedArchive.ToArray()), StringComparison.Ordinal);

        archive.Position = 0;
        RestoreReport report = await Restore.RunAsync(archive, Restored, null, replace: false, TimeProvider.System, Cancellation);
        Assert.Equal((1, 1), (report.Secrets, report.LostSecrets));
    }

    [Fact]
    public async Task It_is_of_one_moment_while_writers_go_on()
    {
        await using SqliteStore store = await OpenAsync(Original);
        MailboxId mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        TaskCompletionSource begun = new();
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                await store.ReceiveAsync(mailbox, $"uid-{i}", Samples.Message($"{i} {new string('x', i % 3 == 0 ? 200_000 : 10)}"), Cancellation);
                if (i == 5)
                    begun.SetResult();
            }
        }, Cancellation);
        await begun.Task;
        using MemoryStream archive = new();
        await store.WriteBackupAsync(archive, null, Cancellation);
        await stop.CancelAsync();
        await writing;

        archive.Position = 0;
        RestoreReport report = await Restore.RunAsync(archive, Restored, null, replace: false, TimeProvider.System, Cancellation);

        await using SqliteStore restored = await OpenAsync(Restored);
        KnownUniqueIds known = await restored.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation);
        Assert.All(Enumerable.Range(0, (int)report.Emails), number => Assert.True(known.Contains(Encoding.ASCII.GetBytes($"uid-{number}"))));
        Assert.False(known.Contains(Encoding.ASCII.GetBytes($"uid-{report.Emails}")));
        Assert.InRange(report.Emails, 6, long.MaxValue);
        foreach (Email email in await restored.Emails.ListAsync(new(), null, 1000, Cancellation))
            Assert.Equal(email.Size, (await restored.ReadContentAsync(email.Id, Cancellation)).Length);
        Assert.Empty(Directory.GetFiles(Original, "*.tmp"));
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(0.7)]
    [InlineData(0.95)]
    public async Task One_that_was_cut_off_is_refused_and_nothing_is_changed(double part)
    {
        using MemoryStream archive = await BackUpAsync(null);
        using MemoryStream cut = new(archive.ToArray()[..(int)(archive.Length * part)]);

        DataFolderException refused = await Assert.ThrowsAsync<DataFolderException>(
            () => Restore.RunAsync(cut, Restored, null, replace: false, TimeProvider.System, Cancellation));

        Assert.Contains("Nothing was changed", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, new FileInfo(Path.Combine(Restored, "emailsync.db")).Length);
        Assert.Empty(Directory.GetDirectories(Restored, "restore-*"));
    }

    [Fact]
    public async Task A_wrong_passphrase_and_a_strange_entry_are_refused()
    {
        using MemoryStream archive = await BackUpAsync(Passphrase);
        archive.Position = 0;
        DataFolderException wrong = await Assert.ThrowsAsync<DataFolderException>(
            () => Restore.RunAsync(archive, Restored, new("not the passphrase"), replace: false, TimeProvider.System, Cancellation));
        Assert.Contains("passphrase", wrong.Message, StringComparison.Ordinal);

        using MemoryStream strange = new();
        await using (TarWriter tar = new(strange, TarEntryFormat.Pax, leaveOpen: true))
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "../outside") { DataStream = new MemoryStream([1]) }, Cancellation);
        strange.Position = 0;
        await Assert.ThrowsAsync<DataFolderException>(() => Restore.RunAsync(strange, Restored, null, replace: false, TimeProvider.System, Cancellation));
        Assert.False(File.Exists(_folder.Combine("outside")));
    }

    [Fact]
    public async Task A_folder_that_holds_something_is_left_alone_unless_it_is_to_be_replaced()
    {
        using MemoryStream archive = await BackUpAsync(Passphrase);
        archive.Position = 0;
        await Assert.ThrowsAsync<DataFolderException>(() => Restore.RunAsync(archive, Original, Passphrase, replace: false, TimeProvider.System, Cancellation));
        archive.Position = 0;
        RestoreReport report = await Restore.RunAsync(archive, Original, Passphrase, replace: true, TimeProvider.System, Cancellation);

        Assert.Equal(0, report.LostSecrets);
        string aside = Assert.Single(Directory.GetDirectories(Original, "replaced-*"));
        Assert.True(File.Exists(Path.Combine(aside, "emailsync.db")));
    }

    [Fact]
    public async Task What_a_backup_or_a_restore_that_was_killed_had_begun_is_swept_at_the_next_start()
    {
        Directory.CreateDirectory(Path.Combine(Original, "restore-0.tmp", "spool"));
        await File.WriteAllTextAsync(Path.Combine(Original, "backup-0.tmp"), "half", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(Original, "kept.txt"), "not ours", Cancellation);

        await using SqliteStore store = await OpenAsync(Original);

        Assert.Empty(Directory.GetFileSystemEntries(Original, "*.tmp"));
        Assert.True(File.Exists(Path.Combine(Original, "kept.txt")));
    }

    [Fact]
    public async Task Nobody_restores_under_a_running_appliance()
    {
        using MemoryStream archive = await BackUpAsync(null);
        await using SqliteStore running = await OpenAsync(Original);
        archive.Position = 0;
        await Assert.ThrowsAsync<DataFolderException>(() => Restore.RunAsync(archive, Original, null, replace: true, TimeProvider.System, Cancellation));
    }

    public void Dispose() => _folder.Dispose();

    private static Task<SqliteStore> OpenAsync(string folder) =>
        SqliteStore.OpenAsync(new() { DataFolder = folder }, TimeProvider.System, cancellationToken: Cancellation);

    private async Task<MemoryStream> BackUpAsync(Secret? passphrase)
    {
        await using SqliteStore store = await OpenAsync(Original);
        if ((await store.Mailboxes.FindByAddressAsync("ada@example.com", Cancellation))?.Id is not { } mailbox)
        {
            mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
            await store.Secrets.SetAsync(SecretName.Of(mailbox), new(Password), Cancellation);
            await store.ReceiveAsync(mailbox, "one", Samples.Message(new string('x', 200_000)), Cancellation);
        }

        MemoryStream archive = new();
        await store.WriteBackupAsync(archive, passphrase, Cancellation);
        return archive;
    }
}
