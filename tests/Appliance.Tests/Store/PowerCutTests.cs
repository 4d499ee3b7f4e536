using System.Security.Cryptography;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>
/// The log grows at its end, so a log that is cut anywhere is what a loss of power can leave. It is cut at every frame, and inside frames:
/// each time the store holds exactly what had been acknowledged when the log was that long, or one write more, and never half of one.
/// </summary>
public sealed class PowerCutTests : IDisposable
{
    private const int LogHeader = 32;
    private const int Frame = 24 + 4096;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_log_that_is_cut_anywhere_holds_what_was_acknowledged_and_nothing_by_halves(bool areCopies)
    {
        Func<int, byte[]> message = areCopies ? Copy : Message;
        List<long> acknowledgedAt = [];
        using TemporaryFolder files = await RunAsync(message, acknowledgedAt);
        byte[] log = await File.ReadAllBytesAsync(files.Combine("emailsync.db-wal"), Cancellation);
        Assert.True(log.Length > LogHeader + (60 * Frame), "The scenario is too small to mean much.");

        for (int frame = 0; frame <= (log.Length - LogHeader) / Frame; frame++)
        {
            int border = LogHeader + (frame * Frame);
            await AssertPrefixAsync(files, log, border, message, acknowledgedAt);
            if (frame % 7 == 0 && border + 1000 < log.Length)
                await AssertPrefixAsync(files, log, border + 1000, message, acknowledgedAt);
        }
    }

    [Fact]
    public async Task The_run_after_one_that_was_cut_off_knows_it()
    {
        using TemporaryFolder files = await RunAsync(Message, []);
        await using (SqliteStore cutOff = await OpenAsync(files))
            Assert.True(cutOff.Suspects.FollowACrash());
        await using SqliteStore closed = await OpenAsync(files);
        Assert.False(closed.Suspects.FollowACrash());
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Message n has the unique-id n and n thousand octets, from the sixth on more than fit into a row.</summary>
    private static byte[] Message(int number) => Samples.Message($"m{number}", number * 1000);

    /// <summary>Two letters by turns, one in a row and one in the spool: from the third copy on each has its body in common with others.</summary>
    private static byte[] Copy(int number) =>
        Letters.Copy($"{number}", Letters.Body(number % 2 == 0 ? 5_000 : 9_000), $"<{number % 2}@example.org>", headerLength: 200 + number);

    private static Task<SqliteStore> OpenAsync(TemporaryFolder folder) => SqliteStore.OpenAsync(
        new() { DataFolder = folder.Path, InlineContentThreshold = 5500 }, new FakeTimeProvider(), cancellationToken: Cancellation);

    private async Task<TemporaryFolder> RunAsync(Func<int, byte[]> message, List<long> acknowledgedAt)
    {
        FileInfo log = new(_folder.Combine("emailsync.db-wal"));
        await using SqliteStore store = await OpenAsync(_folder);
        MailboxId mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
        for (int number = 1; number <= 12; number++)
        {
            await store.ReceiveAsync(mailbox, $"{number}", message(number), Cancellation);
            log.Refresh();
            acknowledgedAt.Add(log.Length);
        }

        return _folder.Copy();
    }

    private static async Task AssertPrefixAsync(
        TemporaryFolder files, byte[] log, int length, Func<int, byte[]> message, List<long> acknowledgedAt)
    {
        using TemporaryFolder cut = files.Copy();
        await File.WriteAllBytesAsync(cut.Combine("emailsync.db-wal"), log[..length], Cancellation);
        await using SqliteStore store = await OpenAsync(cut);

        Mailbox? mailbox = await store.Mailboxes.FindByAddressAsync("ada@example.com", Cancellation);
        IReadOnlyList<Email> emails = await store.Emails.ListAsync(new(), null, 100, Cancellation);
        Assert.Equal(acknowledgedAt.Count(end => end <= length), emails.Count);
        Assert.Equal(emails.Count, mailbox?.State.MessagesReceived ?? 0);
        Assert.Equal(emails.Count, mailbox is null ? 0 : (await store.Incoming.KnownUniqueIdsAsync(mailbox.Id, Cancellation)).Hashes.Count);
        for (int number = 1; number <= emails.Count; number++)
        {
            Email email = emails[number - 1];
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(message(number))), email.Sha256);
            Assert.Equal(message(number), await store.ReadContentAsync(email.Id, Cancellation));
        }
    }
}
