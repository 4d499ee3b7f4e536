using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Tests.Faults;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>A lease while the disk has its troubles.</summary>
public sealed class LeasedTurnTests
{
    private static readonly LeaseRules Rules = new();

    [Fact]
    public async Task A_renewal_that_the_disk_prevents_is_logged_and_the_next_succeeds()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(clock: clock);
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync());
        RecordedLog log = new();
        ILeases leases = FaultingStore.Wrap(rig.Store, new MethodFault("RenewAsync")).Leases;

        await using (LeasedTurn turn = (await LeasedTurn.TakeAsync(leases, mailbox.Id, EmailDirection.Incoming, Rules, clock, log, Rig.Timeout))!)
        {
            for (int third = 0; third < 4; third++)
                clock.Advance(Rules.Duration / 3);
            Assert.False(turn.IsLost);
            await rig.Store.Mailboxes.RecordAsync(turn.Lease, state => state, Rig.Timeout);
        }

        (LogLevel level, string line) = Assert.Single(log.Lines);
        Assert.Equal(LogLevel.Warning, level);
        Assert.StartsWith($"The lease of {mailbox.Id} (Incoming, token ", line, StringComparison.Ordinal);
        Assert.EndsWith("could not be renewed, and is tried again", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lease_that_could_not_be_given_back_is_logged_and_expires()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using Rig rig = await Rig.StartAsync(clock: clock);
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync());
        RecordedLog log = new();
        ILeases leases = FaultingStore.Wrap(rig.Store, new MethodFault("ReleaseAsync")).Leases;

        await (await LeasedTurn.TakeAsync(leases, mailbox.Id, EmailDirection.Outgoing, Rules, clock, log, Rig.Timeout))!.DisposeAsync();

        Assert.Contains("could not be given back; it expires within", Assert.Single(log.Lines).Line, StringComparison.Ordinal);
        Assert.Null(await rig.Store.Leases.TakeAsync(mailbox.Id, EmailDirection.Outgoing, "another", Rules.Duration, Rig.Timeout));
        clock.Advance(Rules.Duration * 2);
        Assert.NotNull(await rig.Store.Leases.TakeAsync(mailbox.Id, EmailDirection.Outgoing, "another", Rules.Duration, Rig.Timeout));
    }
}
