using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The table of emails, both directions, and their content.</summary>
internal sealed class EmailTable(Database database, Spool spool) : IEmails
{
    private const string Columns = $"""
        id, mailbox, state, mail_from, mail_to, mail_cc, reply_to, subject, date, message_id, in_reply_to, mail_references,
        size, sha256, unique_id, stored_at, reverse_path, recipients, attempts, next_attempt_at, last_error, priority, speaks_of,
        fetched_as, acknowledged_at, {ConversationTable.OfEmail}
        """;

    private const string Insert = """
        INSERT INTO email (
            mailbox, state, stored_at, size, sha256, spool_file,
            mail_from, mail_to, mail_cc, reply_to, subject, date, message_id, in_reply_to, mail_references,
            unique_id, reverse_path, recipients, idempotency_key, next_attempt_at, priority, report)
        VALUES (
            $mailbox, $state, $stored_at, $size, $sha256, $spool_file,
            $mail_from, $mail_to, $mail_cc, $reply_to, $subject, $date, $message_id, $in_reply_to, $mail_references,
            $unique_id, $reverse_path, $recipients, $idempotency_key, $next_attempt_at, $priority, $report)
        RETURNING id
        """;

    private const string Content = """
        SELECT e.spool_file, c.octets, b.octets, b.spool_file, b.spool_offset FROM email e
        LEFT JOIN email_content c ON c.email = e.id LEFT JOIN email_body u ON u.email = e.id LEFT JOIN body b ON b.id = u.body WHERE e.id = $id
        """;

    private const string InsertContent = "INSERT INTO email_content (email, octets) VALUES ($email, $octets)";

    // What is recognised by its content alone (a server without unique-ids) would come back if it were forgotten. What its mailbox keeps until
    // it is acknowledged is nowhere else once the server's copy is gone.
    private const string Old = """
        SELECT id, spool_file, message_id, size, stored_at < $before, reverse_path IS NULL AND (unique_id IS NULL OR (acknowledged_at IS NULL
            AND EXISTS (SELECT 1 FROM mailbox WHERE mailbox.id = email.mailbox AND delete_only_acknowledged = 1))) FROM email
        WHERE state = $state AND id > $after ORDER BY id LIMIT $limit
        """;

    // What one write deletes at most, a few milliseconds of the writer: each page of content is looked at once more when it is freed.
    private const int DeletePage = 500;
    private const long DeletedOctets = 4 * 1024 * 1024;

    private static readonly EmailState[] Ended = [EmailState.Received, EmailState.HeadersOnly, EmailState.Sent, EmailState.Bounced, EmailState.Failed, EmailState.Canceled];

    /// <summary>What is returned of an email that a statement changed.</summary>
    public const string Returning = $" RETURNING {Columns}";

    /// <summary>One email by its id.</summary>
    public const string Find = $"{Select} WHERE id = $id";

    /// <summary>Emails, to be followed by a condition.</summary>
    public const string Select = $"SELECT {Columns} FROM email";

    private static readonly EmailState[] Incoming = [EmailState.Received, EmailState.HeadersOnly];
    private static readonly EmailState[] Outgoing = [.. Enum.GetValues<EmailState>().Except(Incoming)];

    public ValueTask<Email?> FindAsync(EmailId id, CancellationToken cancellationToken) =>
        database.ReadAsync(connection => connection.Prepare(Find).With("$id", id.Value).First(Read), cancellationToken);

    public async ValueTask<IReadOnlyList<Email>> ListAsync(
        EmailFilter filter, EmailId? after, int limit, CancellationToken cancellationToken) =>
        await database.ReadAsync(connection =>
        {
            string ids = string.Join(" UNION ALL ", Legs(filter).Select(leg => $"SELECT {leg.Id} AS id FROM {leg.Rows} AND {leg.Id} > $after"));
            Statement statement = connection.Prepare($"{Select} WHERE id IN ({ids} ORDER BY id LIMIT $limit) ORDER BY id");
            return Bind(statement, filter).With("$after", after?.Value ?? 0).WithLimit(limit).All(Read);
        }, cancellationToken);

