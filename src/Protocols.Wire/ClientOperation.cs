namespace EmailSync.Protocols.Wire;

/// <summary>What <see cref="ClientTelemetry"/> is to know of an operation.</summary>
/// <param name="Name">One of a few, in lower case: <c>sign_in</c>.</param>
/// <param name="Clock">What its duration is measured by.</param>
public readonly record struct ClientOperation(string Name, TimeProvider Clock)
{
    /// <summary>An attribute of few values for both activity and duration, such as the mechanism of a sign-in; none unless set.</summary>
    public KeyValuePair<string, object?> Attribute { get; init; }
}
