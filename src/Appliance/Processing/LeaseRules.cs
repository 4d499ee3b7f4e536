namespace EmailSync.Appliance.Processing;

/// <summary>How mailboxes are leased.</summary>
public sealed record LeaseRules
{
    /// <summary>What an operator reads where a mailbox is being processed: the machine and the process.</summary>
    public string Owner { get; init; } = $"{Environment.MachineName}:{Environment.ProcessId}";

    /// <summary>How long a lease holds after it was taken or renewed: for so long the mailboxes of a machine that died wait for another.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How soon work is tried again that another has in hand.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(10);
}