    public async ValueTask<int> DeleteOldAsync(DateTimeOffset storedBefore, CancellationToken cancellationToken)
    {
        int deleted = 0;
        foreach (EmailState state in Ended)
        {
            OldPage page = new(After: 0, IsLast: false, Deleted: 0, Files: []);
            while (!page.IsLast)
            {
                long after = page.After;
                page = await database.WriteAsync(connection => DeletePageOfOld(connection, state, storedBefore, after), cancellationToken);
                // Only once the rows are gone for good: a row never refers to a file that is not there.
                foreach (string file in page.Files)
                    spool.Delete(file);
                deleted += page.Deleted;
            }
        }

        return deleted;
    }

    public async ValueTask<IReadOnlyList<EmailId>> AcknowledgeAsync(
        IReadOnlyCollection<EmailId> emails, DateTimeOffset at, CancellationToken cancellationToken)
    {
        const string Acknowledge = """
            UPDATE email SET acknowledged_at = coalesce(acknowledged_at, $at) WHERE id = $id AND state < 2
            """;
        return await database.WriteAsync(connection => emails
            .Where(email => connection.Prepare(Acknowledge).With("$at", at).With("$id", email.Value).Execute() > 0)
            .ToList(), cancellationToken);
    }

    public ValueTask<long> CountAsync(EmailFilter filter, CancellationToken cancellationToken) =>
        database.ReadAsync(connection =>
        {
            string counts = string.Join(" + ", Legs(filter).Select(leg => $"(SELECT count(*) FROM {leg.Rows})"));
            return Bind(connection.Prepare($"SELECT {counts}"), filter).First(row => row.Long());
        }, cancellationToken);

    public async ValueTask<Stream> OpenContentAsync(EmailId id, CancellationToken cancellationToken)
    {
        StoredContent stored = await database.ReadAsync(
            connection => connection.Prepare(Content).With("$id", id.Value).First(StoredContent.Read), cancellationToken)
            ?? throw new NotStoredException($"email {id}");
        if (stored.File is null)
            return new MemoryStream(stored.Octets, writable: false);
        try
        {
            Stream file = spool.OpenRead(stored.File);
            return stored.Octets.Length == 0 ? file : new SharedContentStream(stored.Octets, file, stored.Offset);
        }
        catch (Exception failure) when (StorageFailures.IsOne(failure))
        {
            throw new StorageException($"The content of email {id} cannot be read from the spool: {failure.Message}", failure);
        }
    }

    private static OldPage DeletePageOfOld(Connection connection, EmailState state, DateTimeOffset storedBefore, long after)
    {
        List<(long Id, string? File, string? MessageId, long Size, bool IsOld, bool MustStay)> looked = connection.Prepare(Old)
            .With("$before", storedBefore).With("$state", (int)state).With("$after", after).With("$limit", DeletePage)
            .All(row => (row.Long(), row.OptionalText(), row.OptionalText(), row.Long(), row.Bool(), row.Bool()));
        int deleted = 0;
        List<string> files = [];
        long octets = 0;
        foreach ((long id, string? file, string? messageId, long size, bool isOld, bool mustStay) in looked)
        {
            if (octets >= DeletedOctets)
                return new(after, IsLast: false, deleted, files);
            after = id;
            if (!isOld || mustStay)
                continue;
            ConversationTable.Leave(connection, new(id), messageId);
            files.AddRange(BodyTable.DeleteEmail(connection, id, file));
            deleted++;
            octets += file is null ? size : 0;
        }

        return new(after, IsLast: looked.Count < DeletePage || !looked[^1].IsOld, deleted, files);
    }

