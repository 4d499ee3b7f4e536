namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>
/// Gives emails that were stored before there were conversations the key of their Message-ID, the newest first, while mail is received: a page is
/// read beside the writer, and written in one short write that also says how far it has come.
/// </summary>
internal static class MessageKeys
{
    private const int PageSize = 500;

    private const string Unkeyed = """
        SELECT id, message_id FROM email WHERE id <= (SELECT up_to FROM unkeyed WHERE id = 1) ORDER BY id DESC LIMIT $limit
        """;

    // It may have been deleted since it was read.
    private const string AddKey = "INSERT INTO message_key (key, email) SELECT $key, id FROM email WHERE id = $email";

    /// <summary>Gives all of them theirs, and returns how many emails were looked at.</summary>
    public static async ValueTask<long> CompleteAsync(Database database, CancellationToken cancellationToken)
    {
        long looked = 0;
        while (await database.ReadAsync(ReadPage, cancellationToken) is { Count: > 0 } page)
        {
            await database.WriteAsync(connection => WritePage(connection, page), cancellationToken);
            looked += page.Count;
        }

        return looked;
    }

    private static List<(long Id, MessageIdKey? MessageId)> ReadPage(Connection connection) =>
        connection.Prepare(Unkeyed).With("$limit", PageSize).All(row => (row.Long(), Correlation.MessageIdOf(row.OptionalText())));

    private static int WritePage(Connection connection, List<(long Id, MessageIdKey? MessageId)> page)
    {
        foreach ((long id, MessageIdKey? messageId) in page)
        {
            if (messageId is { } own)
                connection.Prepare(AddKey).With("$key", own.Key).With("$email", id).Execute();
        }

        return connection.Prepare("UPDATE unkeyed SET up_to = $up_to WHERE id = 1").With("$up_to", page[^1].Id - 1).Execute();
    }
}
