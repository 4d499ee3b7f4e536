using EmailSync.Appliance.Api;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using EmailSync.Appliance.Tests.Store;
using Microsoft.Data.Sqlite;

namespace EmailSync.Appliance.Tests.Faults;

/// <summary>
/// A change of the configuration is cut off at every write and at every call of the store in turn. It is in force whole, or not at all: above all
/// no password is ever stored beside a server that it was not given for.
/// </summary>
public sealed class ConfigurationFaults
{
    private const string Address = "ada@example.com";

    private static readonly string[] Tables = ["profile", "mailbox", "mailbox_state", "known_unique_id", "secret", "settings"];

    public static TheoryData<string> Changes => new(ByName.Keys);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly ProfileRules Rules = new(EgressPolicy.Commercial(), new(AllowsCredentialsOverHttp: false, AllowsAnonymousSmtp: false, AllowsCleartextPasswords: false));

    private static readonly Dictionary<string, Func<IStore, Task>> ByName = new()
    {
        ["PATCH /profiles"] = async store =>
        {
            EmailServerProfile stored = await ProfilesApi.FindAsync(store, "Contoso", Cancellation);
            ProfileInput input = ProfileInput.Of(stored) with { IncomingServerLocation = "new.example.com", IncomingPassword = "new" };
            await ProfileChanges.UpdateAsync(store, new NoScheduler(), stored, Rules.Read(input, stored), input, Cancellation);
        },
        ["PATCH /mailboxes"] = async store =>
        {
            Mailbox stored = await MailboxesApi.FindAsync(store, Address, Cancellation);
            MailboxInput input = MailboxInput.Of(stored) with { Profile = "Elsewhere", Password = "new" };
            await MailboxSaving.UpdateAsync(store, new NoScheduler(), await MailboxChanges.ReadAsync(input, stored, store, Cancellation), input, Cancellation);
        },
        ["POST /profiles"] = async store =>
        {
            ProfileInput input = AtServer("Made", "made.example.com") with { IncomingPassword = "new" };
            await store.Profiles.CreateAsync(Rules.Read(input, null), Cancellation, ProfileChanges.GivenSecrets(input));
        },
        ["POST /configuration/apply"] = store => new ConfigurationPlan(store, Rules, new NoScheduler()).ApplyAsync(
            new()
            {
                Settings = new() { DefaultProfile = "Made", ApprovalRequiredForUsers = false },
                Profiles =
                [
                    AtServer("Contoso", "new.example.com") with { IncomingPassword = "new" },
                    AtServer("Made", "made.example.com") with { IncomingPassword = "new" },
                ],
                Mailboxes =
                [
                    new() { EmailAddress = Address, Profile = "Contoso", Password = "new", OutgoingEmail = DeliveryMethod.None },
                    new() { EmailAddress = "made@example.com", Profile = "Made", Password = "new", OutgoingEmail = DeliveryMethod.None },
                ],
            },
            prune: true, Cancellation),
    };

    [Theory, MemberData(nameof(Changes))]
    public async Task A_write_that_fails_takes_the_whole_change_with_it(string change)
    {
        using TemporaryFolder folder = new();
        await using SqliteStore store = await OpenAsync(folder);
        List<string> before = await DescribeAsync(store);
        int writes = 0;
        for (; ; writes++)
        {
            await FailAtWriteAsync(folder, writes + 1);
            try
            {
                await ByName[change](store);
                break;
            }
            catch (SqliteException failure)
            {
                Assert.Contains("on purpose", failure.Message, StringComparison.Ordinal);
            }

            Assert.Equal(before, await DescribeAsync(store));
        }

        Assert.InRange(writes, 2, 100);
        Assert.NotEqual(before, await DescribeAsync(store));
    }

    [Theory, MemberData(nameof(Changes))]
    public async Task A_call_that_fails_leaves_all_or_nothing_of_the_change(string change)
    {
        List<string> whole;
        using (TemporaryFolder folder = new())
        {
            await using SqliteStore store = await OpenAsync(folder);
            await ByName[change](store);
            whole = await DescribeAsync(store);
        }

        List<string> failed = [];
        foreach (bool isDone in (bool[])[false, true])
        {
            StoreFault fault;
            int call = 0;
            do
            {
                using TemporaryFolder folder = new();
                await using SqliteStore store = await OpenAsync(folder);
                List<string> before = await DescribeAsync(store);
                fault = new(++call, isDone);
                try
                {
                    await ByName[change](FaultingStore.Wrap(store, fault));
                }
                catch (StorageException)
                {
                    Assert.NotNull(fault.Failed);
                    failed.Add(fault.Failed);
                }

                List<string> after = await DescribeAsync(store);
                Assert.True(after.SequenceEqual(before) || after.SequenceEqual(whole), $"Where {fault.Failed} failed, it is half done:\n{string.Join('\n', after)}");
            }
            while (fault.Failed is not null);
        }

        Assert.Contains(failed, method => method is "UpdateAsync" or "CreateAsync" or "ChangeConfigurationAsync");
    }

