using EmailSync.Lab;

namespace EmailSync.Appliance.Tests;

/// <summary>Sessions as a lab's journal shows them.</summary>
internal static class Sessions
{
    /// <summary>
    /// The most at once, each from its first line to its QUIT: the server closes its end a little later, when the client may have another open.
    /// </summary>
    public static int PeakOfSessions(this LabJournal journal)
    {
        HashSet<int> open = [];
        int peak = 0;
        foreach (JournalEntry entry in journal.Entries)
        {
            if (entry.Line == "* opened")
                open.Add(entry.Connection);
            if (entry.Line is "QUIT" or "* closed")
                open.Remove(entry.Connection);
            peak = Math.Max(peak, open.Count);
        }

        return peak;
    }
}
