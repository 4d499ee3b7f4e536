using System.Text.Json.Serialization;

namespace EmailSync.Appliance.OneShot;

/// <summary>What became of one message on the server.</summary>
internal enum FetchResult
{
    /// <summary>Fetched, and durable in the destination.</summary>
    [JsonStringEnumMemberName("stored")]
    Stored,

    /// <summary>It was there from an earlier run.</summary>
    [JsonStringEnumMemberName("already-there")]
    AlreadyThere,

    /// <summary>The server would not send it.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,
}

/// <summary>One message of a run.</summary>
/// <param name="UniqueId">As the server named it, made safe to show; null where it names none.</param>
/// <param name="Size">Octets; 0 where it was not fetched.</param>
/// <param name="Sha256">Of the octets, in hexadecimal digits; null where it was not fetched.</param>
/// <param name="Result">What became of it.</param>
/// <param name="Refusal">The server's words, where it refused.</param>
internal sealed record FetchedMessage(string? UniqueId, long Size, string? Sha256, FetchResult Result, string? Refusal = null);

/// <summary>What a run came to.</summary>
internal sealed record FetchReport
{
    /// <summary>Messages on the server.</summary>
    public int Listed { get; set; }

    /// <summary>Fetched and durable.</summary>
    public int Stored { get; set; }

    /// <summary>There already from an earlier run.</summary>
    public int AlreadyThere { get; set; }

    /// <summary>Left for a later run by <c>--limit</c>.</summary>
    public int Left { get; set; }

    /// <summary>Not sent by the server.</summary>
    public int Refused { get; set; }

    /// <summary>Deleted on the server.</summary>
    public int Deleted { get; set; }

    /// <summary>Octets of the messages stored.</summary>
    public long Octets { get; set; }

    /// <summary>The messages, in the order of the server.</summary>
    public List<FetchedMessage> Messages { get; init; } = [];

    /// <summary>Why the run ended early; null where it did not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ToolError? Error { get; set; }
}
