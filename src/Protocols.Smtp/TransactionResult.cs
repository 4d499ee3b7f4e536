namespace EmailSync.Protocols.Smtp;

/// <summary>What the server said to one forward-path.</summary>
/// <param name="ForwardPath">The forward-path.</param>
/// <param name="Reply">
/// The reply to its RCPT. Where the connection ended first, behind a refusal or with 421: that last reply.
/// </param>
public sealed record RecipientReply(MailPath ForwardPath, Reply Reply)
{
    /// <summary>
    /// The server was not asked about this one, because it announced that it would be one too many (RFC 9422). <see cref="Reply"/> is then
    /// made here, and is what a server says to too many recipients: 452 4.5.3. It is for another transaction, which need not wait.
    /// </summary>
    public bool IsOverLimit { get; init; }
}

/// <summary>What became of each forward-path, and of the content. A refusal is a result like any other.</summary>
/// <param name="Sender">The reply to MAIL; where the session ended before it, the refusal that ended it.</param>
/// <param name="Recipients">One for each forward-path, in their order; none if MAIL was refused.</param>
/// <param name="Content">
/// The reply that decided about the content: the one to its end, or else a refusal before. Null if it did not come to that,
/// because MAIL or every RCPT was refused.
/// </param>
public sealed record TransactionResult(Reply Sender, IReadOnlyList<RecipientReply> Recipients, Reply? Content)
{
    /// <summary>
    /// The server has the message and answers for it from now on, for those of <see cref="Recipients"/> whose reply is positive.
    /// Some may have been refused all the same.
    /// </summary>
    public bool IsAccepted => Content is { IsPositive: true };

    /// <summary>The reply that refused the whole of it; null where at least one recipient gets the message.</summary>
    public Reply? Refusal => IsAccepted ? null
        : Sender.IsNegative ? Sender
        : Content ?? Recipients[^1].Reply;
}
