using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>RETR, or TOP with a number of lines.</summary>
internal readonly record struct ContentCommand
{
    public static readonly ContentCommand Retrieve = new() { Lines = null };

    public static ContentCommand Top(int lines)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lines);
        return new() { Lines = lines };
    }

    public string Keyword => Lines is null ? "RETR" : "TOP";

    public string Awaited => Lines is null ? "response to RETR" : "response to TOP";

    private int? Lines { get; init; }

    public void Compose(TextConnection wire, int messageNumber)
    {
        if (Lines is { } lines)
            wire.Compose($"TOP {messageNumber} {lines}");
        else
            wire.Compose($"RETR {messageNumber}");
    }

    /// <summary>A server that knows CAPA and does not list TOP may do anything when it is sent (MailKit 1533).</summary>
    public void EnsureOffered(Pop3Capabilities? capabilities)
    {
        if (Lines is not null && capabilities is { HasTop: false })
            throw new NotSupportedException("The server does not offer TOP; retrieve the message instead");
    }
}
