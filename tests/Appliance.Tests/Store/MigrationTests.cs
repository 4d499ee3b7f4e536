using System.Globalization;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>A data folder of an earlier version opens with everything that was in it.</summary>
public sealed class MigrationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_second_schema_held_is_there_under_this_one()
    {
        using (DataFolder.Open(_folder.Path))
        {
            DataFolder.CreateFile(_folder.Combine("emailsync.db"), FileMode.OpenOrCreate, FileShare.ReadWrite).Dispose();
            await CreateAsync(2, """
                INSERT INTO profile VALUES (1, 3, 'Old', 'old', '', NULL, NULL, NULL, 0, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, 1, NULL, 3000000000, 10, 300000000, 1200000000, 0, NULL, 0, NULL, 0);
                INSERT INTO mailbox VALUES (1, 2, 'Ada', 'ada@example.com', 'ada@example.com', 0, 1, NULL, 1, 1, 1, 1, 'root', 5, NULL, 0, NULL, 1000);
                INSERT INTO mailbox_state (mailbox, transient_failure_count, messages_received) VALUES (1, 4, 9);
                INSERT INTO email (id, mailbox, state, stored_at, size, sha256) VALUES (1, 1, 0, 5, 1, x'00');
                INSERT INTO known_unique_id VALUES (1, 1, 1, NULL), (1, 2, 2, 1);
                """);
        }

        await using SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = _folder.Path }, new FakeTimeProvider(), cancellationToken: Cancellation);

        Mailbox mailbox = (await store.Mailboxes.FindAsync(new(1), Cancellation))!;
        Assert.Equal(("Ada", 2L, EmailApproval.Approved, "root"), (mailbox.Name, mailbox.Version, mailbox.Approval, mailbox.ApprovalBy));
        Assert.Equal((4, 0, 9L), (mailbox.State.TransientFailureCount, mailbox.State.OutgoingTransientFailureCount, mailbox.State.MessagesReceived));
        Assert.Null(await store.Mailboxes.FindTestAsync(new(1), Cancellation));
        // Known without an email meant skipped for its date: nothing else made one known in that version.
        Assert.Equal(1, await store.Incoming.ForgetSkippedAsync(new(1), Cancellation));
        Assert.Equal([new UniqueIdHash(2, 2)], (await store.Incoming.KnownUniqueIdsAsync(new(1), Cancellation)).Hashes);
    }

    [Fact]
    public async Task Answers_to_emails_of_an_earlier_version_are_recognised_once_housekeeping_has_been_through_them()
    {
        const int Emails = 1_200;
        using (DataFolder.Open(_folder.Path))
        {
            DataFolder.CreateFile(_folder.Combine("emailsync.db"), FileMode.OpenOrCreate, FileShare.ReadWrite).Dispose();
            await CreateAsync(14, $"""
                WITH RECURSIVE n (id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM n WHERE id < {Emails})
                INSERT INTO email (id, mailbox, state, stored_at, size, sha256, message_id) SELECT id, 1, 0, 5, 1, x'00', '<' || id || '@old>' FROM n;
                UPDATE email SET message_id = NULL WHERE id = 7;
                """);
        }

        FakeTimeProvider clock = new();
        await using SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = _folder.Path }, clock, cancellationToken: Cancellation);
        MailboxId mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId tooEarly = await AnswerAsync(1);
        using (Housekeeping housekeeping = new(store, clock, NullLogger<Housekeeping>.Instance))
            await housekeeping.LookAsync(Cancellation);

        Assert.Equal(new EmailId(5), (await store.Emails.FindAsync(new(5), Cancellation))!.Conversation);
        Assert.Equal(tooEarly, (await store.Emails.FindAsync(tooEarly, Cancellation))!.Conversation);
        foreach (int number in new[] { 1, 600, Emails })
            Assert.Equal(new EmailId(number), (await store.Emails.FindAsync(await AnswerAsync(number), Cancellation))!.Conversation);
        Assert.Equal(0, await store.Upkeep.CompleteAsync(Cancellation));

        Task<EmailId> AnswerAsync(int number) => store.ReceiveAsync(
            mailbox, Guid.NewGuid().ToString(), Encoding.ASCII.GetBytes($"In-Reply-To: <{number}@old>\r\n\r\n"), Cancellation);
    }

    public void Dispose() => _folder.Dispose();

    private async Task CreateAsync(int schema, string rows)
    {
        await using SqliteConnection connection = new($"Data Source={_folder.Combine("emailsync.db")};Pooling=False");
        await connection.OpenAsync(Cancellation);
        for (int number = 1; number <= schema; number++)
        {
            string resource = typeof(SqliteStore).Assembly.GetManifestResourceNames()
                .Single(name => name.Contains(string.Create(CultureInfo.InvariantCulture, $"Migrations.{number:0000}_"), StringComparison.Ordinal));
            using StreamReader text = new(typeof(SqliteStore).Assembly.GetManifestResourceStream(resource)!);
            await RunAsync(connection, await text.ReadToEndAsync(Cancellation));
        }

        await RunAsync(connection, rows);
        await RunAsync(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {0x456D5379}; PRAGMA user_version = {schema};"));
    }

    private static async Task RunAsync(SqliteConnection connection, string text)
    {
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = text;
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
