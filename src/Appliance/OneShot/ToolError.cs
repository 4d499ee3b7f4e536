namespace EmailSync.Appliance.OneShot;

/// <summary>A failure in the four parts that a person needs: what happened, whose side, and what to do.</summary>
/// <param name="Code">Stable: the error class.</param>
/// <param name="What">What happened, with the server's own words.</param>
/// <param name="Side">On whose side it lies.</param>
/// <param name="Remedy">What to do.</param>
internal sealed record ToolError(string Code, string What, string Side, string Remedy);
