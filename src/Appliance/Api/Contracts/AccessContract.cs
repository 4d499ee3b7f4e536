using System.Text.Json;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Api.Contracts;

/// <summary>A token to be made.</summary>
public sealed record TokenInput
{
    /// <summary>1 to 100 characters, unique.</summary>
    public string? Name { get; init; }

    /// <summary>What its holder may do.</summary>
    public TokenRole? Role { get; init; }
}

/// <summary>A token as it is known.</summary>
public sealed record TokenContract
{
    /// <summary>Such as <c>tok_1</c>.</summary>
    public required string Id { get; init; }

    /// <summary>What the audit log calls its holder.</summary>
    public required string Name { get; init; }

    /// <summary>What its holder may do.</summary>
    public TokenRole Role { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who made it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>The token itself: in the answer to its creation, and never again.</summary>
    public string? Token { get; init; }

    /// <summary>A stored token as it goes over HTTP.</summary>
    public static TokenContract Of(ApiToken token, string? text = null) => new()
    {
        Id = token.Id.ToString(),
        Name = token.Name,
        Role = token.Role,
        CreatedAt = token.CreatedAt,
        CreatedBy = token.CreatedBy,
        Token = text,
    };
}

/// <summary>A change that was asked for.</summary>
/// <param name="Id">Such as <c>aud_1</c>.</param>
/// <param name="At">When it began.</param>
/// <param name="Who">A token's name and id, or the control socket.</param>
/// <param name="Action">What was asked for.</param>
/// <param name="Subject">Of what.</param>
/// <param name="Fields">What was given, with every secret as <c>***</c>.</param>
/// <param name="Outcome">The HTTP status; null where the appliance stopped in between.</param>
public sealed record AuditContract(
    string Id, DateTimeOffset At, string Who, string Action, string Subject, JsonElement? Fields, int? Outcome)
{
    /// <summary>A stored entry as it goes over HTTP.</summary>
    public static AuditContract Of(AuditEntry entry) => new(
        entry.Id.ToString(), entry.At, entry.Who, entry.Action, entry.Subject,
        entry.Document is null ? null : JsonElement.Parse(entry.Document), entry.Outcome);
}
