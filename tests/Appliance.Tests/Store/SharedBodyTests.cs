using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>What copies of one letter take in the database and in the spool, and that nothing forgets whose a body is.</summary>
public sealed class SharedBodyTests : IAsyncLifetime
{
    private const int Threshold = 20_000;
    private const string AnyId = "<letter@example.org>";

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Dictionary<EmailId, byte[]> _stored = [];
    private SqliteStore _store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string[] SpoolFiles => Directory.GetFiles(_folder.Combine("spool"));

    public async ValueTask InitializeAsync() => _store = await OpenAsync(_folder.Path);

    [Theory, InlineData(15_000, 0), InlineData(1_000_000, 1)]
    public async Task A_letter_to_many_takes_the_room_of_one(int bodyLength, int files)
    {
        byte[] body = Letters.Body(bodyLength);
        for (int number = 0; number < 20; number++)
            await ReceiveAsync($"{number}@example.com", body);

        Assert.Equal(files, SpoolFiles.Length);
        Assert.Equal(1, await CountAsync("SELECT count(*) FROM body"));
        long room = await CountAsync("SELECT (SELECT sum(length(octets)) FROM email_content) + (SELECT coalesce(sum(length(octets)), 0) FROM body)");
        Assert.InRange(room + SpoolFiles.Sum(file => new FileInfo(file).Length), bodyLength, bodyLength + 20 * 500);
        await AssertAllAsync();
    }

    [Theory]
    [InlineData(15_000, 100, AnyId, 1), InlineData(1_000_000, 100, AnyId, 1), InlineData(4_096, 100, AnyId, 1), InlineData(1_000_000, 16_000, AnyId, 1)]
    [InlineData(4_095, 100, AnyId, 0), InlineData(15_000, 100, null, 0), InlineData(1_000_000, 100, null, 0), InlineData(1_000_000, 70_000, AnyId, 0)]
    public async Task What_is_small_has_a_huge_header_or_no_message_id_is_not_shared(int bodyLength, int headerLength, string? messageId, int bodies)
    {
        byte[] body = Letters.Body(bodyLength);
        await ReceiveAsync("a@example.com", body, messageId, headerLength);
        await ReceiveAsync("b@example.com", body, messageId, headerLength);

        Assert.Equal(bodies, await CountAsync("SELECT count(*) FROM body"));
        await AssertAllAsync();
    }

    [Fact]
    public async Task An_email_that_is_alone_is_stored_as_ever()
    {
        await ReceiveAsync("a@example.com", Letters.Body(15_000, seed: 1));
        await ReceiveAsync("b@example.com", Letters.Body(15_000, seed: 2));
        await ReceiveAsync("c@example.com", Letters.Body(15_000, seed: 1), "<other@example.org>");

        Assert.Equal((0, 0), (await CountAsync("SELECT count(*) FROM body"), await CountAsync("SELECT count(*) FROM email_body")));
        Assert.Equal(3, await CountAsync("SELECT count(*) FROM email e JOIN email_content c ON c.email = e.id WHERE length(c.octets) = e.size"));
    }

    [Fact]
    public async Task Of_thousands_of_letters_under_one_message_id_the_first_sixteen_are_looked_at()
    {
        for (int number = 0; number < 17; number++)
            await ReceiveAsync($"{number}@example.com", Letters.Body(5_000, seed: number));
        await ReceiveAsync("x@example.com", Letters.Body(5_000, seed: 15));
        Assert.Equal(1, await CountAsync("SELECT count(*) FROM body"));
        await ReceiveAsync("y@example.com", Letters.Body(5_000, seed: 16));
        Assert.Equal(1, await CountAsync("SELECT count(*) FROM body"));
        await AssertAllAsync();
    }

