using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Tests.Processing;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Faults;

/// <summary>The store fails at each call of a cycle in turn, once without having done anything and once with the answer lost.</summary>
public sealed class StoreFaults
{
    [Theory, InlineData(false), InlineData(true)]
    public async Task Receiving_loses_nothing_and_stores_nothing_twice(bool isDone)
    {
        await using Rig rig = await Rig.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = 0 });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
        Maildrops mail = new(rig, mailbox);
        List<string> failed = [];
        for (int call = 1; ; call++)
        {
            mail.Deliver(1);
            await rig.Receive.RunAsync(mailbox with { DeleteEmailsAfterProcessing = false }, profile, Rig.Timeout);
            mail.Deliver(3);
            StoreFault fault = new(call, isDone);
            try
            {
                await rig.ReceiveThrough(FaultingStore.Wrap(rig.Store, fault)).RunAsync(mailbox, profile, Rig.Timeout);
            }
            catch (StorageException)
            {
                Assert.NotNull(fault.Failed);
            }

            string when = $"where {fault.Failed} failed";
            await mail.AssertNothingIsLostAsync(when);
            await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
            await mail.AssertEverythingIsStoredAsync(when);
            Assert.Equal(0, rig.Lab.Mailboxes[0].MessageCount);
            if (fault.Failed is null)
                break;
            failed.Add(fault.Failed);
        }

        Assert.Superset(new HashSet<string> { "draft write", "draft commit", "KnownUniqueIdsAsync", "StoredUniqueIdsAsync", "NoteLeftOnServerAsync", "RevealAsync" }, failed.ToHashSet());
    }

    [Theory, InlineData("draft write"), InlineData("draft commit")]
    public async Task N_07_where_a_message_cannot_be_stored_nothing_is_deleted_and_the_session_is_over(string failing)
    {
        for (int call = 1; ; call++)
        {
            await using Rig rig = await Rig.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = 3 });
            EmailServerProfile profile = await rig.AddProfileAsync();
            Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
            StoreFault fault = new(call, isDone: false);
            try
            {
                await rig.ReceiveThrough(FaultingStore.Wrap(rig.Store, fault)).RunAsync(mailbox, profile, Rig.Timeout);
            }
            catch (StorageException)
            {
                if (fault.Failed != failing)
                    continue;
                await rig.Lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, Rig.Timeout);
                Assert.Equal((0, 0), (rig.Lab.Journal.Count("DELE"), rig.Lab.Journal.Count("QUIT")));
                Assert.Equal(3, rig.Lab.Mailboxes[0].MessageCount);
                return;
            }

            Assert.NotNull(fault.Failed);
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Every_email_leaves_at_least_once_and_is_never_in_no_state(bool isDone)
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(clock: clock);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        List<string> failed = [];
        for (int call = 1; ; call++)
        {
            EmailId id = await EnqueueAsync(rig, mailbox);
            StoreFault fault = new(call, isDone);
            try
            {
                await ThroughAsync(rig.SendThrough(FaultingStore.Wrap(rig.Store, fault)).RunAsync(mailbox, profile, Rig.Timeout), clock);
            }
            catch (StorageException)
            {
                Assert.NotNull(fault.Failed);
            }

            // As after a restart, and after the longest pause.
            await rig.RestartAsync();
            await rig.Send.RecoverAsync(Rig.Timeout);
            clock.Advance(TimeSpan.FromHours(7));
            await rig.Send.RunAsync(mailbox, profile, Rig.Timeout);
            EmailState state = (await rig.Store.Emails.FindAsync(id, Rig.Timeout))!.State;
            Assert.True(state == EmailState.Sent, $"It is {state} where {fault.Failed} failed.");
            Assert.Contains(rig.Lab.Outbox, sent => Encoding.ASCII.GetString(sent.Content.Span).Contains($"Message-ID: <{call}@", StringComparison.Ordinal));
            if (fault.Failed is null)
                break;
            failed.Add(fault.Failed);
        }

        Assert.Superset(new HashSet<string> { "ClaimAsync", "RevealAsync", "OpenContentAsync", "RecordAsync" }, failed.ToHashSet());

        async Task<EmailId> EnqueueAsync(Rig rig, Mailbox mailbox)
        {
            using MemoryStream content = new(Encoding.ASCII.GetBytes($"Message-ID: <{failed.Count + 1}@faults.example>\r\n\r\nx\r\n"));
            return await rig.Store.Outgoing.EnqueueAsync(new(mailbox.Id, mailbox.EmailAddress, ["user0002@lab.example"]), content, Rig.Timeout);
        }
    }

    // What waits for the clock is given its time as soon as nothing else goes on.
    private static async Task ThroughAsync(Task work, FakeTimeProvider clock)
    {
        while (await Task.WhenAny(work, Task.Run(() => { }, Rig.Timeout)) != work)
            clock.Advance(TimeSpan.FromMilliseconds(10));
        await work;
    }
}
