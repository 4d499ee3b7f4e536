using System.Runtime.CompilerServices;
using System.Text.Json;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The tables of mailboxes and of what the engine knows about them.</summary>
internal sealed class MailboxTable(Database database, LeaseBook leases, SecretTable secrets) : IMailboxes
{
    // A page of the schedule is read in a few milliseconds; between pages no read holds back a checkpoint.
    private const int SchedulePage = 5000;

    private const string Find = MailboxColumns.Select + " WHERE m.id = $id";

    // Not polled before postponed_until. State 2 is pending-send: the index email_due answers the inner query at its first entry.
    private const string Schedule = """
        SELECT m.id, m.profile, max(s.next_poll_at, coalesce(s.postponed_until, s.next_poll_at)) AS poll_at,
            (SELECT min(e.next_attempt_at)
             FROM email e WHERE e.mailbox = m.id AND e.state = 2) AS send_at
        FROM mailbox m JOIN mailbox_state s ON s.mailbox = m.id
        """;

    public ValueTask<Mailbox> CreateAsync(Mailbox mailbox, CancellationToken cancellationToken, params IReadOnlyList<GivenSecret> secrets) =>
        database.WriteAsync(connection => Create(connection, mailbox, secrets), cancellationToken);

    public ValueTask<Mailbox?> FindAsync(MailboxId id, CancellationToken cancellationToken) =>
        database.ReadAsync(connection => connection.Prepare(Find).With("$id", id.Value).First(Read), cancellationToken);

    public ValueTask<Mailbox?> FindByAddressAsync(string emailAddress, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Prepare(MailboxColumns.Select + " WHERE m.address_key = $key")
                .With("$key", MailboxColumns.AddressKey(emailAddress)).First(Read),
            cancellationToken);

    public async ValueTask<IReadOnlyList<Mailbox>> ListAsync(
        MailboxFilter filter, MailboxId? after, int limit, CancellationToken cancellationToken) =>
        await database.ReadAsync(connection =>
        {
            Statement statement = connection.Prepare(ListStatement(filter)).With("$after", after?.Value ?? 0).WithLimit(limit);
            if (filter.Profile is { } profile)
                statement.With("$profile", profile.Value);
            if (filter.Approval is { } approval)
                statement.With("$approval", (int)approval);
            if (filter.Status is { } status)
                statement.With("$status", (int)status);
            if (filter.Kind is { } kind)
                statement.With("$kind", (int)kind);
            if (filter.DueBefore is { } moment)
                statement.With("$due_before", moment);
            return statement.All(Read);
        }, cancellationToken);

    public ValueTask<long> CountAsync(ProfileId profile, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Prepare("SELECT count(*) FROM mailbox WHERE profile = $profile").With("$profile", profile.Value).First(row => row.Long()),
            cancellationToken);

    public ValueTask<Mailbox> UpdateAsync(Mailbox mailbox, CancellationToken cancellationToken, params IReadOnlyList<GivenSecret> secrets) =>
        database.WriteAsync(connection =>
        {
            RequireVersion(connection, mailbox);
            return Change(connection, mailbox, secrets);
        }, cancellationToken);

    public async ValueTask DeleteAsync(MailboxId id, CancellationToken cancellationToken) =>
        await database.WriteAsync(connection => Delete(connection, id), cancellationToken);

    public async ValueTask RecordAsync(MailboxId id, Func<MailboxState, MailboxState> change, CancellationToken cancellationToken) =>
        await database.WriteAsync(connection => Record(connection, id, change), cancellationToken);

    public async ValueTask RecordAsync(Lease lease, Func<MailboxState, MailboxState> change, CancellationToken cancellationToken) =>
        await database.WriteAsync(connection =>
        {
            leases.Require(lease);
            return Record(connection, lease.Mailbox, change);
        }, cancellationToken);

    public ValueTask<bool> RecordAsync(
        Mailbox tested, EmailServerProfile profile, Func<MailboxState, MailboxState> change, CancellationToken cancellationToken) =>
        database.WriteAsync(connection => connection.Prepare("""
            SELECT 1 FROM mailbox m JOIN profile p ON p.id = m.profile
            WHERE m.id = $id AND m.version = $version AND p.id = $profile AND p.version = $profile_version
            """)
            .With("$id", tested.Id.Value).With("$version", tested.Version)
            .With("$profile", profile.Id.Value).With("$profile_version", profile.Version)
            .Any() && Record(connection, tested.Id, change), cancellationToken);

    public async ValueTask RecordTestAsync(TestResult result, CancellationToken cancellationToken) =>
        await database.WriteAsync(
            connection => connection.Prepare("""
                INSERT INTO test_result (mailbox, document) SELECT id, $document FROM mailbox WHERE id = $mailbox
                ON CONFLICT DO UPDATE SET document = excluded.document
                """)
                .With("$mailbox", result.Mailbox.Value)
                .With("$document", JsonSerializer.Serialize(result, StoredJson.Default.TestResult))
                .Execute(),
            cancellationToken);