    [Fact]
    public async Task A_file_that_a_copy_needs_outlives_the_email_that_it_came_with_and_every_sweep()
    {
        byte[] body = Letters.Body(1_000_000);
        EmailId first = await ReceiveAsync("a@example.com", body);
        EmailId second = await ReceiveAsync("b@example.com", body);
        await DeleteAsync(first);
        await _store.DisposeAsync();
        _clock.Advance(Spool.OrphanAge + TimeSpan.FromDays(1));
        _store = await OpenAsync(_folder.Path);

        await AssertAllAsync();
        EmailId third = await ReceiveAsync("c@example.com", body);
        await DeleteAsync(second);
        await AssertAllAsync();
        Assert.Single(SpoolFiles);

        await DeleteAsync(third);
        Assert.Empty(SpoolFiles);
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM body"));
    }

    [Fact]
    public async Task A_copy_is_read_from_any_place()
    {
        await ReceiveAsync("a@example.com", Letters.Body(1_000_000));
        EmailId copy = await ReceiveAsync("b@example.com", Letters.Body(1_000_000), headerLength: 300);
        await using Stream content = await _store.Emails.OpenContentAsync(copy, Cancellation);
        byte[] expected = _stored[copy];
        Assert.Equal(expected.Length, content.Length);
        byte[] buffer = new byte[64];
        foreach (int position in new[] { 500_000, 0, 299, 300, 301, 999_999, 250, expected.Length - 10, expected.Length, expected.Length + 5 })
        {
            Assert.Equal(position, content.Seek(position - content.Position, SeekOrigin.Current));
            int read = position % 2 == 0 ? content.ReadAtLeast(buffer, 64, throwOnEndOfStream: false) : await content.ReadAtLeastAsync(buffer, 64, throwOnEndOfStream: false, Cancellation);
            Assert.Equal(expected.AsSpan(Math.Min(position, expected.Length)..Math.Min(position + 64, expected.Length)), buffer.AsSpan(0, read));
        }

        Assert.Equal(expected.Length - 1, content.Seek(-1, SeekOrigin.End));
        Assert.Equal(1, content.Read(buffer));
    }

    [Fact]
    public async Task Copies_are_in_a_backup_and_one_whose_shared_file_is_damaged_is_refused()
    {
        byte[] large = Letters.Body(1_000_000);
        EmailId first = await ReceiveAsync("a@example.com", large);
        await ReceiveAsync("b@example.com", large);
        await ReceiveAsync("c@example.com", Letters.Body(15_000), "<small@example.org>");
        await ReceiveAsync("d@example.com", Letters.Body(15_000), "<small@example.org>");
        await DeleteAsync(first);
        using MemoryStream archive = await BackUpAsync();
        Flip(SpoolFiles[0], 500_000);
        using MemoryStream damaged = await BackUpAsync();

        using TemporaryFolder other = new();
        await Assert.ThrowsAsync<DataFolderException>(() => Restore.RunAsync(damaged, other.Combine("damaged"), null, replace: false, _clock, Cancellation));
        await Restore.RunAsync(archive, other.Combine("restored"), null, replace: false, _clock, Cancellation);

        await _store.DisposeAsync();
        _store = await OpenAsync(other.Combine("restored"));
        await AssertAllAsync();
    }

