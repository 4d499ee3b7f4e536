namespace EmailSync.Appliance.Upkeep;

/// <summary>How a check came out.</summary>
internal enum Finding
{
    /// <summary>Well.</summary>
    Ok,

    /// <summary>It works, and should be looked at.</summary>
    Warning,

    /// <summary>The appliance cannot work so.</summary>
    Failed,

    /// <summary>It cannot be told here.</summary>
    Skipped,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">What.</param>
/// <param name="Finding">How it came out.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Remedy">What to do; null where nothing needs to be done.</param>
internal sealed record Check(string Name, Finding Finding, string Detail, string? Remedy = null);
