using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The table of known unique-ids, and how a received email is committed together with its own.</summary>
internal sealed class IncomingTable(Database database, LeaseBook leases, Spool spool, StoreOptions options, TimeProvider clock) : IIncomingEmails
{
    // What one read or one write of many unique-ids takes at a time, a few milliseconds, so that a huge maildrop holds up nobody.
    private const int ReadPageSize = 10_000;
    private const int WritePageSize = 1_000;

    private const string Known = "SELECT high, low FROM known_unique_id WHERE mailbox = $mailbox";

    private const string LeftOnServer = """
        SELECT left_on_server, unique_ids_in_doubt_until, EXISTS (SELECT 1 FROM wanted WHERE mailbox = $mailbox)
        FROM mailbox_state WHERE mailbox = $mailbox
        """;

    // State 0 is received: stored in whole. Where retention deleted it since, its unique-id knows when that was.
    private const string Stored = """
        SELECT high, low FROM known_unique_id k LEFT JOIN email e ON e.id = k.email
        WHERE k.mailbox = $mailbox AND iif(e.id IS NULL, k.stored_at, iif(e.state = 0, e.stored_at, NULL)) <= $until
        """;

    // What waits for a consumer is not deleted by retention.
    private const string Acknowledged = Stored + " AND (e.id IS NULL OR e.acknowledged_at IS NOT NULL)";

    private const string OfContent = """
        SELECT id FROM email INDEXED BY email_by_content WHERE mailbox = $mailbox AND sha256 = $sha256 AND state < 2 LIMIT 1
        """;

    private const string EmailOf = """
        SELECT email FROM known_unique_id WHERE mailbox = $mailbox AND high = $high AND low = $low AND email IS NOT NULL UNION ALL
        SELECT email FROM gone_unique_id WHERE mailbox = $mailbox AND high = $high AND low = $low AND email IS NOT NULL
        """;

    private const string Tie = """
        INSERT INTO known_unique_id (mailbox, high, low, email, stored_at)
        VALUES ($mailbox, $high, $low, $email, (SELECT stored_at FROM email WHERE id = $email AND state = 0))
        ON CONFLICT DO UPDATE SET email = excluded.email, stored_at = excluded.stored_at, is_skipped = 0
        """;

    private const string MakeKnown = """
        INSERT INTO known_unique_id (mailbox, high, low) VALUES ($mailbox, $high, $low) ON CONFLICT DO NOTHING
        """;

    private const string Skip = """
        INSERT INTO known_unique_id (mailbox, high, low, is_skipped) VALUES ($mailbox, $high, $low, 1) ON CONFLICT DO NOTHING
        """;

    private const string Skipped = """
        SELECT high, low FROM known_unique_id INDEXED BY known_unique_id_skipped
        WHERE mailbox = $mailbox AND is_skipped = 1 LIMIT $limit
        """;

    // State 1 is headers-only.
    private const string OfHeaders = """
        SELECT high, low FROM known_unique_id k JOIN email e ON e.id = k.email WHERE k.mailbox = $mailbox AND e.state = 1 LIMIT $limit
        """;

    private const string GoneOfHeaders = """
        SELECT high, low FROM gone_unique_id g JOIN email e ON e.id = g.email WHERE g.mailbox = $mailbox AND e.state = 1 LIMIT $limit
        """;

    /// <summary>Forgets one.</summary>
    public const string Forget = "DELETE FROM known_unique_id WHERE mailbox = $mailbox AND high = $high AND low = $low";

    // What is selected, and how one of it is forgotten.
    private static readonly (string Which, string Forget)[] JudgedAnew = [(Skipped, Forget), (OfHeaders, Forget), (GoneOfHeaders, GoneUniqueIdTable.Forget)];

    private readonly ContentCommit _commit = new(database, spool);

