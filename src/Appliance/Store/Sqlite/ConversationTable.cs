using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>
/// Which emails belong together. An email joins a conversation when it is stored, within the same transaction, and stays in it: what comes later
/// changes nothing that was shown.
/// </summary>
internal static class ConversationTable
{
    /// <summary>The conversation of the row of <c>email</c> in whose statement this stands.</summary>
    public const string OfEmail = "coalesce((SELECT conversation FROM reply WHERE reply.email = email.id), id)";

    // The first of those with one Message-ID speaks for all of them, so that this costs the same however many there are.
    private const string ByKey = $"""
        SELECT message_id, {OfEmail} FROM message_key CROSS JOIN email ON email.id = message_key.email
        WHERE message_key.key = $key ORDER BY message_key.email LIMIT 1
        """;

    private const string ByNumber = """
        SELECT conversation FROM tracking_number
        WHERE number = $number AND EXISTS (SELECT 1 FROM settings WHERE id = 1 AND document ->> '$.useTrackingTokens' = 1)
        """;

    private const string AddKey = "INSERT INTO message_key (key, email, body) VALUES ($key, $email, $body)";

    private const string AddReply = "INSERT INTO reply (email, conversation) VALUES ($email, $conversation)";

    private const string DeleteKey = "DELETE FROM message_key WHERE key = $key AND email = $email";

    private const string TakeNumber =
        "UPDATE last_tracking_number SET number = number % $largest + 1 WHERE id = 1 RETURNING number";

    private const string KeepNumber = """
        INSERT INTO tracking_number (number, conversation) VALUES ($number, $conversation)
        ON CONFLICT DO UPDATE SET conversation = excluded.conversation
        """;

    /// <summary>Puts a new email into the conversation that it belongs to, or begins one. Returns which. The key of its Message-ID leads to its body too.</summary>
    public static EmailId Join(Connection connection, EmailId email, Correlation correlation, byte[]? bodySha256)
    {
        long? found = Find(connection, correlation);
        if (correlation.MessageId is { } own)
            connection.Prepare(AddKey).With("$key", own.Key).With("$email", email.Value).WithOptional("$body", bodySha256).Execute();
        if (found is not { } conversation)
            return email;
        connection.Prepare(AddReply).With("$email", email.Value).With("$conversation", conversation).Execute();
        return new(conversation);
    }

    /// <summary>An email that is being deleted is answered no more. Its conversation goes on without it.</summary>
    public static void Leave(Connection connection, EmailId email, string? messageId)
    {
        if (Correlation.MessageIdOf(messageId) is { } own)
            connection.Prepare(DeleteKey).With("$key", own.Key).With("$email", email.Value).Execute();
    }

    /// <summary>The next number for a subject: after the largest the first is given again.</summary>
    public static int TakeTrackingNumber(Connection connection) =>
        connection.Prepare(TakeNumber).With("$largest", TrackingToken.LargestNumber).First(row => row.Int());

    /// <summary>The number leads to this conversation from now on, wherever it led before.</summary>
    public static void KeepTrackingNumber(Connection connection, int number, EmailId conversation) =>
        connection.Prepare(KeepNumber).With("$number", number).With("$conversation", conversation.Value).Execute();

    // The same Message-ID is the same letter in another mailbox.
    private static long? Find(Connection connection, Correlation correlation)
    {
        if (correlation.MessageId is { } own && Find(connection, own) is { } same)
            return same;
        foreach (MessageIdKey reference in correlation.References)
        {
            if (Find(connection, reference) is { } answered)
                return answered;
        }

        return correlation.TrackingNumber is { } number
            ? connection.Prepare(ByNumber).With("$number", number).First(row => row.OptionalLong())
            : null;
    }

    private static long? Find(Connection connection, MessageIdKey key)
    {
        (string? messageId, long conversation) = connection.Prepare(ByKey).With("$key", key.Key).First(row => (row.OptionalText(), row.Long()));
        return Correlation.MessageIdOf(messageId) == key ? conversation : null;
    }
}
