namespace EmailSync.Protocols.Wire;

/// <summary>The clock and the transcript of a connection.</summary>
public sealed record TextConnectionOptions
{
    /// <summary>The clock of all deadlines.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Who watches the conversation; nobody by default.</summary>
    public ITranscript? Transcript { get; init; }
}