    public async ValueTask<KnownUniqueIds> KnownUniqueIdsAsync(MailboxId mailbox, CancellationToken cancellationToken)
    {
        List<UniqueIdHash> known = await ReadAllAsync(Known, mailbox, storedUntil: null, cancellationToken);
        (int? left, DateTimeOffset? inDoubtUntil, bool isAnyWanted) = await database.ReadAsync(
            connection => connection.Prepare(LeftOnServer).With("$mailbox", mailbox.Value).First(row => (row.OptionalInt(), row.OptionalMoment(), row.Bool())),
            cancellationToken);
        return new(known, left, inDoubtUntil, isAnyWanted);
    }

    public async ValueTask<KnownUniqueIds> StoredUniqueIdsAsync(
        MailboxId mailbox, DateTimeOffset storedUntil, bool onlyAcknowledged, CancellationToken cancellationToken) =>
        new(await ReadAllAsync(onlyAcknowledged ? Acknowledged : Stored, mailbox, storedUntil, cancellationToken));

    public async ValueTask NoteLeftOnServerAsync(Lease lease, int messages, DateTimeOffset? inDoubtUntil, CancellationToken cancellationToken) =>
        await database.WriteAsync(connection =>
        {
            leases.Require(lease, EmailDirection.Incoming);
            return connection.Prepare("""
                UPDATE mailbox_state SET left_on_server = $left, unique_ids_in_doubt_until = coalesce($until, unique_ids_in_doubt_until)
                WHERE mailbox = $mailbox
                """)
                .With("$left", messages).With("$until", inDoubtUntil).With("$mailbox", lease.Mailbox.Value).Execute();
        }, cancellationToken);

    public IncomingDraft Begin(Lease lease, ReadOnlySpan<byte> uniqueId) =>
        new SqliteIncomingDraft(
            _commit, new(spool, options.InlineContentThreshold), clock, leases, lease,
            uniqueId.IsEmpty ? null : UniqueIdHash.Of(uniqueId),
            uniqueId.IsEmpty || Fingerprint.IsOne(uniqueId) ? null : ShownUniqueId.Of(uniqueId));

    public ValueTask<EmailId?> TieUniqueIdAsync(
        Lease lease, UniqueIdHash uniqueId, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken) =>
        database.WriteAsync<EmailId?>(connection =>
        {
            leases.Require(lease, EmailDirection.Incoming);
            if (!MailboxTable.Exists(connection, lease.Mailbox) || FindContent(connection, lease.Mailbox, sha256) is not { } email)
                return null;
            connection.Prepare(Tie).With(lease.Mailbox, uniqueId).With("$email", email).Execute();
            return new(email);
        }, cancellationToken);

    public async ValueTask AddKnownUniqueIdsAsync(
        MailboxId mailbox, IReadOnlyCollection<UniqueIdHash> uniqueIds, CancellationToken cancellationToken) =>
        await AddAsync(MakeKnown, mailbox, lease: null, uniqueIds, cancellationToken);

    public async ValueTask SkipUniqueIdsAsync(
        Lease lease, IReadOnlyCollection<UniqueIdHash> uniqueIds, CancellationToken cancellationToken) =>
        await AddAsync(Skip, lease.Mailbox, lease, uniqueIds, cancellationToken);

    public async ValueTask<int> ForgetSkippedAsync(MailboxId mailbox, CancellationToken cancellationToken)
    {
        int forgotten = await database.WriteAsync(connection => SuspectTable.ForgetAll(connection, mailbox), cancellationToken);
        foreach ((string which, string forget) in JudgedAnew)
        {
            int page;
            do
            {
                page = await database.WriteAsync(connection => ForgetPage(connection, which, forget, mailbox), cancellationToken);
                forgotten += page;
            }
            while (page == WritePageSize);
        }

        return forgotten;
    }