    /// <summary>Adds an email with its content to its conversation, and returns its id.</summary>
    public static EmailId Add(Connection connection, NewEmail email)
    {
        SealedContent content = email.Content;
        long? body = BodyTable.FindOrShare(connection, email.Correlation.MessageId, content);
        long id = connection.Prepare(Insert)
            .With("$mailbox", email.Mailbox.Value)
            .With("$state", (int)email.State)
            .With("$stored_at", email.StoredAt)
            .With("$size", content.Size)
            .With("$sha256", content.Sha256)
            .With("$spool_file", body is null ? content.SpoolFile : null)
            .With("$mail_from", content.Headers.From)
            .With("$mail_to", content.Headers.To)
            .With("$mail_cc", content.Headers.Cc)
            .With("$reply_to", content.Headers.ReplyTo)
            .With("$subject", content.Headers.Subject)
            .With("$date", content.Headers.Date)
            .With("$message_id", content.Headers.MessageId)
            .With("$in_reply_to", content.Headers.InReplyTo)
            .With("$mail_references", content.Headers.References)
            .With("$unique_id", email.UniqueId)
            .With("$reverse_path", email.ReversePath)
            .With("$recipients", email.Recipients)
            .With("$idempotency_key", email.IdempotencyKey)
            .With("$next_attempt_at", email.NextAttemptAt)
            .With("$priority", (int)email.Priority)
            .With("$report", email.State == EmailState.Received && content.Headers.IsDeliveryReport ? 1 : null)
            .First(row => row.Long());
        if (body is { } shared)
        {
            connection.Prepare(InsertContent).With("$email", id).With("$octets", content.Header).Execute();
            BodyTable.Use(connection, id, shared);
        }
        else if (content.SpoolFile is null)
            connection.Prepare(InsertContent).With("$email", id).With("$octets", content.Octets).Execute();
        EmailId conversation = ConversationTable.Join(connection, new(id), email.Correlation, content.Body?.Sha256);
        if (email.TrackingNumber is { } number)
            ConversationTable.KeepTrackingNumber(connection, number, conversation);
        return new(id);
    }

    public static Email Read(Row row)
    {
        (EmailId id, MailboxId mailbox, EmailState state) = (new(row.Long()), new(row.Long()), (EmailState)row.Int());
        return new()
        {
            Id = id,
            Mailbox = mailbox,
            State = state,
            Direction = Incoming.Contains(state) ? EmailDirection.Incoming : EmailDirection.Outgoing,
            Headers = new()
            {
                From = row.OptionalText(),
                To = row.OptionalText(),
                Cc = row.OptionalText(),
                ReplyTo = row.OptionalText(),
                Subject = row.OptionalText(),
                Date = row.OptionalText(),
                MessageId = row.OptionalText(),
                InReplyTo = row.OptionalText(),
                References = row.OptionalText(),
            },
            Size = row.Long(),
            Sha256 = Convert.ToHexStringLower(row.Octets()),
            UniqueId = row.OptionalText(),
            StoredAt = row.Moment(),
            ReversePath = row.OptionalText(),
            Recipients = RecipientsColumn.Read(row.OptionalText()),
            Attempts = row.Int(),
            NextAttemptAt = row.OptionalMoment(),
            LastError = row.OptionalText(),
            Priority = (EmailPriority)row.Int(),
            SpeaksOf = row.OptionalLong() is { } sent ? new EmailId(sent) : null,
            FetchedAs = row.OptionalLong() is { } whole ? new EmailId(whole) : null,
            AcknowledgedAt = row.OptionalMoment(),
            Conversation = new(row.Long()),
        };
    }

