using System.Text.Json.Serialization;

namespace EmailSync.Appliance.OneShot;

/// <summary>One step of a probe.</summary>
internal sealed record ProbeStep
{
    /// <summary>Stable.</summary>
    public required string Name { get; init; }

    /// <summary><c>passed</c>, <c>failed</c> or <c>skipped</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>How long it took.</summary>
    public required double Milliseconds { get; init; }

    /// <summary>What was found; on failure what happened, with the server's words.</summary>
    public required string Detail { get; init; }

    /// <summary>What went wrong, whose side, what to do.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ToolError? Error { get; init; }
}

/// <summary>What a probe found.</summary>
/// <param name="Server">Where.</param>
/// <param name="IsReachable">Every step passed.</param>
/// <param name="Steps">In order.</param>
internal sealed record ProbeReport(string Server, bool IsReachable, IReadOnlyList<ProbeStep> Steps);
