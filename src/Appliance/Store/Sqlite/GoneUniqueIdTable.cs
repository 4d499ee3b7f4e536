using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The table of unique-ids that servers list no longer.</summary>
internal sealed class GoneUniqueIdTable(Database database, LeaseBook leases, TimeProvider clock) : IGoneUniqueIds
{
    // As of the known ones: a few milliseconds at a time.
    private const int ReadPageSize = 10_000;
    private const int WritePageSize = 1_000;

    private const string ThisOne = "WHERE mailbox = $mailbox AND high = $high AND low = $low";

    private const string Add = $"""
        INSERT INTO gone_unique_id (mailbox, high, low, email, stored_at, gone_at)
        SELECT mailbox, high, low, email, stored_at, $now FROM known_unique_id {ThisOne} AND is_skipped = 0
        ON CONFLICT DO UPDATE SET gone_at = excluded.gone_at, email = coalesce(excluded.email, email), stored_at = coalesce(excluded.stored_at, stored_at)
        """;

    private const string Return = $"""
        INSERT INTO known_unique_id (mailbox, high, low, email, stored_at)
        SELECT mailbox, high, low, email, stored_at FROM gone_unique_id {ThisOne}
        ON CONFLICT DO NOTHING
        """;

    private const string Page = """
        SELECT mailbox, high, low, gone_at,
            gone_at <= (SELECT last_success_at FROM mailbox_state s WHERE s.mailbox = g.mailbox) - $period
                AND NOT EXISTS (SELECT 1 FROM email WHERE id = g.email)
        FROM gone_unique_id g WHERE (mailbox, high, low) > ($mailbox, $high, $low) ORDER BY mailbox, high, low LIMIT $limit
        """;

    /// <summary>Forgets one.</summary>
    public const string Forget = $"DELETE FROM gone_unique_id {ThisOne}";

    public async ValueTask<IReadOnlyList<UniqueIdHash>> FindAsync(
        MailboxId mailbox, IEnumerable<UniqueIdHash> listed, CancellationToken cancellationToken)
    {
        // The first poll of a huge maildrop asks once.
        if (!await database.ReadAsync(
            connection => connection.Prepare("SELECT 1 FROM gone_unique_id WHERE mailbox = $mailbox LIMIT 1").With("$mailbox", mailbox.Value).Any(),
            cancellationToken))
            return [];
        List<UniqueIdHash> found = [];
        foreach (UniqueIdHash[] page in listed.Chunk(ReadPageSize))
        {
            found.AddRange(await database.ReadAsync(
                connection => page.Where(uniqueId => connection.Prepare($"SELECT 1 FROM gone_unique_id {ThisOne}").With(mailbox, uniqueId).Any()).ToList(),
                cancellationToken));
        }

        return found;
    }

    public ValueTask AddAsync(Lease lease, IReadOnlyCollection<UniqueIdHash> absent, CancellationToken cancellationToken) => EachAsync(lease, absent, (connection, uniqueId) =>
    {
        connection.Prepare(Add).With(lease.Mailbox, uniqueId).With("$now", clock.GetUtcNow()).Execute();
        connection.Prepare(IncomingTable.Forget).With(lease.Mailbox, uniqueId).Execute();
    }, cancellationToken);

    public ValueTask ReturnAsync(Lease lease, IReadOnlyCollection<UniqueIdHash> listed, CancellationToken cancellationToken) => EachAsync(lease, listed, (connection, uniqueId) =>
    {
        connection.Prepare(Return).With(lease.Mailbox, uniqueId).Execute();
        connection.Prepare(Forget).With(lease.Mailbox, uniqueId).Execute();
    }, cancellationToken);

    public async ValueTask<int> ForgetAsync(TimeSpan goneFor, CancellationToken cancellationToken)
    {
        int forgotten = 0;
        (MailboxId Mailbox, UniqueIdHash UniqueId) last = default;
        List<(MailboxId Mailbox, UniqueIdHash UniqueId, DateTimeOffset GoneAt, bool IsOver)> page;
        do
        {
            page = await database.ReadAsync(
                connection => connection.Prepare(Page).With(last.Mailbox, last.UniqueId).With("$period", goneFor).With("$limit", ReadPageSize)
                    .All(row => (new MailboxId(row.Long()), row.UniqueIdHash(), row.Moment(), row.OptionalLong() == 1)),
                cancellationToken);
            foreach ((MailboxId Mailbox, UniqueIdHash UniqueId, DateTimeOffset GoneAt, bool)[] over in page.Where(gone => gone.IsOver).Chunk(WritePageSize))
            {
                // It may have come back in between, and gone once more.
                forgotten += await database.WriteAsync(
                    connection => over.Sum(gone => connection.Prepare(Forget + " AND gone_at = $at").With(gone.Mailbox, gone.UniqueId).With("$at", gone.GoneAt).Execute()),
                    cancellationToken);
            }

            last = page.Count > 0 ? (page[^1].Mailbox, page[^1].UniqueId) : last;
        }
        while (page.Count == ReadPageSize);
        return forgotten;
    }

    private async ValueTask EachAsync(
        Lease lease, IReadOnlyCollection<UniqueIdHash> uniqueIds, Action<Connection, UniqueIdHash> change, CancellationToken cancellationToken)
    {
        foreach (UniqueIdHash[] page in uniqueIds.Chunk(WritePageSize))
        {
            await database.WriteAsync(connection =>
            {
                leases.Require(lease, EmailDirection.Incoming);
                foreach (UniqueIdHash uniqueId in page)
                    change(connection, uniqueId);
                return true;
            }, cancellationToken);
        }
    }
}
