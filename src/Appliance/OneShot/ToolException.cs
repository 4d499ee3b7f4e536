namespace EmailSync.Appliance.OneShot;

/// <summary>A tool cannot go on, for a reason on this side: what happened, and what to do.</summary>
public sealed class ToolException(string message, string remedy, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What a person can do.</summary>
    public string Remedy => remedy;

    /// <summary>The command line was wrong, rather than something that happened since.</summary>
    public bool IsUsage { get; init; }

    /// <summary>Stable, for programs.</summary>
    public string Code { get => IsUsage ? "usage" : field; init; } = "configuration";
}
