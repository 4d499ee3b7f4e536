using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>Receiving, each cycle under a lease of its own.</summary>
internal sealed record LeasedReceive(IStore Store, ReceiveCycle Cycle)
{
    public Task<ReceiveReport> RunAsync(Mailbox mailbox, EmailServerProfile profile, CancellationToken cancellationToken) =>
        Store.UnderLeaseAsync(mailbox.Id, EmailDirection.Incoming, lease => Cycle.RunAsync(lease, mailbox, profile, cancellationToken));
}

/// <summary>Sending, each cycle under a lease of its own.</summary>
internal sealed record LeasedSend(IStore Store, SendCycle Cycle)
{
    public Task<SendReport> RunAsync(Mailbox mailbox, EmailServerProfile profile, CancellationToken cancellationToken) =>
        Store.UnderLeaseAsync(mailbox.Id, EmailDirection.Outgoing, lease => Cycle.RunAsync(lease, mailbox, profile, cancellationToken));

    public Task RecoverAsync(CancellationToken cancellationToken) => Cycle.RecoverAsync(cancellationToken);
}

internal static class LeasedWork
{
    /// <summary>Work that somebody asks for.</summary>
    public static Task<WorkOutcome> RunAsync(this MailboxWorker worker, MailboxId mailbox, Work work, CancellationToken cancellationToken) =>
        worker.RunAsync(mailbox, work, isAsked: true, cancellationToken);

    public static async Task<T> UnderLeaseAsync<T>(this IStore store, MailboxId mailbox, EmailDirection direction, Func<Lease, Task<T>> work)
    {
        Lease lease = await store.Leases.TakeAsync(mailbox, direction, "test", TimeSpan.FromMinutes(1), CancellationToken.None)
            ?? throw new InvalidOperationException($"{mailbox} is leased to somebody else.");
        try
        {
            return await work(lease);
        }
        finally
        {
            await store.Leases.ReleaseAsync(lease, CancellationToken.None);
        }
    }
}
