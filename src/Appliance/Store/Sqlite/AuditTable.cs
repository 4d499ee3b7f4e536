using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The audit log's table. Entries are in the order of time, so that what is old stands at its beginning.</summary>
internal sealed class AuditTable(Database database, TimeProvider clock) : IAudit
{
    private const long DeletedAtOnce = 5000;

    public ValueTask<AuditId> BeginAsync(AuditEntry entry, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection => new AuditId(connection.Prepare("""
                INSERT INTO audit (at, who, action, subject) VALUES ($at, $who, $action, $subject) RETURNING id
                """)
                .With("$at", clock.GetUtcNow())
                .With("$who", entry.Who)
                .With("$action", entry.Action)
                .With("$subject", entry.Subject)
                .First(row => row.Long())),
            cancellationToken);

    public async ValueTask EndAsync(AuditId id, string subject, string? document, int outcome, CancellationToken cancellationToken) =>
        await database.WriteAsync(
            connection => connection.Prepare("UPDATE audit SET subject = $subject, document = $document, outcome = $outcome WHERE id = $id")
                .With("$subject", subject)
                .With("$document", document)
                .With("$outcome", (long)outcome)
                .With("$id", id.Value)
                .Execute(),
            cancellationToken);

    public async ValueTask<IReadOnlyList<AuditEntry>> ListAsync(AuditId? before, int limit, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            connection => connection.Prepare("""
                SELECT id, at, who, action, subject, document, outcome FROM audit WHERE id < $before ORDER BY id DESC LIMIT $limit
                """)
                .With("$before", before?.Value ?? long.MaxValue).WithLimit(limit).All(Read),
            cancellationToken);

    public async ValueTask<int> DeleteOldAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        int deleted = 0;
        int page;
        do
        {
            page = await database.WriteAsync(
                connection => connection.Prepare("DELETE FROM audit WHERE id < (SELECT min(id) FROM audit) + $most AND at < $before")
                    .With("$most", DeletedAtOnce)
                    .With("$before", before)
                    .Execute(),
                cancellationToken);
            deleted += page;
        }
        while (page > 0);
        return deleted;
    }

    private static AuditEntry Read(Row row) => new()
    {
        Id = new(row.Long()),
        At = row.Moment(),
        Who = row.Text(),
        Action = row.Text(),
        Subject = row.Text(),
        Document = row.OptionalText(),
        Outcome = row.OptionalInt(),
    };
}
