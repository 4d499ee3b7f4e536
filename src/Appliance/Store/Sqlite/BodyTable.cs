namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>
/// Bodies that several emails have in common. The first copy of a letter is stored as any other email; with the second its body becomes a row:
/// moved out of the first one's content where that is in the database, and named by file and offset where it is in the spool, so that nothing
/// of a large letter is read or written again.
/// </summary>
internal static class BodyTable
{
    // A stranger may give one Message-ID to as many letters as he likes.
    private const string Twin = """
        SELECT email FROM (SELECT email, body FROM message_key WHERE key = $key ORDER BY email LIMIT 16) WHERE body = $sha256 LIMIT 1
        """;

    private const string OfEmail = "SELECT body FROM email_body WHERE email = $email";

    private const string OfFile = "SELECT id FROM body WHERE spool_file = $file";

    private const string AddFile = "INSERT INTO body (sha256, spool_file, spool_offset) VALUES ($sha256, $file, $offset) RETURNING id";

    private const string AddOctets = "INSERT INTO body (sha256, octets) VALUES ($sha256, $octets) RETURNING id";

    private const string CutOff = "UPDATE email_content SET octets = substr(octets, 1, $length) WHERE email = $email";

    private const string AddUser = "INSERT INTO email_body (email, body) VALUES ($email, $body)";

    private const string DeleteUnused = """
        DELETE FROM body WHERE id = $body AND NOT EXISTS (SELECT 1 FROM email_body WHERE body = $body) RETURNING spool_file
        """;

    /// <summary>The body that a new email has in common with one that is stored; null where it has none.</summary>
    public static long? FindOrShare(Connection connection, MessageIdKey? messageId, SealedContent content)
    {
        if (messageId is not { } own || content.Body is not { } body
            || connection.Prepare(Twin).With("$key", own.Key).With("$sha256", body.Sha256).First(row => row.OptionalLong()) is not { } twin)
            return null;
        if (connection.Prepare(OfEmail).With("$email", twin).First(row => row.OptionalLong()) is { } shared)
            return shared;
        (string? file, long size) = connection.Prepare("SELECT spool_file, size FROM email WHERE id = $email").With("$email", twin)
            .First(row => (row.OptionalText(), row.Long()));
        int offset = (int)(size - (content.Size - body.Offset));
        if (file is not null)
            return connection.Prepare(OfFile).With("$file", file).First(row => row.OptionalLong())
                ?? connection.Prepare(AddFile).With("$sha256", body.Sha256).With("$file", file).With("$offset", offset).First(row => row.Long());
        // Around the threshold a longer header makes a file of the same letter: there is nothing to move it from without reading it again.
        return content.SpoolFile is null && size > 0 ? Move(connection, twin, offset, content, body) : null;
    }

    /// <summary>A new email has this body.</summary>
    public static void Use(Connection connection, long email, long body) =>
        connection.Prepare(AddUser).With("$email", email).With("$body", body).Execute();

    /// <summary>Deletes an email, with its body where it was the last user. Returns the spool files that nothing refers to any more.</summary>
    public static IEnumerable<string> DeleteEmail(Connection connection, long email, string? spoolFile)
    {
        long? body = connection.Prepare(OfEmail).With("$email", email).First(row => row.OptionalLong());
        connection.Prepare("DELETE FROM email WHERE id = $email").With("$email", email).Execute();
        string? bodyFile = body is { } used ? connection.Prepare(DeleteUnused).With("$body", used).First(row => row.OptionalText()) : null;
        return new[] { spoolFile, bodyFile }.OfType<string>().Where(file => !RefersTo(connection, file));
    }

    /// <summary>Whether a row refers to a spool file.</summary>
    public static bool RefersTo(Connection connection, string spoolFile) =>
        connection.Prepare("SELECT 1 FROM email WHERE spool_file = $file UNION ALL SELECT 1 FROM body WHERE spool_file = $file")
            .With("$file", spoolFile).Any();

    // What was received just now is what is kept: should a bit of the other have turned on the disk, it has not spread.
    private static long Move(Connection connection, long twin, int offset, SealedContent content, SharedBody body)
    {
        long id = connection.Prepare(AddOctets).With("$sha256", body.Sha256).With("$octets", content.Octets[body.Offset..]).First(row => row.Long());
        connection.Prepare(CutOff).With("$length", offset).With("$email", twin).Execute();
        Use(connection, twin, id);
        return id;
    }
}
