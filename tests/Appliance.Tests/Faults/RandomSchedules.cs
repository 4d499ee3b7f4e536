using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Tests.Processing;
using EmailSync.Lab;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Faults;

/// <summary>
/// Mail arrives while everything else happens in an order of chance: lines are cut, the disk fails, the process starts anew, the clock jumps,
/// the server gives all messages or some of them other unique-ids, or none that tell anything, or shows a part of the maildrop only.
/// After each step nothing is lost and nothing is there twice; and a poll on which nothing happens brings everything.
/// </summary>
public sealed class RandomSchedules
{
    private const int Steps = 60;

    private static readonly UniqueIdStyle[] OddStyles =
        [UniqueIdStyle.Proper, UniqueIdStyle.MessageNumber, UniqueIdStyle.NewEachSession, UniqueIdStyle.AllTheSame, UniqueIdStyle.Empty];

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(0), InlineData(-1)]
    public async Task Whatever_happens_in_whatever_order_every_message_is_stored_once(int seed)
    {
        // The last two stand for another chance each time.
        seed = seed <= 0 ? Random.Shared.Next() : seed;
        TestContext.Current.TestOutputHelper!.WriteLine($"Seed {seed}");
        Random random = new(seed);
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = 0, RecordCommands = false }, clock);
        await using FaultProxy proxy = new(rig.ClosedPort, rig.Lab.PortOf(LabService.Pop3));
        EmailServerProfile profile = await rig.AddProfileAsync(profile => profile with
        {
            Incoming = new() { Location = new(HostName.Parse("localhost"), rig.ClosedPort, TlsMode.None) },
        });
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => (seed % 3) switch
        {
            0 => mailbox,
            1 => mailbox with { DeleteEmailsAfterProcessing = true },
            _ => mailbox with { LeaveOnServerDays = 2 },
        });
        Maildrops mail = new(rig, mailbox);
        List<string> story = [];

        for (int step = 0; step < Steps; step++)
        {
            // At times so many that their unique-ids are set aside once they are gone.
            mail.Deliver(random.Next(10) == 0 ? 120 : random.Next(4));
            proxy.Fault = new();
            IStore store = rig.Store;
            bool isShownPartly = false;
            switch (random.Next(10))
            {
                case 0:
                    proxy.Fault = new() { ReceivedUntilCut = random.Next(1200), IsReset = random.Next(2) == 0 };
                    break;
                case 1:
                    proxy.Fault = new() { SentUntilCut = random.Next(250), IsReset = random.Next(2) == 0 };
                    break;
                case 2:
                    store = FaultingStore.Wrap(rig.Store, new(random.Next(1, 20), isDone: random.Next(2) == 0));
                    break;
                case 3:
                    await rig.RestartAsync();
                    store = rig.Store;
                    break;
                case 4:
                    clock.Advance(TimeSpan.FromHours(random.Next(1, 72)));
                    break;
                case 5:
                    rig.Lab.Misbehave(Misbehaviour.ResetUniqueIds(random.Next(1, 4), oneIn: random.Next(1, 3)));
                    break;
                case 6:
                    rig.Lab.Misbehave(Misbehaviour.UniqueIds(OddStyles[random.Next(OddStyles.Length)]));
                    break;
                case 8:
                    rig.Lab.Misbehave(Misbehaviour.ShowPartly(oneIn: random.Next(2, 4) % 3));
                    isShownPartly = true;
                    break;
                case 7:
                    proxy.Fault = new() { Slice = random.Next(1, 30) };
                    break;
                default:
                    await CycleAsync(rig, rig.Store, mailbox, profile, story);
                    await mail.AssertEverythingIsStoredAsync(string.Join("; ", story));
                    break;
            }

            story.Add($"{proxy.Fault}, {(store == rig.Store ? "disk whole" : "disk failing")}{(isShownPartly ? ", shown partly" : "")}");
            await CycleAsync(rig, store, mailbox, profile, story);
            if (isShownPartly)
                rig.Lab.Misbehave();
            await mail.AssertNothingIsLostAsync(string.Join("; ", story));
        }

        proxy.Fault = new();
        await CycleAsync(rig, rig.Store, mailbox, profile, story);
        await mail.AssertEverythingIsStoredAsync(string.Join("; ", story));
    }

    private static async Task CycleAsync(Rig rig, IStore store, Mailbox mailbox, EmailServerProfile profile, List<string> story)
    {
        await rig.Lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, Rig.Timeout);
        try
        {
            await rig.ReceiveThrough(store).RunAsync(mailbox, profile, Rig.Timeout);
        }
        catch (Exception failure)
        {
            Failure known = FailureClassifier.Classify(failure);
            Assert.True(known.Class != ErrorClass.Unknown && known.IsTransient, failure.ToString());
            story.Add($"ended by {known.Class}");
        }
    }
}
