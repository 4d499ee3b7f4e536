using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Processing;

/// <summary>What a piece of work came to.</summary>
/// <param name="Next">When the mailbox is due again; null where it is not.</param>
/// <param name="Failure">What went wrong; null where nothing did.</param>
public readonly record struct WorkOutcome(MailboxSchedule? Next, Failure? Failure);

/// <summary>Does one piece of work for one mailbox. It throws for cancellation only.</summary>
public delegate Task<WorkOutcome> WorkRunner(MailboxId mailbox, Work work, CancellationToken cancellationToken);
