using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Processing;

/// <summary>Whether a mailbox is late: its poll is due and has not begun, for longer than a busy minute explains. Pure.</summary>
public static class Lateness
{
    /// <summary>Work that is due and has waited longer than this is late.</summary>
    public static readonly TimeSpan Tolerated = TimeSpan.FromMinutes(1);

    /// <summary>For how long its poll has been due; null where it is not late, or is not to be polled at all.</summary>
    public static TimeSpan? Of(Mailbox mailbox, EmailServerProfile profile, Settings settings, DateTimeOffset now)
    {
        // Somebody is at it.
        if (mailbox.State is not { LeasedBy: null, NextPollAt: { } due } || Readiness.WhyNot(mailbox, profile, settings, MailService.Pop3) is not null)
            return null;
        if (mailbox.State.PostponedUntil is { } postponed && postponed > due)
            due = postponed;
        return now - due > Tolerated ? now - due : null;
    }
}