    private static ProfileInput AtServer(string name, string server) => new()
    {
        Name = name, IncomingServerLocation = server, IncomingCredentialRetrieval = CredentialRetrieval.Profile, IncomingUserName = "master",
    };

    /// <summary>A store with a profile whose secrets are all set, a mailbox of it that is at work, and others that an apply prunes.</summary>
    private static async Task<SqliteStore> OpenAsync(TemporaryFolder folder)
    {
        SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = folder.Path }, TimeProvider.System, cancellationToken: Cancellation);
        EmailServerProfile profile = await store.Profiles.CreateAsync(
            Rules.Read(AtServer("Contoso", "old.example.com"), null),
            Cancellation, [.. Enum.GetValues<SecretKind>().Select(kind => new GivenSecret(kind, new("old")))]);
        await store.Profiles.CreateAsync(Rules.Read(AtServer("Elsewhere", "elsewhere.example.com"), null), Cancellation);
        foreach (string address in (string[])[Address, "pruned@example.com"])
        {
            Mailbox mailbox = await store.Mailboxes.CreateAsync(
                Samples.Mailbox(profile.Id, address) with { Approval = EmailApproval.Approved, OutgoingEmail = DeliveryMethod.None },
                Cancellation, new(SecretKind.Incoming, new("old")), new(SecretKind.RefreshToken, new("old")));
            await store.Mailboxes.RecordAsync(mailbox.Id, state => state with { EnabledForIncoming = true }, Cancellation);
            await store.Incoming.SkipUniqueIdsAsync(await store.LeaseAsync(mailbox.Id), [new(1, 1)], Cancellation);
        }

        return store;
    }

    // Counts down at every row that is written; a transaction that fails takes the count back with it.
    private static async Task FailAtWriteAsync(TemporaryFolder folder, int write)
    {
        await using SqliteConnection connection = new($"Data Source={folder.Combine("emailsync.db")};Pooling=False");
        await connection.OpenAsync(Cancellation);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"""
            CREATE TABLE IF NOT EXISTS fault (countdown INTEGER NOT NULL);
            DELETE FROM fault;
            INSERT INTO fault VALUES ({write});
            """ + string.Concat(
                from table in Tables
                from kind in (string[])["INSERT", "UPDATE", "DELETE"]
                select $"""
                    CREATE TRIGGER IF NOT EXISTS {kind}_{table} BEFORE {kind} ON {table} BEGIN
                        UPDATE fault SET countdown = countdown - 1;
                        SELECT RAISE(ABORT, 'failed on purpose') FROM fault WHERE countdown = 0;
                    END;
                    """);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private static async Task<List<string>> DescribeAsync(SqliteStore store)
    {
        List<string> all = [$"{await store.Settings.ReadAsync(Cancellation)}"];
        foreach (EmailServerProfile profile in await store.Profiles.ListAsync(Cancellation))
            all.AddRange([$"{profile}", .. await SecretsAsync(store, $"{profile.Id}")]);
        await foreach (Mailbox mailbox in MailboxesApi.AllAsync(store, new(), Cancellation))
        {
            int known = (await store.Incoming.KnownUniqueIdsAsync(mailbox.Id, Cancellation)).Hashes.Count;
            all.AddRange([$"{mailbox} knows {known}", .. await SecretsAsync(store, $"{mailbox.Id}")]);
        }

        return all;
    }

    private static async Task<List<string>> SecretsAsync(SqliteStore store, string owner)
    {
        List<string> secrets = [];
        foreach (SecretKind kind in Enum.GetValues<SecretKind>())
            secrets.Add($"{kind}: {(await store.Secrets.RevealAsync(new(owner, kind), Cancellation))?.Reveal()}");
        return secrets;
    }

    private sealed class NoScheduler : IMailboxScheduler
    {
        public void Wake(MailboxId mailbox, Work work)
        {
        }

        public void MailboxChanged(MailboxId mailbox)
        {
        }

        public void ProfileChanged(ProfileId profile)
        {
        }

        public ScheduleSnapshot Snapshot() => new(0, 0, 0, 0, 0, 0, TimeSpan.Zero);
    }
}
