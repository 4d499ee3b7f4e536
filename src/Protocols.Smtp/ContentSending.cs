using System.Runtime.CompilerServices;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp;

/// <summary>The content on its way, by DATA or BDAT, and the reply that decides: the only time a message can be in doubt.</summary>
internal sealed class ContentSending(Dialogue dialogue, OutgoingContent content, Chunks? chunks)
{
    // While content is on its way, each block has its own deadline; the reply's begins with the end of the content.
    private static readonly Deadline NotYet = new("reply to the end of the content", TimeSpan.FromDays(20));

    /// <summary>
    /// The end of the content was handed to the stream, unless it was refused at the last octet: whatever happens now, the server may
    /// have all of it.
    /// </summary>
    private bool IsInDoubt(Task writing) =>
        (chunks?.IsTaken ?? content.IsEnded) && writing.Exception?.InnerException is not InvalidContentException;

    /// <summary>Sends the content and reads the reply, which may come before the end (RFC 5321 section 3.8).</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Reply> RunAsync(CancellationToken cancellationToken)
    {
        if (chunks is not null && await chunks.SendAllButLastAsync(cancellationToken) is { } refusal)
            return refusal;
        Task<bool> writing = WriteAsync();
        Reply reply;
        try
        {
            reply = await dialogue.ReadReplyAsync();
            if (!reply.IsPositive && !reply.IsNegative)
                throw dialogue.Wire.Break(new ProtocolViolationException($"The server answered the content with \"{reply}\""));
        }
        catch (Exception e)
        {
            await EndOf(writing);
            if (IsInDoubt(writing))
                throw new TransactionInDoubtException(e);
            await ThrowIfFailedAsync(writing);
            throw;
        }
        if (!IsInDoubt(writing) || (reply.IsNegative && !writing.IsCompleted))
            return await AnsweredEarlyAsync(reply, writing);
        // The reply has come, so nothing that happens to the write can matter any more.
        await EndOf(writing);
        return reply;
    }

    private async Task<bool> WriteAsync()
    {
        dialogue.Wire.Expect(NotYet);
        bool isSent = await (chunks?.WriteLastAsync()
            ?? dialogue.Wire.WriteContentAsync(content, dialogue.Options.ContentRules, dialogue.DeadlineOf(Phase.Content)));
        dialogue.Wire.Expect(dialogue.DeadlineOf(Phase.FinalDot));
        return isSent;
    }

    // There is no polite way out of the middle of DATA: the connection goes, and with it what the server has of the message.
    private async ValueTask<Reply> AnsweredEarlyAsync(Reply reply, Task<bool> writing)
    {
        dialogue.Wire.Break(new ConnectionLostException($"The server answered before the end of the content: \"{reply}\""));
        await EndOf(writing);
        if (reply.IsNegative)
            return reply;
        ProtocolViolationException violation = new($"The server accepted the content before its end: \"{reply}\"");
        if (IsInDoubt(writing))
            throw new TransactionInDoubtException(violation);
        await ThrowIfFailedAsync(writing);
        throw violation;
    }

    private static ConfiguredTaskAwaitable EndOf(Task writing) => writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    // Content that cannot be read, or the caller's cancellation, is the cause and not what the reader then finds.
    private static async ValueTask ThrowIfFailedAsync(Task writing)
    {
        if (writing.IsCanceled || writing.Exception?.InnerException is not (null or ConnectionLostException))
            await writing;
    }
}
