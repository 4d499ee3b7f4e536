namespace EmailSync.Appliance.Model;

/// <summary>A change that was asked for: who, when, what, and what came of it.</summary>
public sealed record AuditEntry
{
    /// <summary>Its identity; 0 until it is stored.</summary>
    public AuditId Id { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Who asked for it.</summary>
    public required string Who { get; init; }

    /// <summary>What was asked for, such as <c>PATCH /api/v1/profiles/{profile}</c>.</summary>
    public required string Action { get; init; }

    /// <summary>What it was asked of, such as <c>/api/v1/profiles/prf_1</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>The fields that were given, as JSON with every secret as <c>***</c>; null where none were, or nothing came of it.</summary>
    public string? Document { get; init; }

    /// <summary>The HTTP status it was answered with; null where the appliance stopped in between.</summary>
    public int? Outcome { get; init; }
}
