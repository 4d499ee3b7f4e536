using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>A disk that fills up while mail comes in (N-07).</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_does_not_fit_is_refused_and_what_was_acknowledged_is_there()
    {
        HashSet<string> acknowledged = [];
        int refused = 0;
        MailboxId mailbox;
        await using (SqliteStore store = await OpenAsync(maximumPages: 250))
        {
            mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
            await Parallel.ForAsync(0, 100, Cancellation, async (number, cancellationToken) =>
            {
                try
                {
                    await store.ReceiveAsync(mailbox, $"{number}", Samples.Message($"m{number}", 20_000), cancellationToken);
                    lock (acknowledged)
                        acknowledged.Add($"m{number}");
                }
                catch (StorageException full)
                {
                    Assert.Contains("full", full.Message, StringComparison.Ordinal);
                    Interlocked.Increment(ref refused);
                }
            });
            await AssertHoldsAsync(store, mailbox, acknowledged);
        }

        Assert.True(acknowledged.Count > 5 && refused > 5, $"{acknowledged.Count} were stored and {refused} were refused.");
        await using SqliteStore withRoom = await OpenAsync(maximumPages: null);
        await AssertHoldsAsync(withRoom, mailbox, acknowledged);
        for (int number = 0; number < 100; number++)
            await withRoom.ReceiveAsync(mailbox, $"{number}", Samples.Message($"m{number}", 20_000), Cancellation);
        Assert.Equal(100, await withRoom.Emails.CountAsync(new(), Cancellation));
    }

    public void Dispose() => _folder.Dispose();

    private static async Task AssertHoldsAsync(SqliteStore store, MailboxId mailbox, HashSet<string> subjects)
    {
        IReadOnlyList<Email> stored = await store.Emails.ListAsync(new(), null, 1000, Cancellation);
        Assert.Equal(subjects, stored.Select(email => email.Headers.Subject!).ToHashSet());
        Assert.Equal(subjects.Count, stored.Count);
        Assert.Equal(subjects.Count, (await store.Mailboxes.FindAsync(mailbox, Cancellation))!.State.MessagesReceived);
        Assert.Equal(subjects.Count, (await store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).Hashes.Count);
        foreach (Email email in stored)
            Assert.Equal(Samples.Message(email.Headers.Subject!, 20_000), await store.ReadContentAsync(email.Id, Cancellation));
    }

    private Task<SqliteStore> OpenAsync(long? maximumPages) => SqliteStore.OpenAsync(
        new() { DataFolder = _folder.Path, MaximumPages = maximumPages }, new FakeTimeProvider(), cancellationToken: Cancellation);
}
