using System.Text.Json.Serialization;
using EmailSync.Protocols.Smtp;

namespace EmailSync.Appliance.OneShot;

/// <summary>A server's reply.</summary>
/// <param name="Code">The SMTP reply code.</param>
/// <param name="EnhancedCode">The enhanced status code (RFC 3463), where one was given.</param>
/// <param name="Text">The server's words, made safe to show.</param>
internal sealed record SentReply(int Code, string? EnhancedCode, string Text)
{
    /// <summary>A reply; null for none.</summary>
    public static SentReply? Of(Reply? reply) => reply is null ? null : new(reply.Code, reply.Status?.ToString(), reply.Text);
}

/// <summary>What the server said to one recipient.</summary>
/// <param name="Address">The forward-path.</param>
/// <param name="IsAccepted">The server took it, and the message with it.</param>
/// <param name="Reply">What it said.</param>
internal sealed record SentRecipient(string Address, bool IsAccepted, SentReply Reply);

/// <summary>What a submission came to.</summary>
internal sealed record SendReport
{
    /// <summary>The server has the message and answers for it, for the recipients that it accepted.</summary>
    public required bool IsAccepted { get; init; }

    /// <summary>The reply to MAIL.</summary>
    public required SentReply Sender { get; init; }

    /// <summary>One for each recipient, in the order given; none where the sender was refused.</summary>
    public required IReadOnlyList<SentRecipient> Recipients { get; init; }

    /// <summary>The reply that decided about the content; null where it did not come to that.</summary>
    public SentReply? Final { get; init; }

    /// <summary>Why it was refused as a whole.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ToolError? Error { get; set; }

    /// <summary>A result.</summary>
    public static SendReport Of(TransactionResult result) => new()
    {
        IsAccepted = result.IsAccepted,
        Sender = SentReply.Of(result.Sender)!,
        Recipients = [.. result.Recipients.Select(recipient => new SentRecipient(
            recipient.ForwardPath.Mailbox, result.IsAccepted && recipient.Reply.IsPositive, SentReply.Of(recipient.Reply)!))],
        Final = SentReply.Of(result.Content),
    };
}
