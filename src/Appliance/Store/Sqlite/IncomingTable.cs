using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The table of known unique-ids, and how a received email is committed together with its own.</summary>
internal sealed class IncomingTable(Database database, Spool spool, StoreOptions options, TimeProvider clock) : IIncomingEmails
{
    // What one read or one write of many unique-ids takes at a time, so that others are never held up by a huge maildrop.
    private const int Page = 10_000;

    private readonly ContentCommit _commit = new(database, spool);

    public ValueTask<KnownUniqueIds> KnownUniqueIdsAsync(MailboxId mailbox, CancellationToken cancellationToken) =>
        ReadAllAsync("SELECT high, low FROM known_unique_id WHERE mailbox = $mailbox", mailbox, storedUntil: null, cancellationToken);

    // State 0 is received: stored in whole.
    public ValueTask<KnownUniqueIds> StoredUniqueIdsAsync(MailboxId mailbox, DateTimeOffset storedUntil, CancellationToken cancellationToken) =>
        ReadAllAsync(
            "SELECT high, low FROM known_unique_id k JOIN email e ON e.id = k.email WHERE k.mailbox = $mailbox AND e.state = 0 AND e.stored_at <= $until",
            mailbox, storedUntil, cancellationToken);

    public ValueTask<bool> IsKnownContentAsync(MailboxId mailbox, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Prepare("SELECT 1 FROM email INDEXED BY email_by_content WHERE mailbox = $mailbox AND sha256 = $sha256 AND state < 2")
                .With("$mailbox", mailbox.Value).With("$sha256", sha256.ToArray()).Any(),
            cancellationToken);

    public IncomingDraft Begin(MailboxId mailbox, ReadOnlySpan<byte> uniqueId) =>
        new SqliteIncomingDraft(_commit, new(spool, options.InlineContentThreshold), clock, mailbox, uniqueId);

    public async ValueTask AddKnownUniqueIdsAsync(
        MailboxId mailbox, IReadOnlyCollection<UniqueIdHash> uniqueIds, CancellationToken cancellationToken)
    {
        foreach (UniqueIdHash[] page in uniqueIds.Chunk(Page))
        {
            await database.WriteAsync(connection =>
            {
                MailboxTable.Require(connection, mailbox);
                foreach (UniqueIdHash uniqueId in page)
                    Bind(connection.Prepare("INSERT INTO known_unique_id (mailbox, high, low) VALUES ($mailbox, $high, $low) ON CONFLICT DO NOTHING"), mailbox, uniqueId).Execute();
                return page.Length;
            }, cancellationToken);
        }
    }

    public async ValueTask ForgetUniqueIdsAsync(MailboxId mailbox, IReadOnlyCollection<UniqueIdHash> uniqueIds, CancellationToken cancellationToken)
    {
        foreach (UniqueIdHash[] page in uniqueIds.Chunk(Page))
        {
            await database.WriteAsync(connection =>
            {
                foreach (UniqueIdHash uniqueId in page)
                    Bind(connection.Prepare("DELETE FROM known_unique_id WHERE mailbox = $mailbox AND high = $high AND low = $low"), mailbox, uniqueId).Execute();
                return page.Length;
            }, cancellationToken);
        }
    }

    /// <summary>Adds a received email, its unique-id and its place in the mailbox's count; or returns the email that already has the unique-id.</summary>
    public static EmailId Add(Connection connection, NewEmail email, UniqueIdHash? uniqueId)
    {
        if (uniqueId is { } known
            && Bind(connection.Prepare("SELECT email FROM known_unique_id WHERE mailbox = $mailbox AND high = $high AND low = $low"), email.Mailbox, known)
                .First(row => row.OptionalLong()) is { } stored)
            return new(stored);

        MailboxTable.CountReceived(connection, email.Mailbox);
        EmailId id = EmailTable.Add(connection, email);
        if (uniqueId is { } added)
            Bind(connection.Prepare("""
                INSERT INTO known_unique_id (mailbox, high, low, email) VALUES ($mailbox, $high, $low, $email)
                ON CONFLICT DO UPDATE SET email = excluded.email
                """), email.Mailbox, added).With("$email", id.Value).Execute();
        return id;
    }

    private async ValueTask<KnownUniqueIds> ReadAllAsync(string which, MailboxId mailbox, DateTimeOffset? storedUntil, CancellationToken cancellationToken)
    {
        HashSet<UniqueIdHash> all = [];
        UniqueIdHash? last = null;
        int read;
        do
        {
            List<UniqueIdHash> page = await database.ReadAsync(connection => ReadPage(connection, which, mailbox, storedUntil, last), cancellationToken);
            all.UnionWith(page);
            read = page.Count;
            last = read > 0 ? page[^1] : last;
        }
        while (read == Page);
        return all.Count == 0 ? KnownUniqueIds.None : new(all);
    }

    private static List<UniqueIdHash> ReadPage(Connection connection, string which, MailboxId mailbox, DateTimeOffset? storedUntil, UniqueIdHash? after)
    {
        const string InOrder = " ORDER BY high, low LIMIT $limit";
        Statement statement = after is { } last
            ? Bind(connection.Prepare(which + " AND (high, low) > ($high, $low)" + InOrder), mailbox, last)
            : connection.Prepare(which + InOrder).With("$mailbox", mailbox.Value);
        if (storedUntil is { } until)
            statement = statement.With("$until", Moments.Write(until));
        return statement.With("$limit", Page).All(row => new UniqueIdHash((ulong)row.Long(), (ulong)row.Long()));
    }

    private static Statement Bind(Statement statement, MailboxId mailbox, UniqueIdHash uniqueId) => statement
        .With("$mailbox", mailbox.Value)
        .With("$high", (long)uniqueId.High)
        .With("$low", (long)uniqueId.Low);
}