    [Fact]
    public async Task A_body_that_changed_on_the_disk_is_found_in_every_copy()
    {
        for (int number = 0; number < 3; number++)
        {
            await ReceiveAsync($"{number}@example.com", Letters.Body(1_000_000));
            await ReceiveAsync($"small{number}@example.com", Letters.Body(15_000), "<small@example.org>");
        }

        Assert.Equal(0, (await _store.Upkeep.CheckAsync(Cancellation)).FaultCount);
        await RunAsync("UPDATE body SET octets = CAST(substr(octets, 1, length(octets) - 1) || x'00' AS BLOB) WHERE octets IS NOT NULL");
        Assert.Equal(3, (await _store.Upkeep.CheckAsync(Cancellation)).FaultCount);
        Flip(SpoolFiles[0], 500_000);
        Assert.Equal(6, (await _store.Upkeep.CheckAsync(Cancellation)).FaultCount);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(0)]
    public async Task Whatever_comes_and_goes_each_email_is_whole_and_nothing_is_left_at_the_end(int seed)
    {
        // The last stands for another chance each time.
        seed = seed == 0 ? Random.Shared.Next() : seed;
        TestContext.Current.TestOutputHelper!.WriteLine($"Seed {seed}");
        Random random = new(seed);
        int[] lengths = [100, 5_000, Threshold - 300, Threshold - 100, Threshold + 100, 90_000];
        for (int step = 0; step < 120; step++)
        {
            int letter = random.Next(lengths.Length);
            if (random.Next(3) > 0 || _stored.Count == 0)
                await ReceiveAsync($"{step}@example.com", Letters.Body(lengths[letter], random.Next(2)), $"<{letter}@example.org>", random.Next(100, 600));
            else
                await DeleteAsync(_stored.Keys.ElementAt(random.Next(_stored.Count)));
            if (random.Next(20) == 0)
            {
                await _store.DisposeAsync();
                _store = await OpenAsync(_folder.Path);
            }

            if (step % 10 == 0)
                await AssertAllAsync();
        }

        await AssertAllAsync();
        while (_stored.Count > 0)
            await DeleteAsync(_stored.Keys.ElementAt(random.Next(_stored.Count)));
        Assert.Empty(SpoolFiles);
        foreach (string table in new[] { "email_content", "email_body", "body", "message_key" })
            Assert.Equal(0, await CountAsync($"SELECT count(*) FROM {table}"));
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    private Task<SqliteStore> OpenAsync(string folder) => SqliteStore.OpenAsync(
        new() { DataFolder = folder, InlineContentThreshold = Threshold }, _clock, cancellationToken: Cancellation);

    /// <summary>A copy in a mailbox of its own, in which it stays until it is acknowledged.</summary>
    private async Task<EmailId> ReceiveAsync(string recipient, byte[] body, string? messageId = AnyId, int? headerLength = null)
    {
        MailboxId mailbox = await _store.AddMailboxAsync(recipient, Cancellation);
        Mailbox read = (await _store.Mailboxes.FindAsync(mailbox, Cancellation))!;
        await _store.Mailboxes.UpdateAsync(read with { DeleteEmailsAfterProcessing = true, DeleteOnlyAcknowledged = true }, Cancellation);
        byte[] copy = Letters.Copy(recipient, body, messageId, headerLength);
        EmailId id = await _store.ReceiveAsync(mailbox, "uid", copy, Cancellation);
        _stored.Add(id, copy);
        return id;
    }

    private async Task DeleteAsync(EmailId email)
    {
        await _store.Emails.AcknowledgeAsync([email], _clock.GetUtcNow(), Cancellation);
        Assert.Equal(1, await _store.Emails.DeleteOldAsync(DateTimeOffset.MaxValue, Cancellation));
        _stored.Remove(email);
    }

    private async Task AssertAllAsync()
    {
        Assert.Equal(_stored.Count, await _store.Emails.CountAsync(new(), Cancellation));
        foreach ((EmailId id, byte[] copy) in _stored)
            Assert.True((await _store.ReadContentAsync(id, Cancellation)).AsSpan().SequenceEqual(copy), $"{id} is not as it was received.");
    }

    private async Task<MemoryStream> BackUpAsync()
    {
        MemoryStream archive = new();
        await _store.WriteBackupAsync(archive, null, Cancellation);
        archive.Position = 0;
        return archive;
    }

    private static void Flip(string path, long position)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = position;
        int octet = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(octet ^ 1));
    }

    private async Task<long> CountAsync(string sql) => Convert.ToInt64(await RunAsync(sql), CultureInfo.InvariantCulture);

    private async Task<object?> RunAsync(string sql)
    {
        await using SqliteConnection connection = new($"Data Source={_folder.Combine("emailsync.db")};Pooling=False");
        await connection.OpenAsync(Cancellation);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(Cancellation);
    }
}
