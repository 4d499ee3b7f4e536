using System.Text.Json;
using System.Text.Json.Nodes;
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
        database.WriteAsync(connection => Change(connection, settings), cancellationToken);

    /// <summary>Replaces the settings.</summary>
    public static Settings Change(Connection connection, Settings settings)
    {
        RequireVersion(connection, settings);
        if (settings.DefaultProfile is { } profile)
            ProfileTable.Require(connection, profile);
        Settings updated = settings with { Version = settings.Version + 1 };
        connection.Prepare("""
            INSERT INTO settings (id, version, document) VALUES (1, $version, $document)
            ON CONFLICT DO UPDATE SET version = excluded.version, document = excluded.document
            """)
            .With("$version", updated.Version)
            .With("$document", JsonSerializer.Serialize(updated, StoredJson.Default.Settings))
            .Execute();
        return updated;
    }

    /// <summary>Refuses a change of settings that were changed since they were read.</summary>
    public static void RequireVersion(Connection connection, Settings settings)
    {
        long version = Read(connection).Version;
        if (version != settings.Version)
            throw new VersionConflictException(settings.Version, version);
    }

    private static Settings Read(Connection connection) =>
        connection.Prepare("SELECT document FROM settings WHERE id = 1")
            .First(row => Complete(row.Text())) ?? new();

    // A document of an earlier version lacks the fields that came since: they have their defaults.
    private static Settings Complete(string document)
    {
        JsonObject whole = JsonSerializer.SerializeToNode(new Settings(), StoredJson.Default.Settings)!.AsObject();
        foreach ((string name, JsonNode? value) in JsonNode.Parse(document)!.AsObject())
            whole[name] = value?.DeepClone();
        return whole.Deserialize(StoredJson.Default.Settings)!;
    }
}
