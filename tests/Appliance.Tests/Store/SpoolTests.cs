using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>What stands in the spool, and what is swept out of it.</summary>
public sealed class SpoolTests : IAsyncLifetime
{
    private const int Threshold = 1000;

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
    private SqliteStore _store = null!;
    private MailboxId _mailbox;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string SpoolFolder => _folder.Combine("spool");

    private string[] SpoolFiles => [.. Directory.GetFiles(SpoolFolder).Select(file => Path.GetFileName(file)).Order()];

    public async ValueTask InitializeAsync()
    {
        _store = await OpenAsync();
        _mailbox = await _store.AddMailboxAsync("ada@example.com", Cancellation);
    }

    [Theory]
    [InlineData(0, 0), InlineData(1, 0), InlineData(Threshold - 1, 0), InlineData(Threshold, 0), InlineData(Threshold + 1, 1), InlineData(5_000_000, 1)]
    public async Task Content_above_the_threshold_is_a_file_and_nothing_else_is(int size, int files)
    {
        EmailId id = await _store.ReceiveAsync(_mailbox, "uid", new byte[size], Cancellation);
        Assert.Equal(files, SpoolFiles.Length);
        Assert.Equal(size, (await _store.ReadContentAsync(id, Cancellation)).Length);
    }

    [Fact]
    public async Task A_threshold_of_nothing_leaves_empty_content_alone_in_the_database()
    {
        await _store.DisposeAsync();
        _store = await SqliteStore.OpenAsync(
            new() { DataFolder = _folder.Path, InlineContentThreshold = 0 }, _clock, cancellationToken: Cancellation);
        await _store.ReceiveAsync(_mailbox, "empty", [], Cancellation);
        Assert.Empty(SpoolFiles);
        await _store.ReceiveAsync(_mailbox, "one", new byte[1], Cancellation);
        Assert.Single(SpoolFiles);
    }

    [Fact]
    public async Task A_draft_that_is_dropped_takes_its_file_with_it()
    {
        await using (IncomingDraft draft = _store.Incoming.Begin(await _store.LeaseAsync(_mailbox), "uid"u8))
        {
            await draft.WriteAsync(new byte[200_000], Cancellation);
            Assert.EndsWith(".tmp", Assert.Single(SpoolFiles), StringComparison.Ordinal);
        }

        Assert.Empty(SpoolFiles);
    }

    [Fact]
    public async Task A_message_that_is_stored_already_leaves_no_second_file()
    {
        await _store.ReceiveAsync(_mailbox, "uid", new byte[5000], Cancellation);
        await _store.ReceiveAsync(_mailbox, "uid", new byte[5000], Cancellation);
        Assert.Single(SpoolFiles);
    }

    [Fact]
    public async Task A_message_that_is_refused_leaves_no_file()
    {
        await Assert.ThrowsAsync<NotStoredException>(() => _store.ReceiveAsync(new(999), "uid", new byte[5000], Cancellation));
        Assert.Empty(SpoolFiles);
    }

    [Fact]
    public async Task The_sweep_takes_what_a_crash_left_behind_and_nothing_else()
    {
        EmailId kept = await _store.ReceiveAsync(_mailbox, "uid", new byte[5000], Cancellation);
        string keptFile = Assert.Single(SpoolFiles);
        string temporary = await LeaveAsync(".tmp");
        string oldOrphan = await LeaveAsync(".eml");
        _clock.Advance(Spool.OrphanAge);
        string youngOrphan = await LeaveAsync(".eml");
        await File.WriteAllTextAsync(Path.Combine(SpoolFolder, "notes.tmp"), "an operator's own", Cancellation);

        await _store.DisposeAsync();
        _clock.Advance(TimeSpan.FromMinutes(1));
        _store = await OpenAsync();

        Assert.Equal(new[] { keptFile, youngOrphan, "notes.tmp" }.Order(), SpoolFiles);
        Assert.DoesNotContain(temporary, SpoolFiles);
        Assert.DoesNotContain(oldOrphan, SpoolFiles);
        Assert.Equal(5000, (await _store.ReadContentAsync(kept, Cancellation)).Length);
    }

    [Fact]
    public async Task A_spool_that_cannot_be_written_is_a_storage_error_until_it_can()
    {
        Directory.Delete(SpoolFolder);
        await Assert.ThrowsAsync<StorageException>(() => _store.ReceiveAsync(_mailbox, "uid", new byte[200_000], Cancellation));
        await Assert.ThrowsAsync<StorageException>(() => _store.ReceiveAsync(_mailbox, "uid", new byte[5000], Cancellation));
        await Assert.ThrowsAsync<StorageException>(
            async () => await _store.SubmitAsync(new(_mailbox, "", ["b@example.com"]), new byte[5000], Cancellation));
        Assert.Equal(0, await _store.Emails.CountAsync(new(), Cancellation));

        Directory.CreateDirectory(SpoolFolder);
        await _store.ReceiveAsync(_mailbox, "uid", new byte[5000], Cancellation);
        Assert.Equal(1, await _store.Emails.CountAsync(new(), Cancellation));
    }

    [Fact]
    public async Task Content_whose_file_is_gone_is_a_storage_error_that_names_the_email()
    {
        EmailId id = await _store.ReceiveAsync(_mailbox, "uid", new byte[5000], Cancellation);
        File.Delete(Path.Combine(SpoolFolder, Assert.Single(SpoolFiles)));
        StorageException failure = await Assert.ThrowsAsync<StorageException>(() => _store.ReadContentAsync(id, Cancellation));
        Assert.Contains(id.ToString(), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failing_stream_of_a_submission_is_the_submitter_s_error_and_leaves_nothing()
    {
        await Assert.ThrowsAsync<EndOfStreamException>(
            async () => await _store.Outgoing.EnqueueAsync(new(_mailbox, "", ["b@example.com"]), new BrokenStream(50_000), Cancellation));
        Assert.Empty(SpoolFiles);
        Assert.Equal(0, await _store.Emails.CountAsync(new(), Cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    private Task<SqliteStore> OpenAsync() => SqliteStore.OpenAsync(
        new() { DataFolder = _folder.Path, InlineContentThreshold = Threshold }, _clock, cancellationToken: Cancellation);

    private async Task<string> LeaveAsync(string extension)
    {
        string name = Guid.CreateVersion7(_clock.GetUtcNow()).ToString("N") + extension;
        await File.WriteAllTextAsync(Path.Combine(SpoolFolder, name), "left behind", Cancellation);
        return name;
    }

    private sealed class BrokenStream(int length) : MemoryStream(new byte[length])
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await base.ReadAsync(buffer, cancellationToken);
            return read > 0 ? read : throw new EndOfStreamException("The submitter's connection broke.");
        }
    }
}
