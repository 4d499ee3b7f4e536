using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Tests.Processing;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.Faults;

/// <summary>A connection that ends after every octet that it can end after: nothing is lost, nothing is stored twice, nothing is deleted early.</summary>
public sealed class LinkFaults
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Cut_after_every_octet_in_either_direction(bool fromServer, bool isReset)
    {
        await using Rig rig = await Rig.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = 0, RecordCommands = false });
        await using FaultProxy proxy = new(rig.ClosedPort, rig.Lab.PortOf(LabService.Pop3));
        (EmailServerProfile profile, Mailbox mailbox, Maildrops mail) = await PrepareAsync(rig);
        mail.Deliver(2);
        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        // The octets of a session differ by a few, as its numbers grow; once none was cut for a while, no further cut can be reached.
        int whole = 0;
        for (int octets = 0; whole < 10; octets++)
        {
            mail.Deliver(2);
            LinkFault fault = fromServer ? new() { ReceivedUntilCut = octets } : new() { SentUntilCut = octets };
            proxy.Fault = fault with { IsReset = isReset };
            whole = await RunAsync(rig, mailbox, profile) ? whole + 1 : 0;
            proxy.Fault = new();
            string when = $"cut after {octets} octets";
            await mail.AssertNothingIsLostAsync(when);
            Assert.True(await RunAsync(rig, mailbox, profile), when);
            await mail.AssertEverythingIsStoredAsync(when);
            Assert.Equal(0, rig.Lab.Mailboxes[0].MessageCount);
        }
    }

    [Theory, InlineData(1), InlineData(3), InlineData(7)]
    public async Task In_slices_of_a_few_octets_everything_is_as_ever(int slice)
    {
        await using Rig rig = await Rig.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = 0 });
        await using FaultProxy proxy = new(rig.ClosedPort, rig.Lab.PortOf(LabService.Pop3)) { Fault = new() { Slice = slice } };
        (EmailServerProfile profile, Mailbox mailbox, Maildrops mail) = await PrepareAsync(rig);
        mail.Deliver(20);

        await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        await mail.AssertEverythingIsStoredAsync("in slices");
        Assert.Equal(0, rig.Lab.Mailboxes[0].MessageCount);
    }

    [Fact]
    public async Task A_server_that_ends_its_half_in_the_middle_has_lost_nothing_of_ours()
    {
        await using Rig rig = await Rig.StartAsync(new() { Mailboxes = 1, MessagesPerMailbox = 0 });
        await using FaultProxy proxy = new(rig.ClosedPort, rig.Lab.PortOf(LabService.Pop3));
        (EmailServerProfile profile, Mailbox mailbox, Maildrops mail) = await PrepareAsync(rig);
        mail.Deliver(20);
        proxy.Fault = new() { ReceivedUntilCut = 1500, IsHalfClose = true };

        Assert.False(await RunAsync(rig, mailbox, profile));
        await mail.AssertNothingIsLostAsync("half closed");
        proxy.Fault = new();
        Assert.True(await RunAsync(rig, mailbox, profile));

        await mail.AssertEverythingIsStoredAsync("half closed");
    }

    private static async Task<(EmailServerProfile, Mailbox, Maildrops)> PrepareAsync(Rig rig)
    {
        EmailServerProfile profile = await rig.AddProfileAsync(profile => profile with
        {
            Incoming = new() { Location = new(HostName.Parse("localhost"), rig.ClosedPort, TlsMode.None) },
        });
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { DeleteEmailsAfterProcessing = true });
        return (profile, mailbox, new(rig, mailbox));
    }

    /// <summary>A cycle; whatever ends it is something that the appliance knows.</summary>
    private static async Task<bool> RunAsync(Rig rig, Mailbox mailbox, EmailServerProfile profile)
    {
        // The server learns of the end of the last session in its own time, and until then the maildrop is in use.
        await rig.Lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, Rig.Timeout);
        try
        {
            return (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Unconfirmed == 0;
        }
        catch (Exception failure)
        {
            Failure known = FailureClassifier.Classify(failure);
            Assert.True(known.Class != ErrorClass.Unknown && known.IsTransient, failure.ToString());
            return false;
        }
    }
}
