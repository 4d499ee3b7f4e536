namespace EmailSync.Protocols.Wire;

/// <summary>Content was longer than the caller's limit.</summary>
/// <remarks>
/// Content over the limit is read to its end, and the connection stays whole; only past the absolute cap is the connection
/// given up (see <see cref="TextConnection.IsBroken"/>).
/// </remarks>
public sealed class ContentTooLongException(long limit) : IOException($"The content is longer than {limit} octets")
{
    /// <summary>The limit that was passed, in octets.</summary>
    public long Limit => limit;
}
