namespace EmailSync.Protocols.Smtp;

/// <summary>The recipients that the server's limits let into one transaction, and an answer for the others (RFC 9422).</summary>
internal sealed class AdmittedRecipients
{
    private static readonly Reply TooMany = new(
        452, new(4, 5, 3), ["Not tried: the server announced a limit for the recipients of a transaction (RFC 9422)"]);

    private readonly Envelope _whole;
    private readonly bool[] _isAdmitted;

    private AdmittedRecipients(Envelope envelope, ServiceLimits limits)
    {
        _whole = envelope;
        _isAdmitted = limits.Admit(envelope.ForwardPaths);
        Envelope = envelope with { ForwardPaths = [.. envelope.ForwardPaths.Where((_, i) => _isAdmitted[i])] };
    }

    /// <summary>Null where there is no limit for recipients, as at most servers.</summary>
    public static AdmittedRecipients? Of(Envelope envelope, ServiceLimits limits) =>
        limits is { Recipients: null, RecipientDomains: null } ? null : new(envelope, limits);

    /// <summary>The envelope of those who are let in: always at least one.</summary>
    public Envelope Envelope { get; }

    /// <summary>The result with one reply for each forward-path of the whole envelope.</summary>
    public TransactionResult Complete(TransactionResult result)
    {
        if (result.Recipients.Count == 0)
            return result;
        int next = 0;
        return result with
        {
            Recipients = [.. _whole.ForwardPaths.Select((path, i) =>
                _isAdmitted[i] ? result.Recipients[next++] : new RecipientReply(path, TooMany) { IsOverLimit = true })],
        };
    }
}
