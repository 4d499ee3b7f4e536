using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Processing;

/// <summary>What a piece of work came to.</summary>
/// <param name="Next">When the mailbox is due again; null where it is not.</param>
/// <param name="Failure">What went wrong; null where nothing did.</param>
public readonly record struct WorkOutcome(MailboxSchedule? Next, Failure? Failure)
{
    /// <summary>Nothing was asked of the server, so nothing is known of it: another has the mailbox, or it is not due any more.</summary>
    public bool IsLeftAlone { get; init; }
}

/// <summary>Does one piece of work for one mailbox. It throws for cancellation only.</summary>
/// <param name="mailbox">Whose.</param>
/// <param name="work">What.</param>
/// <param name="isAsked">Somebody wants it now, due or not.</param>
/// <param name="cancellationToken">The appliance stops.</param>
public delegate Task<WorkOutcome> WorkRunner(MailboxId mailbox, Work work, bool isAsked, CancellationToken cancellationToken);
