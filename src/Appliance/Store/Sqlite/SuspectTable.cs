using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The table of messages that may be poison.</summary>
internal sealed class SuspectTable(Database database, bool followsACrash) : ISuspects
{
    public bool FollowACrash() => followsACrash;

    public ValueTask<IReadOnlyList<Suspect>> ListAsync(MailboxId mailbox, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<Suspect>>(
            connection => connection.Prepare("SELECT high, low, attempts, retry_at FROM suspect WHERE mailbox = $mailbox")
                .With("$mailbox", mailbox.Value)
                .All(row => new Suspect(row.UniqueIdHash(), row.Int(), row.Moment())),
            cancellationToken);

    public async ValueTask CountAttemptAsync(
        MailboxId mailbox, UniqueIdHash message, DateTimeOffset retryAt, CancellationToken cancellationToken) =>
        await database.WriteAsync(connection =>
        {
            MailboxTable.Require(connection, mailbox);
            return connection.Prepare("""
                INSERT INTO suspect (mailbox, high, low, attempts, retry_at) VALUES ($mailbox, $high, $low, 1, $retry)
                ON CONFLICT DO UPDATE SET attempts = attempts + 1, retry_at = excluded.retry_at
                """).With(mailbox, message).With("$retry", retryAt).Execute();
        }, cancellationToken);

    public async ValueTask NoteFailureAsync(
        MailboxId mailbox, UniqueIdHash message, DateTimeOffset retryAt, CancellationToken cancellationToken) =>
        await database.WriteAsync(
            connection => connection.Prepare("""
                INSERT INTO suspect (mailbox, high, low, attempts, retry_at) SELECT id, $high, $low, 1, $retry FROM mailbox WHERE id = $mailbox
                ON CONFLICT DO UPDATE SET retry_at = excluded.retry_at
                """).With(mailbox, message).With("$retry", retryAt).Execute(),
            cancellationToken);

    public async ValueTask ForgetAsync(MailboxId mailbox, IReadOnlyCollection<UniqueIdHash> messages, CancellationToken cancellationToken) =>
        await database.WriteAsync(
            connection => messages.Sum(message => connection
                .Prepare("DELETE FROM suspect WHERE mailbox = $mailbox AND high = $high AND low = $low").With(mailbox, message).Execute()),
            cancellationToken);

    /// <summary>A mailbox has no suspects any more. Returns how many it had.</summary>
    public static int ForgetAll(Connection connection, MailboxId mailbox) =>
        connection.Prepare("DELETE FROM suspect WHERE mailbox = $mailbox").With("$mailbox", mailbox.Value).Execute();

    /// <summary>Says that the store is open. Returns whether it said so already: whoever had it open did not close it.</summary>
    public static bool Open(Connection connection)
    {
        bool wasOpen = connection.Prepare("SELECT is_open FROM run WHERE id = 1").First(row => row.Bool());
        connection.Execute("UPDATE run SET is_open = 1 WHERE id = 1");
        return wasOpen;
    }

    /// <summary>Says that the store is closed.</summary>
    public static void Close(Connection connection) => connection.Execute("UPDATE run SET is_open = 0 WHERE id = 1");
}
