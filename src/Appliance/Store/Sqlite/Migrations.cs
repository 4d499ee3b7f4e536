using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>Brings a database to this version's schema by the numbered texts embedded beside it, each one whole or not at all.</summary>
internal static class Migrations
{
    // "EmSy": says in the file's header whose database it is.
    private const long ApplicationId = 0x456D5379;
    private const string ResourceFolder = "Migrations.";

    /// <summary>Runs what the database lacks.</summary>
    /// <exception cref="DataFolderException">It is another program's, or newer than this one.</exception>
    public static void Run(Connection connection, string file)
    {
        SortedList<long, string> texts = Texts();
        long applicationId = Pragma(connection, "application_id");
        long version = Pragma(connection, "user_version");
        if (applicationId != ApplicationId && (applicationId != 0 || version != 0 || HasTables(connection)))
            throw new DataFolderException($"'{file}' is a database of another program. Give EmailSync a data folder of its own.", null);
        if (version > texts.Keys[^1])
            throw new DataFolderException(
                $"'{file}' was written by a newer EmailSync (schema {version}; this one knows {texts.Keys[^1]}). "
                + "Run the newer version, or restore the backup from before the upgrade.",
                null);

        foreach ((long number, string text) in texts.Where(text => text.Key > version))
            Run(connection, number, text);
    }

    private static void Run(Connection connection, long number, string text)
    {
        connection.Execute("BEGIN EXCLUSIVE");
        try
        {
            connection.Execute(text);
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}"));
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {number}"));
            connection.Execute("COMMIT");
        }
        catch (SqliteException)
        {
            if (connection.InTransaction)
                connection.Execute("ROLLBACK");
            throw;
        }
    }

    private static long Pragma(Connection connection, string name) => connection.Prepare($"PRAGMA {name}").First(row => row.Long());

    private static bool HasTables(Connection connection) => connection.Prepare("SELECT 1 FROM sqlite_schema LIMIT 1").Any();

    /// <summary>The embedded texts by number: 0001_initial.sql is 1.</summary>
    private static SortedList<long, string> Texts()
    {
        Assembly assembly = typeof(Migrations).Assembly;
        SortedList<long, string> texts = [];
        foreach (string resource in assembly.GetManifestResourceNames())
        {
            int start = resource.IndexOf(ResourceFolder, StringComparison.Ordinal);
            if (start < 0 || !resource.EndsWith(".sql", StringComparison.Ordinal))
                continue;
            using StreamReader reader = new(assembly.GetManifestResourceStream(resource)!);
            texts.Add(long.Parse(resource.AsSpan(start + ResourceFolder.Length, 4), CultureInfo.InvariantCulture), reader.ReadToEnd());
        }

        return texts;
    }
}
