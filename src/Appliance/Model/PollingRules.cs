namespace EmailSync.Appliance.Model;

/// <summary>How mailboxes are polled where nothing fails. Set by the deployment, and fixed while the process runs.</summary>
public sealed record PollingRules
{
    /// <summary>
    /// A mailbox whose polls bring nothing is polled ever more rarely, down to its interval times this: 1 to 12. 1 is off: every mailbox is
    /// polled at its interval, whatever comes.
    /// </summary>
    public int MaxIdleFactor { get; init; } = 1;
}
