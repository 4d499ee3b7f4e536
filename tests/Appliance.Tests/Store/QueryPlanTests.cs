using System.Collections.Concurrent;
using System.Reflection;
using System.Security.Cryptography;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>Every statement that the store prepares reads along an index: with a million mailboxes a page still costs a page.</summary>
public sealed class QueryPlanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_statement_scans_a_table_or_sorts()
    {
        await using SqliteStore store = await SqliteStore.OpenAsync(
            new() { DataFolder = _folder.Path }, TimeProvider.System, cancellationToken: Cancellation);
        await UseEverythingAsync(store);

        HashSet<string> statements = StatementsOf(store);
        Assert.True(statements.Count > 60, $"Only {statements.Count} statements were seen.");
        List<string> offences = [];
        await using SqliteConnection connection = new($"Data Source={_folder.Combine("emailsync.db")};Pooling=False");
        await connection.OpenAsync(Cancellation);
        foreach (string statement in statements)
        {
            foreach (string step in await ExplainAsync(connection, statement))
            {
                bool isIndexed = !step.StartsWith("SCAN", StringComparison.Ordinal) && !step.Contains(
                    "TEMP B-TREE", StringComparison.Ordinal);
                if (!isIndexed && !IsBoundedByDesign(statement, step))
                    offences.Add($"{step}: {statement}");
            }
        }

        Assert.True(offences.Count == 0, string.Join("\n", offences));
    }

    public void Dispose() => _folder.Dispose();

    // Profiles are few and all are shown; the schema is looked at once, when the file is opened; what a limit cut off is no table.
    private static bool IsBoundedByDesign(string statement, string step) =>
        (step.StartsWith("SCAN profile USING INDEX", StringComparison.Ordinal)
            && statement.EndsWith("ORDER BY name_key", StringComparison.Ordinal))
        || step is "SCAN sqlite_schema" or "SCAN CONSTANT ROW"
        || (step is "SCAN (subquery-1)" && statement.Contains("LIMIT 16)", StringComparison.Ordinal));

    private static async Task UseEverythingAsync(SqliteStore store)
    {
        MailboxId mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailServerProfile profile = (await store.Profiles.ListAsync(Cancellation))[0];
        await store.Profiles.FindByNameAsync("x", Cancellation);
        await store.Profiles.UpdateAsync(profile, Cancellation);
        await store.Mailboxes.UpdateAsync((await store.Mailboxes.FindAsync(mailbox, Cancellation))!, Cancellation);
        await store.Mailboxes.FindByAddressAsync("x", Cancellation);
        await store.Mailboxes.RecordAsync(mailbox, state => state, Cancellation);
        await store.Mailboxes.RecordTestAsync(new(mailbox, DateTimeOffset.UnixEpoch, default, default, []), Cancellation);
        await store.Mailboxes.FindTestAsync(mailbox, Cancellation);
        await store.Mailboxes.CountAsync(profile.Id, Cancellation);
        await store.Mailboxes.ScheduleAsync(mailbox, Cancellation);
        await store.Mailboxes.SchedulesAsync(Cancellation).ToListAsync(Cancellation);
        foreach (ProfileId? ofProfile in new ProfileId?[] { null, profile.Id })
        {
            foreach (EmailApproval? approval in new EmailApproval?[] { null, EmailApproval.Approved })
            {
                foreach (EmailStatus? status in new EmailStatus?[] { null, EmailStatus.Failure })
                    await store.Mailboxes.ListAsync(
                        new() { Profile = ofProfile, Approval = approval, Status = status, DueBefore = DateTimeOffset.UnixEpoch }, null, 10, Cancellation);
            }
        }

        foreach (MailboxId? ofMailbox in new MailboxId?[] { null, mailbox })
        {
            foreach (EmailDirection? direction in new EmailDirection?[] { null, EmailDirection.Incoming, EmailDirection.Outgoing })
            {
                foreach (EmailState? state in new EmailState?[] { null, EmailState.Received, EmailState.Failed })
                {
                    EmailFilter filter = new() { Mailbox = ofMailbox, Direction = direction, State = state };
                    await store.Emails.ListAsync(filter, null, 10, Cancellation);
                    await store.Emails.CountAsync(filter, Cancellation);
                    await store.Emails.ListAsync(filter with { IsUnacknowledged = true }, null, 10, Cancellation);
                    await store.Emails.CountAsync(filter with { IsUnacknowledged = true }, Cancellation);
                    foreach (bool isUnacknowledged in new[] { true, false })
                        await store.Emails.ListAsync(filter with { IsUnacknowledged = isUnacknowledged, Conversation = new(1) }, null, 10, Cancellation);
                    await store.Emails.CountAsync(filter with { Conversation = new(1) }, Cancellation);
                }
            }
        }

        await store.ReceiveAsync(mailbox, "uid", Samples.Message("one"), Cancellation);
        foreach (int length in new[] { 20_000, 200_000 })
        {
            for (int number = 0; number < 3; number++)
                await store.ReceiveAsync(mailbox, $"copy {length} {number}", Letters.Copy($"{number}", Letters.Body(length), $"<{length}@example.org>"), Cancellation);
        }

        await store.ReceiveAsync(mailbox, "answer", "In-Reply-To: <one@example.com>\r\n\r\n"u8.ToArray(), Cancellation);
        await store.ReceiveAsync(mailbox, "tracked", "Subject: CRM:0000001\r\n\r\n"u8.ToArray(), Cancellation);
        EmailId numbered = await store.SubmitAsync(
            new(mailbox, "", ["b@example.com"]) { TrackingNumber = await store.Outgoing.TakeTrackingNumberAsync(Cancellation) }, Samples.Message("numbered"), Cancellation);
        await store.Outgoing.CancelAsync(numbered, Cancellation);
        await store.Incoming.AddKnownUniqueIdsAsync(
            mailbox, [.. Enumerable.Range(0, 10_001).Select(number => new UniqueIdHash((ulong)number, 0))], Cancellation);
        await store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation);
        await store.Incoming.StoredUniqueIdsAsync(mailbox, DateTimeOffset.MaxValue, onlyAcknowledged: false, Cancellation);
        await store.Incoming.StoredUniqueIdsAsync(mailbox, DateTimeOffset.MaxValue, onlyAcknowledged: true, Cancellation);
        await store.Emails.AcknowledgeAsync([new(1)], DateTimeOffset.UnixEpoch, Cancellation);
        await store.Incoming.TieUniqueIdAsync(await store.LeaseAsync(mailbox), default, SHA256.HashData(Samples.Message("one")), Cancellation);
        await store.GoneUniqueIds.AddAsync(await store.LeaseAsync(mailbox), [default], Cancellation);
        await store.GoneUniqueIds.FindAsync(mailbox, [default], Cancellation);
        await store.GoneUniqueIds.ForgetAsync(TimeSpan.Zero, Cancellation);
        await store.GoneUniqueIds.ReturnAsync(await store.LeaseAsync(mailbox), [default], Cancellation);
        await store.Incoming.NoteLeftOnServerAsync(await store.LeaseAsync(mailbox), 1, inDoubtUntil: null, Cancellation);
        await store.Wanted.AddAsync(new(1), Cancellation);
        await store.Wanted.ListAsync(mailbox, Cancellation);
        await store.Wanted.CountAttemptAsync(await store.LeaseAsync(mailbox), new(1), Cancellation);
        await store.Wanted.EndAsync(await store.LeaseAsync(mailbox), new(1), "gone", Cancellation);
        await store.Suspects.CountAttemptAsync(mailbox, default, DateTimeOffset.MaxValue, Cancellation);
        await store.Suspects.NoteFailureAsync(mailbox, default, DateTimeOffset.MaxValue, Cancellation);
        await store.Suspects.ListAsync(mailbox, Cancellation);
        await store.Suspects.ForgetAsync(mailbox, [default], Cancellation);
        await using (IncomingDraft draft = store.Incoming.Begin(await store.LeaseAsync(mailbox), "new"u8))
            await draft.CommitOrRecogniseAsync(Cancellation);
        await store.Incoming.SkipUniqueIdsAsync(await store.LeaseAsync(mailbox), [default], Cancellation);
        await store.Incoming.ForgetSkippedAsync(mailbox, Cancellation);
        await store.Emails.DeleteOldAsync(DateTimeOffset.MaxValue, Cancellation);
        await SendAsync(store, mailbox);
        await store.Reports.UnreadAsync(mailbox, 10, Cancellation);
        await store.Reports.FindSentAsync(mailbox, "<1@x>", Cancellation);
        await store.Reports.RecordAsync(new(1), new(2), [new("b@example.com", RecipientState.Bounced)], Cancellation);
        await AlertAsync(store, AlertSubject.Of(mailbox));

        await store.Upkeep.CheckAsync(Cancellation);
        await store.Upkeep.LastCheckAsync(Cancellation);
        await store.Upkeep.CompleteAsync(Cancellation);
        await store.Upkeep.ShrinkAsync(Cancellation);
        await store.Secrets.SetAsync(SecretName.Of(mailbox), new("x"), Cancellation);
        await store.Secrets.IsSetAsync(SecretName.Of(mailbox), Cancellation);
        await store.Secrets.SetAsync(SecretName.Of(mailbox), new("y"), Cancellation, inPlaceOf: new EmailSync.Protocols.Wire.Secret("x"));
        await store.Mailboxes.UpdateAsync((await store.Mailboxes.FindAsync(mailbox, Cancellation))! with { EmailAddress = "other@example.com" }, Cancellation);
        await store.Profiles.UpdateAsync(
            (await store.Profiles.FindAsync(profile.Id, Cancellation))! with { Incoming = new() { Location = new(HostName.Parse("x"), 995, TlsMode.Implicit) } }, Cancellation);
        await store.Settings.UpdateAsync(await store.Settings.ReadAsync(Cancellation) with { DefaultProfile = profile.Id }, Cancellation);
        await AccessAsync(store);
        await store.Mailboxes.DeleteAsync(mailbox, Cancellation);
        await store.Profiles.DeleteAsync(profile.Id, Cancellation);
    }

    private static async Task AccessAsync(SqliteStore store)
    {
        ApiToken token = await store.Tokens.CreateAsync(new() { Name = "x", Role = TokenRole.Admin, CreatedBy = "y" }, new byte[32], Cancellation);
        await store.Tokens.FindAsync(token.Id, Cancellation);
        await store.Tokens.ListAsync(null, 10, Cancellation);
        await store.Tokens.DeleteAsync(token.Id, Cancellation);
        AuditId entry = await store.Audit.BeginAsync(new() { Who = "x", Action = "y", Subject = "z" }, Cancellation);
        await store.Audit.EndAsync(entry, "z", null, 200, Cancellation);
        await store.Audit.ListAsync(null, 10, Cancellation);
    }

    private static async Task SendAsync(SqliteStore store, MailboxId mailbox)
    {
        EmailId id = await store.SubmitAsync(new(mailbox, "", ["b@example.com"]) { IdempotencyKey = "x" }, new byte[200_000], Cancellation);
        await store.ReadContentAsync(id, Cancellation);
        await store.Outgoing.ClaimAsync(await store.LeaseOutboxAsync(mailbox), DateTimeOffset.MaxValue, Cancellation);
        await store.Outgoing.RecordAsync(await store.LeaseOutboxAsync(id), id, new(EmailState.Sent, [], null, null), Cancellation);
        await store.Outgoing.FindInterruptedAsync(mailbox: null, Cancellation);
        await store.Outgoing.RetryAsync(id, Cancellation);
        await store.Outgoing.CancelAsync(id, Cancellation);
    }

    private static async Task AlertAsync(SqliteStore store, AlertSubject subject)
    {
        await store.Alerts.RaiseAsync(AlertCatalog.MailboxEnabled, subject, "x", Cancellation);
        foreach (AlertSubject? about in new AlertSubject?[] { null, subject })
        {
            foreach (bool unresolvedOnly in new[] { true, false })
                await store.Alerts.ListAsync(unresolvedOnly, about, null, 10, Cancellation);
        }

        await store.Alerts.DismissAsync(new(1), Cancellation);
        await store.Alerts.ResolveAsync(subject, ["x"], Cancellation);
        await store.Alerts.ResolveAsync(subject, null, Cancellation);
        await store.Alerts.DeleteOldAsync(DateTimeOffset.UnixEpoch, Cancellation);
    }

    /// <summary>The texts that the writer and the readers have prepared.</summary>
    private static HashSet<string> StatementsOf(SqliteStore store)
    {
        Database database = Field<Database>(store, "_database");
        IEnumerable<Connection> connections =
            [Field<Connection>(database, "_writer"), .. Field<ConcurrentBag<Connection>>(database, "_idleReaders")];
        return [.. connections.SelectMany(connection => Field<Dictionary<string, Statement>>(connection, "_statements").Keys)];
    }

    private static T Field<T>(object owner, string name) =>
        (T)owner.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(owner)!;

    private static async Task<List<string>> ExplainAsync(SqliteConnection connection, string statement)
    {
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + statement;
        foreach (string name in statement.Split(' ', ',', '(', ')', '\n').Where(word => word.StartsWith('$')).Distinct())
            command.Parameters.AddWithValue(name, 1);
        List<string> steps = [];
        await using SqliteDataReader reader = await command.ExecuteReaderAsync(Cancellation);
        while (await reader.ReadAsync(Cancellation))
            steps.Add(reader.GetString(3));
        return steps;
    }
}
