using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The table of API tokens.</summary>
internal sealed class TokenTable(Database database, TimeProvider clock) : ITokens
{
    private const string Columns = "id, name, role, created_at, created_by";

    public ValueTask<ApiToken> CreateAsync(ApiToken token, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken) =>
        database.WriteAsync(connection =>
        {
            if (ByName(connection, token.Name).Any())
                throw new DuplicateValueException("name", token.Name);
            ApiToken created = token with { CreatedAt = clock.GetUtcNow() };
            return created with
            {
                Id = new(connection.Prepare("""
                    INSERT INTO token (name, name_key, role, sha256, created_at, created_by)
                    VALUES ($name, $name_key, $role, $sha256, $created_at, $created_by) RETURNING id
                    """)
                    .With("$name", created.Name)
                    .With("$name_key", Key(created.Name))
                    .With("$role", (int)created.Role)
                    .With("$sha256", sha256.Span)
                    .With("$created_at", created.CreatedAt)
                    .With("$created_by", created.CreatedBy)
                    .First(row => row.Long())),
            };
        }, cancellationToken);

    public ValueTask<(ApiToken Token, byte[] Sha256)?> FindAsync(TokenId id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Prepare($"SELECT {Columns}, sha256 FROM token WHERE id = $id").With("$id", id.Value)
                .First(row => ((ApiToken, byte[])?)(Read(row), row.Octets())),
            cancellationToken);

    public ValueTask<ApiToken?> FindByNameAsync(string name, CancellationToken cancellationToken) =>
        database.ReadAsync(connection => ByName(connection, name).First(Read), cancellationToken);

    public async ValueTask<IReadOnlyList<ApiToken>> ListAsync(TokenId? after, int limit, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            connection => connection.Prepare($"SELECT {Columns} FROM token WHERE id > $after ORDER BY id LIMIT $limit")
                .With("$after", after?.Value ?? 0).WithLimit(limit).All(Read),
            cancellationToken);

    public ValueTask<bool> DeleteAsync(TokenId id, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection => connection.Prepare("DELETE FROM token WHERE id = $id").With("$id", id.Value).Execute() > 0, cancellationToken);

    private static Statement ByName(Connection connection, string name) =>
        connection.Prepare($"SELECT {Columns} FROM token WHERE name_key = $key").With("$key", Key(name));

    private static string Key(string name) => name.ToUpperInvariant();

    private static ApiToken Read(Row row) => new()
    {
        Id = new(row.Long()),
        Name = row.Text(),
        Role = (TokenRole)row.Int(),
        CreatedAt = row.Moment(),
        CreatedBy = row.Text(),
    };
}