    /// <summary>
    /// Adds a received email, its unique-id and its place in the mailbox's count; or returns the email that has the unique-id already, or, where
    /// content is to be recognised, the one that has the same octets. Where only the headers had been stored, the whole is an email of its own.
    /// </summary>
    public static (EmailId Email, bool IsNew) Add(Connection connection, NewEmail email, UniqueIdHash? uniqueId, bool recognises)
    {
        long? headers = null;
        if (uniqueId is { } known && connection.Prepare(EmailOf).With(email.Mailbox, known).First(row => row.OptionalLong()) is { } stored)
        {
            if (email.State == EmailState.HeadersOnly || !WantedTable.IsOfHeaders(connection, stored))
                return (new(stored), false);
            headers = stored;
        }

        bool isNew = true;
        EmailId id;
        if (recognises && FindContent(connection, email.Mailbox, email.Content.Sha256) is { } recognised)
        {
            (id, isNew) = (new(recognised), false);
            MailboxTable.CountRecognised(connection, email.Mailbox);
        }
        else if (headers is { } counted)
        {
            MailboxTable.CountRecognised(connection, email.Mailbox);
            id = EmailTable.Add(connection, email);
            WantedTable.Fetched(connection, counted, id);
        }
        else
        {
            MailboxTable.CountReceived(connection, email.Mailbox);
            id = EmailTable.Add(connection, email);
        }

        if (uniqueId is { } added)
            connection.Prepare(Tie).With(email.Mailbox, added).With("$email", id.Value).Execute();
        return (id, isNew);
    }

    /// <summary>As <see cref="ForgetSkippedAsync"/>, within a transaction.</summary>
    public static void ForgetSkipped(Connection connection, MailboxId mailbox)
    {
        SuspectTable.ForgetAll(connection, mailbox);
        foreach ((string which, string forget) in JudgedAnew)
        {
            while (ForgetPage(connection, which, forget, mailbox) == WritePageSize)
            {
            }
        }
    }

    private static int ForgetPage(Connection connection, string which, string forget, MailboxId mailbox) => connection
        .Prepare(which).With("$mailbox", mailbox.Value).With("$limit", WritePageSize)
        .All(row => row.UniqueIdHash())
        .Sum(uniqueId => connection.Prepare(forget).With(mailbox, uniqueId).Execute());

    private async ValueTask AddAsync(
        string how, MailboxId mailbox, Lease? lease, IReadOnlyCollection<UniqueIdHash> uniqueIds, CancellationToken cancellationToken)
    {
        foreach (UniqueIdHash[] page in uniqueIds.Chunk(WritePageSize))
        {
            await database.WriteAsync(connection =>
            {
                if (lease is not null)
                    leases.Require(lease, EmailDirection.Incoming);
                MailboxTable.Require(connection, mailbox);
                return page.Sum(uniqueId => connection.Prepare(how).With(mailbox, uniqueId).Execute());
            }, cancellationToken);
        }
    }

    private static long? FindContent(Connection connection, MailboxId mailbox, ReadOnlyMemory<byte> sha256) => connection
        .Prepare(OfContent).With("$mailbox", mailbox.Value).With("$sha256", sha256.Span).First(row => row.OptionalLong());

    private async ValueTask<List<UniqueIdHash>> ReadAllAsync(
        string which, MailboxId mailbox, DateTimeOffset? storedUntil, CancellationToken cancellationToken)
    {
        List<UniqueIdHash> all = [];
        UniqueIdHash? last = null;
        List<UniqueIdHash> page;
        do
        {
            page = await database.ReadAsync(connection => ReadPage(connection, which, mailbox, storedUntil, last), cancellationToken);
            all.AddRange(page);
            last = page.Count > 0 ? page[^1] : last;
        }
        while (page.Count == ReadPageSize);
        return all;
    }

    private static List<UniqueIdHash> ReadPage(
        Connection connection, string which, MailboxId mailbox, DateTimeOffset? storedUntil, UniqueIdHash? after)
    {
        const string InOrder = " ORDER BY high, low LIMIT $limit";
        Statement statement = after is { } last
            ? connection.Prepare(which + " AND (high, low) > ($high, $low)" + InOrder).With(mailbox, last)
            : connection.Prepare(which + InOrder).With("$mailbox", mailbox.Value);
        if (storedUntil is { } until)
            statement.With("$until", until);
        return statement.With("$limit", ReadPageSize).All(row => row.UniqueIdHash());
    }
}
