using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Scheduling;

/// <summary>What the scheduler is doing, at a glance.</summary>
/// <param name="Planned">Pieces of work that are planned, due or not.</param>
/// <param name="Waiting">Due, and waiting for a free connection.</param>
/// <param name="Running">Running now.</param>
/// <param name="Completed">Completed since start.</param>
/// <param name="Failed">Of those, failed.</param>
/// <param name="Late">Of those that wait: for more than a minute, by a count that is some seconds old.</param>
/// <param name="LongestWait">For how long that has waited which has waited longest, by the same count.</param>
public sealed record ScheduleSnapshot(int Planned, int Waiting, int Running, long Completed, long Failed, int Late, TimeSpan LongestWait);

/// <summary>Runs each mailbox's work when it is due, never two pieces of the same work of one mailbox at once.</summary>
public interface IMailboxScheduler
{
    /// <summary>Do this as soon as there is a free connection.</summary>
    void Wake(MailboxId mailbox, Work work);

    /// <summary>The mailbox was changed, enabled, disabled or deleted: read its schedule again.</summary>
    void MailboxChanged(MailboxId mailbox);

    /// <summary>The profile was changed: read it again, with the schedules of its mailboxes.</summary>
    void ProfileChanged(ProfileId profile);

    /// <summary>What is going on.</summary>
    ScheduleSnapshot Snapshot();
}
