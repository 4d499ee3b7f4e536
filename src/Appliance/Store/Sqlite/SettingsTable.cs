using System.Text.Json;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>
/// The settings: one row, one JSON document, because nothing is ever looked for in it. Without a row the defaults are in force, as
/// version 0.
/// </summary>
internal sealed class SettingsTable(Database database) : ISettings
{
    public ValueTask<Settings> ReadAsync(CancellationToken cancellationToken) => database.ReadAsync(Read, cancellationToken);

    public ValueTask<Settings> UpdateAsync(Settings settings, CancellationToken cancellationToken) =>
        database.WriteAsync(connection =>
        {
            long version = Read(connection).Version;
            if (version != settings.Version)
                throw new VersionConflictException(settings.Version, version);
            if (settings.DefaultProfile is { } profile)
                ProfileTable.Require(connection, profile);
            Settings updated = settings with { Version = version + 1 };
            connection.Prepare("""
                INSERT INTO settings (id, version, document) VALUES (1, $version, $document)
                ON CONFLICT DO UPDATE SET version = excluded.version, document = excluded.document
                """)
                .With("$version", updated.Version)
                .With("$document", JsonSerializer.Serialize(updated, StoredJson.Default.Settings))
                .Execute();
            return updated;
        }, cancellationToken);

    private static Settings Read(Connection connection) =>
        connection.Prepare("SELECT document FROM settings WHERE id = 1")
            .First(row => JsonSerializer.Deserialize(row.Text(), StoredJson.Default.Settings)) ?? new();
}
