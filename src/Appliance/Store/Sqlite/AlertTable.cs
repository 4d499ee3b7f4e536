using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The table of alerts.</summary>
internal sealed class AlertTable(Database database, TimeProvider clock) : IAlerts
{
    // The unique index alert_standing is what keeps one unresolved alert per code and subject.
    private const string Raise = """
        INSERT INTO alert (code, level, scope, subject, text, remedy, raised_at, last_seen_at, count)
        VALUES ($code, $level, $scope, $subject, $text, $remedy, $now, $now, 1)
        ON CONFLICT (scope, subject, code) WHERE resolved_at IS NULL DO UPDATE SET
            level = excluded.level, text = excluded.text, remedy = excluded.remedy, last_seen_at = excluded.last_seen_at, count = count + 1
        RETURNING count
        """;

    private const string Select = """
        SELECT id, code, level, scope, subject, text, remedy, raised_at, last_seen_at, count, resolved_at FROM alert
        """;

    // A subject that was troubled for years has many resolved alerts: this index has the others only.
    private const string Resolve = """
        UPDATE alert INDEXED BY alert_standing SET resolved_at = $now
        WHERE resolved_at IS NULL AND scope = $scope AND subject = $subject
        """;

    // Level 0 is information. What stands is looked through once an hour.
    private const string DeleteOldInformation = """
        DELETE FROM alert WHERE id IN (
            SELECT id FROM alert INDEXED BY alert_unresolved WHERE resolved_at IS NULL AND id > 0 AND level = 0 AND last_seen_at < $before LIMIT $limit)
        """;

    private const string DeleteOldResolved =
        "DELETE FROM alert WHERE id IN (SELECT id FROM alert INDEXED BY alert_resolved WHERE resolved_at < $before LIMIT $limit)";

    // A few milliseconds of the writer.
    private const int DeletePage = 1000;

    public ValueTask<int> RaiseAsync(AlertEntry entry, AlertSubject subject, string text, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection => connection.Prepare(Raise)
                .With("$code", entry.Code)
                .With("$level", (int)entry.Level)
                .With("$scope", (int)subject.Scope)
                .With("$subject", subject.Id)
                .With("$text", text)
                .With("$remedy", entry.Remedy)
                .With("$now", clock.GetUtcNow())
                .First(row => row.Int()),
            cancellationToken);

    public ValueTask<int> ResolveAsync(AlertSubject subject, IReadOnlyCollection<string>? codes, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection => codes is null
                ? About(connection.Prepare(Resolve), subject).Execute()
                : codes.Sum(code => About(connection.Prepare(Resolve + " AND code = $code"), subject).With("$code", code).Execute()),
            cancellationToken);

    public async ValueTask<IReadOnlyList<Alert>> ListAsync(
        bool unresolvedOnly, AlertSubject? subject, AlertId? before, int limit, CancellationToken cancellationToken) =>
        await database.ReadAsync(connection =>
        {
            string conditions = (unresolvedOnly ? " AND resolved_at IS NULL" : "")
                + (subject is null ? "" : " AND scope = $scope AND subject = $subject");
            Statement statement = connection.Prepare($"{Select} WHERE id < $before{conditions} ORDER BY id DESC LIMIT $limit")
                .With("$before", before?.Value ?? long.MaxValue).WithLimit(limit);
            if (subject is { } about)
                statement.With("$scope", (int)about.Scope).With("$subject", about.Id);
            return statement.All(Read);
        }, cancellationToken);

    public ValueTask<bool> DismissAsync(AlertId id, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection => connection.Prepare("UPDATE alert SET resolved_at = coalesce(resolved_at, $now) WHERE id = $id")
                .With("$now", clock.GetUtcNow()).With("$id", id.Value).Execute() > 0,
            cancellationToken);

    public async ValueTask<int> DeleteOldAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        int deleted = 0;
        foreach (string which in (string[])[DeleteOldResolved, DeleteOldInformation])
        {
            int page;
            do
            {
                page = await database.WriteAsync(
                    connection => connection.Prepare(which).With("$before", before).With("$limit", DeletePage).Execute(), cancellationToken);
                deleted += page;
            }
            while (page == DeletePage);
        }

        return deleted;
    }

    private Statement About(Statement statement, AlertSubject subject) => statement
        .With("$now", clock.GetUtcNow())
        .With("$scope", (int)subject.Scope)
        .With("$subject", subject.Id);

    private static Alert Read(Row row) => new()
    {
        Id = new(row.Long()),
        Code = row.Text(),
        Level = (AlertLevel)row.Int(),
        Subject = new((AlertScope)row.Int(), row.Text()),
        Text = row.Text(),
        Remedy = row.Text(),
        RaisedAt = row.Moment(),
        LastSeenAt = row.Moment(),
        Count = row.Int(),
        ResolvedAt = row.OptionalMoment(),
    };
}
