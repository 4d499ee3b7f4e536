namespace EmailSync.Protocols.Smtp;

/// <summary>The server answered 4yz or 5yz where no <see cref="TransactionResult"/> can carry it.</summary>
public sealed class SmtpNegativeReplyException : Exception
{
    internal SmtpNegativeReplyException(Phase phase, Reply reply, string? detail = null)
        : base(Describe(phase, reply, detail))
    {
        Phase = phase;
        Reply = reply;
        Detail = detail;
    }

    /// <summary>What was refused.</summary>
    public Phase Phase { get; }

    /// <summary>The reply, with the server's code and text.</summary>
    public Reply Reply { get; }

    /// <summary>What the sign-in mechanism learned besides: the provider's reason for refusing a token. Made safe to show; null if nothing.</summary>
    public string? Detail { get; }

    private static string Describe(Phase phase, Reply reply, string? detail)
    {
        string said = $"The server refused {Phases.NameOf(phase)}: \"{reply}\"";
        return detail is null ? said : $"{said} and \"{detail}\"";
    }
}