    /// <summary>
    /// The filter as tables with conditions that exclude one another, each of which is answered along one index in the order of ids. SQLite
    /// merges them as it goes, so a page costs a page, whatever the filter.
    /// </summary>
    private static IEnumerable<(string Id, string Rows)> Legs(EmailFilter filter)
    {
        if (filter is { State: null, Direction: null, Mailbox: null, IsUnacknowledged: false, Conversation: null })
            return [("id", "email WHERE id > 0")];
        IEnumerable<EmailState> states = filter.Direction switch
        {
            EmailDirection.Incoming => Incoming,
            EmailDirection.Outgoing => Outgoing,
            _ => Enum.GetValues<EmailState>(),
        };
        if (filter.IsUnacknowledged)
            states = states.Intersect(Incoming);
        (string table, string condition) = filter.IsUnacknowledged
            ? ("email INDEXED BY email_unacknowledged", " AND state < 2 AND acknowledged_at IS NULL")
            : ("email", "");
        string mailbox = filter.Mailbox is null ? "" : "mailbox = $mailbox AND ";
        states = states.Where(state => filter.State is null || filter.State == state);
        if (filter.Conversation is not null)
            return LegsOfConversation($"{mailbox}state IN ({string.Join(", ", states.Select(state => (int)state).DefaultIfEmpty(-1))}){condition}");
        return states
            .Select(state => ("id", $"{table} WHERE {mailbox}state = {(int)state}{condition}"))
            .DefaultIfEmpty(("id", $"email WHERE {(mailbox.Length > 0 ? "+" : "")}{mailbox}id < 0"));
    }

    /// <summary>The first email of a conversation, and the others, in which the rest of the filter is looked for.</summary>
    private static IEnumerable<(string Id, string Rows)> LegsOfConversation(string condition) =>
    [
        ("id", $"email WHERE id = $conversation AND NOT EXISTS (SELECT 1 FROM reply WHERE reply.email = $conversation) AND {condition}"),
        ("reply.email", $"reply CROSS JOIN email ON email.id = reply.email WHERE reply.conversation = $conversation AND {condition}"),
    ];

    private static Statement Bind(Statement statement, EmailFilter filter)
    {
        if (filter.Mailbox is { } mailbox)
            statement.With("$mailbox", mailbox.Value);
        return filter.Conversation is { } conversation ? statement.With("$conversation", conversation.Value) : statement;
    }
}

/// <summary>A page of emails of which the old ones were deleted.</summary>
/// <param name="After">The last that was looked at.</param>
/// <param name="IsLast">Nothing old lies behind it.</param>
/// <param name="Deleted">How many were deleted.</param>
/// <param name="Files">Spool files that nothing refers to any more.</param>
internal sealed record OldPage(long After, bool IsLast, int Deleted, IReadOnlyList<string> Files);

/// <summary>Where the octets of an email are.</summary>
/// <param name="Octets">All of them; or, with a file, the header block before what is in it.</param>
/// <param name="File">A file of the spool; null where all is in the database.</param>
/// <param name="Offset">Where in the file its part begins.</param>
internal sealed record StoredContent(byte[] Octets, string? File, long Offset)
{
    public static StoredContent Read(Row row)
    {
        if (row.OptionalText() is { } whole)
            return new([], whole, 0);
        byte[] octets = row.Octets();
        return row.OptionalOctets() is { } body
            ? new([.. octets, .. body], null, 0)
            : new(octets, row.OptionalText(), row.OptionalLong() ?? 0);
    }
}

/// <summary>An email that is about to get its row.</summary>
internal sealed record NewEmail(MailboxId Mailbox, EmailState State, DateTimeOffset StoredAt, SealedContent Content)
{
    /// <summary>Worked out where the email comes from, not in the writer.</summary>
    public Correlation Correlation { get; } = Correlation.Of(Content.Headers);

    public string? UniqueId { get; init; }

    /// <summary>The one that its subject was given, outgoing only.</summary>
    public int? TrackingNumber { get; init; }

    public string? ReversePath { get; init; }

    /// <summary>As <see cref="RecipientsColumn"/> writes them.</summary>
    public string? Recipients { get; init; }

    public string? IdempotencyKey { get; init; }

    public DateTimeOffset? NextAttemptAt { get; init; }

    public EmailPriority Priority { get; init; } = EmailPriority.Normal;
}
