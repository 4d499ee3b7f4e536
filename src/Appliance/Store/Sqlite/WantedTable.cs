using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The table of messages that are wanted in whole although they are too large.</summary>
internal sealed class WantedTable(Database database, LeaseBook leases, Spool spool, StoreOptions options, TimeProvider clock) : IWantedMessages
{
    // State 1 is headers-only.
    private const string Want = """
        INSERT INTO wanted (mailbox, email, attempts)
        SELECT e.mailbox, e.id, 0 FROM email e JOIN mailbox m ON m.id = e.mailbox WHERE e.id = $email AND e.state = 1 AND e.fetched_as IS NULL
        ON CONFLICT DO UPDATE SET attempts = 0
        """;

    private const string Wanted = """
        SELECT w.email, w.attempts, e.unique_id, e.fetched_as FROM wanted w JOIN email e ON e.id = w.email WHERE w.mailbox = $mailbox ORDER BY w.email
        """;

    // Looks through all that the mailbox has had, which nobody does but for what is wanted.
    private const string UniqueIdsOf = "SELECT high, low FROM known_unique_id WHERE mailbox = $mailbox AND email = $email";

    private const string OfHeaders = "SELECT 1 FROM email WHERE id = $email AND state = 1";

    private readonly ContentCommit _commit = new(database, spool);

    public ValueTask<bool> AddAsync(EmailId email, CancellationToken cancellationToken) =>
        database.WriteAsync(connection =>
        {
            if (connection.Prepare(Want).With("$email", email.Value).Execute() == 0)
                return false;
            connection.Prepare("UPDATE email SET last_error = NULL WHERE id = $email").With("$email", email.Value).Execute();
            return true;
        }, cancellationToken);

    public ValueTask<IReadOnlyList<WantedMessage>> ListAsync(MailboxId mailbox, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<WantedMessage>>(connection =>
        {
            List<WantedMessage> wanted = connection.Prepare(Wanted).With("$mailbox", mailbox.Value).All(row =>
            {
                (EmailId email, int attempts, string? shown) = (new EmailId(row.Long()), row.Int(), row.OptionalText());
                return new WantedMessage(email, [], shown, attempts, row.OptionalLong() is { } whole ? new EmailId(whole) : null);
            });
            return [.. wanted.Select(message => message with
            {
                UniqueIds = connection.Prepare(UniqueIdsOf).With("$mailbox", mailbox.Value).With("$email", message.Email.Value).All(row => row.UniqueIdHash()),
            })];
        }, cancellationToken);

    public IncomingDraft Begin(Lease lease, WantedMessage wanted, UniqueIdHash uniqueId) =>
        new SqliteIncomingDraft(_commit, new(spool, options.InlineContentThreshold), clock, leases, lease, uniqueId, wanted.ShownUniqueId);

    public async ValueTask CountAttemptAsync(Lease lease, EmailId email, CancellationToken cancellationToken) =>
        await database.WriteAsync(connection =>
        {
            leases.Require(lease, EmailDirection.Incoming);
            return connection.Prepare("UPDATE wanted SET attempts = attempts + 1 WHERE mailbox = $mailbox AND email = $email")
                .With("$mailbox", lease.Mailbox.Value).With("$email", email.Value).Execute();
        }, cancellationToken);

    public async ValueTask EndAsync(Lease lease, EmailId email, string? why, CancellationToken cancellationToken) =>
        await database.WriteAsync(connection =>
        {
            leases.Require(lease, EmailDirection.Incoming);
            connection.Prepare("UPDATE email SET last_error = $why WHERE id = $email").With("$why", why).With("$email", email.Value).Execute();
            return connection.Prepare("DELETE FROM wanted WHERE mailbox = $mailbox AND email = $email")
                .With("$mailbox", lease.Mailbox.Value).With("$email", email.Value).Execute();
        }, cancellationToken);

    /// <summary>Whether only the headers of an email are stored.</summary>
    public static bool IsOfHeaders(Connection connection, long email) => connection.Prepare(OfHeaders).With("$email", email).Any();

    /// <summary>The whole of an email of which the headers were stored is here.</summary>
    public static void Fetched(Connection connection, long headers, EmailId whole) =>
        connection.Prepare("UPDATE email SET fetched_as = $whole, last_error = NULL WHERE id = $headers")
            .With("$whole", whole.Value).With("$headers", headers).Execute();
}