    public ValueTask<TestResult?> FindTestAsync(MailboxId id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Prepare("SELECT document FROM test_result WHERE mailbox = $mailbox").With("$mailbox", id.Value)
                .First(row => JsonSerializer.Deserialize(row.Text(), StoredJson.Default.TestResult)),
            cancellationToken);

    public async IAsyncEnumerable<MailboxSchedule> SchedulesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long after = 0;
        List<MailboxSchedule> page;
        do
        {
            page = await database.ReadAsync(
                connection => connection.Prepare(Schedule + " WHERE m.id > $after ORDER BY m.id LIMIT $limit")
                    .With("$after", after).With("$limit", SchedulePage).All(ReadSchedule),
                cancellationToken);
            foreach (MailboxSchedule schedule in page)
            {
                after = schedule.Mailbox.Value;
                if (IsDue(schedule))
                    yield return schedule;
            }
        }
        while (page.Count == SchedulePage);
    }

    public ValueTask<MailboxSchedule?> ScheduleAsync(MailboxId id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Prepare(Schedule + " WHERE m.id = $id").With("$id", id.Value)
                .First<MailboxSchedule?>(row => ReadSchedule(row) is var schedule && IsDue(schedule) ? schedule : null),
            cancellationToken);

    /// <summary>Stores a new mailbox.</summary>
    public Mailbox Create(Connection connection, Mailbox mailbox, IReadOnlyList<GivenSecret> given)
    {
        ProfileTable.Require(connection, mailbox.Profile);
        RefuseTakenAddress(connection, mailbox);
        Mailbox created = mailbox with { Version = 1 };
        created = created with { Id = new(MailboxColumns.Bind(connection.Prepare(MailboxColumns.Insert), created).First(row => row.Long())) };
        MailboxColumns.Bind(connection.Prepare(MailboxColumns.InsertState), created.Id, created.State).Execute();
        secrets.Set(connection, created.Id.ToString(), given);
        return created;
    }

    /// <summary>Replaces a mailbox, and takes away what its change takes away.</summary>
    public Mailbox Change(Connection connection, Mailbox mailbox, IReadOnlyList<GivenSecret> given)
    {
        Mailbox stored = FindStored(connection, mailbox.Id);
        EmailServerProfile profile = ProfileTable.Find(connection, mailbox.Profile) ?? throw new NotStoredException($"profile {mailbox.Profile}");
        RefuseTakenAddress(connection, mailbox);
        Mailbox changed = mailbox with { Version = stored.Version + 1, State = stored.State };
        // An earlier step of the same change has returned it to pending: it stays so.
        if (stored.Version != mailbox.Version)
            changed = changed with { Approval = stored.Approval, ApprovalBy = stored.ApprovalBy, ApprovalAt = stored.ApprovalAt };
        if (Relocation.IsElsewhere(stored, ProfileTable.Find(connection, stored.Profile), changed, profile))
            changed = ReturnToPending(connection, changed);
        else if (stored.Profile != changed.Profile)
            IncomingTable.ForgetSkipped(connection, changed.Id);
        MailboxColumns.Bind(connection.Prepare(MailboxColumns.Update), changed).With("$id", changed.Id.Value).Execute();
        secrets.Set(connection, changed.Id.ToString(), given);
        return changed;
    }

    /// <summary>Deletes a mailbox; its state and its known unique-ids go with the row: ON DELETE CASCADE.</summary>
    public static int Delete(Connection connection, MailboxId id)
    {
        if (connection.Prepare("DELETE FROM mailbox WHERE id = $id").With("$id", id.Value).Execute() == 0)
            throw new NotStoredException($"mailbox {id}");
        OutgoingTable.CancelAll(connection, id);
        return SecretTable.ForgetAll(connection, id.ToString());
    }

    /// <summary>Refuses a change of a mailbox that was changed since it was read.</summary>
    public static void RequireVersion(Connection connection, Mailbox mailbox)
    {
        long version = FindStored(connection, mailbox.Id).Version;
        if (version != mailbox.Version)
            throw new VersionConflictException(mailbox.Version, version);
    }

    /// <summary>Every mailbox of a profile waits for a new agreement, and new passwords.</summary>
    public static void ReturnToPending(Connection connection, ProfileId profile)
    {
        foreach (long id in connection.Prepare("SELECT id FROM mailbox WHERE profile = $profile").With("$profile", profile.Value).All(row => row.Long()))
        {
            Mailbox stored = FindStored(connection, new(id));
            Mailbox pending = ReturnToPending(connection, stored with { Version = stored.Version + 1 });
            MailboxColumns.Bind(connection.Prepare(MailboxColumns.Update), pending).With("$id", id).Execute();
        }
    }

    /// <summary>One email more, in a cycle that has not come to its end; refuses a mailbox that is not there.</summary>
    public static void CountReceived(Connection connection, MailboxId id) =>
        Update(connection, id, "UPDATE mailbox_state SET messages_received = messages_received + 1, left_on_server = NULL WHERE mailbox = $id");

    /// <summary>As <see cref="CountReceived"/>, for a message that was here already.</summary>
    public static void CountRecognised(Connection connection, MailboxId id) =>
        Update(connection, id, "UPDATE mailbox_state SET left_on_server = NULL WHERE mailbox = $id");

    /// <summary>One email more that was sent; the mailbox may have been deleted meanwhile.</summary>
    public static void CountSent(Connection connection, MailboxId id) =>
        connection.Prepare("UPDATE mailbox_state SET messages_sent = messages_sent + 1 WHERE mailbox = $id")
            .With("$id", id.Value).Execute();

    public static bool Exists(Connection connection, MailboxId id) =>
        connection.Prepare("SELECT 1 FROM mailbox WHERE id = $id").With("$id", id.Value).Any();

    /// <summary>Refuses what refers to a mailbox that is not there.</summary>
    public static void Require(Connection connection, MailboxId id)
    {
        if (!Exists(connection, id))
            throw new NotStoredException($"mailbox {id}");
    }

    /// <summary>
    /// Each shape reads along an index in the order of ids, so a page costs a page. A status is looked for in both directions, and SQLite
    /// merges the two as it goes; which of the two equal ids is named decides along which index that is.
    /// </summary>
    private static string ListStatement(MailboxFilter filter)
    {
        string others = (filter.Profile is null ? "" : " AND m.profile = $profile")
            + (filter.Approval is null ? "" : " AND m.approval = $approval")
            + (filter.Kind is null ? "" : " AND m.kind = $kind")
            + (filter.DueBefore is null ? "" : " AND s.enabled_for_incoming = 1 AND max(s.next_poll_at, coalesce(s.postponed_until, s.next_poll_at)) < $due_before");
        if (filter.Status is null)
            return $"{MailboxColumns.Select} WHERE m.id > $after{others} ORDER BY m.id LIMIT $limit";

        string id = filter.Profile is null ? "s.mailbox" : "m.id";
        string With(string status) => $"""
            SELECT {id} FROM mailbox m JOIN mailbox_state s ON s.mailbox = m.id WHERE s.{status} = $status AND {id} > $after{others}
            """;
        return $"""
            {MailboxColumns.Select} WHERE m.id IN (
                {With("incoming_status")} UNION {With("outgoing_status")} ORDER BY 1 LIMIT $limit) ORDER BY m.id
            """;
    }

    private static bool Record(Connection connection, MailboxId id, Func<MailboxState, MailboxState> change)
    {
        MailboxState? state = connection.Prepare(MailboxColumns.SelectState).With("$mailbox", id.Value).First(MailboxColumns.ReadState);
        if (state is not null)
            MailboxColumns.Bind(connection.Prepare(MailboxColumns.UpdateState), id, change(state)).Execute();
        return state is not null;
    }

    private static Mailbox FindStored(Connection connection, MailboxId id) =>
        connection.Prepare(Find).With("$id", id.Value).First(MailboxColumns.Read) ?? throw new NotStoredException($"mailbox {id}");

    // Newly associated as well: what was skipped under another server's date is judged anew.
    private static Mailbox ReturnToPending(Connection connection, Mailbox mailbox)
    {
        SecretTable.ForgetAll(connection, mailbox.Id.ToString());
        IncomingTable.ForgetSkipped(connection, mailbox.Id);
        Record(connection, mailbox.Id, state => state.Disabled());
        return mailbox with { Approval = EmailApproval.Pending, ApprovalBy = null, ApprovalAt = null, State = mailbox.State.Disabled() };
    }

    private Mailbox Read(Row row)
    {
        Mailbox mailbox = MailboxColumns.Read(row);
        return leases.OwnerOf(mailbox.Id) is { } owner ? mailbox with { State = mailbox.State with { LeasedBy = owner } } : mailbox;
    }

    private static bool IsDue(MailboxSchedule schedule) => schedule.NextPollAt is not null || schedule.NextSendAt is not null;

    private static MailboxSchedule ReadSchedule(Row row) =>
        new(new(row.Long()), new(row.Long()), row.OptionalMoment(), row.OptionalMoment());

    private static void RefuseTakenAddress(Connection connection, Mailbox mailbox)
    {
        if (connection.Prepare("SELECT 1 FROM mailbox WHERE address_key = $key AND id <> $id")
            .With("$key", MailboxColumns.AddressKey(mailbox.EmailAddress)).With("$id", mailbox.Id.Value).Any())
            throw new DuplicateValueException("emailAddress", mailbox.EmailAddress);
    }

    private static void Update(Connection connection, MailboxId id, string update)
    {
        if (connection.Prepare(update).With("$id", id.Value).Execute() == 0)
            throw new NotStoredException($"mailbox {id}");
    }
}
