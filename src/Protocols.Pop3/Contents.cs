using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>RETR and TOP: a status line, and the content behind it.</summary>
internal static class Contents
{
    /// <summary>One message, to a stream.</summary>
    public static async ValueTask<long> CopyAsync(
        Dialogue dialogue, ContentCommand command, int messageNumber, Stream destination, long limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentOutOfRangeException.ThrowIfLessThan(messageNumber, 1);
        command.EnsureOffered(dialogue.Capabilities);
        using Exchange exchange = dialogue.Wire.BeginExchange(cancellationToken);
        command.Compose(dialogue.Wire, messageNumber);
        Deadline deadline = dialogue.Response(command.Awaited);
        await dialogue.Wire.FlushAsync(deadline);
        Pop3Response response = await dialogue.ReadIndicatorAsync(deadline);
        long octets = 0;
        if (response.IsPositive)
        {
            dialogue.Wire.Expect(dialogue.Content("message"));
            octets = await dialogue.Wire.ReadContentAsync(destination.WriteAsync, limit, dialogue.Options.MaxContent);
            Pop3Telemetry.Received(octets);
        }
        exchange.Complete();
        response.EnsurePositive(command.Keyword);
        return octets <= limit ? octets : throw new ContentTooLongException(limit);
    }

    /// <summary>Many messages, to a sink.</summary>
    public static async ValueTask PipelineAsync(
        Dialogue dialogue, ContentCommand command, IReadOnlyList<int> messageNumbers, IRetrievalSink sink, long limit,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(sink);
        command.EnsureOffered(dialogue.Capabilities);

        ContentWriter write = sink.WriteAsync;
        Deadline deadline = dialogue.Response(command.Awaited);
        Deadline contentDeadline = dialogue.Content("message");
        using Exchange exchange = dialogue.Wire.BeginExchange(cancellationToken);
        await new Pipeline(dialogue, deadline).RunAsync(
            messageNumbers.Count,
            index => command.Compose(dialogue.Wire, messageNumbers[index]),
            index => ReadMessageAsync(messageNumbers[index]));
        exchange.Complete();

        async ValueTask<long> ReadMessageAsync(int messageNumber)
        {
            Pop3Response response = await dialogue.ReadIndicatorAsync(deadline);
            if (!response.IsPositive)
            {
                await sink.EndAsync(new(messageNumber, 0, false, response), cancellationToken);
                return 0;
            }
            await sink.BeginAsync(messageNumber, cancellationToken);
            dialogue.Wire.Expect(contentDeadline);
            long octets = await dialogue.Wire.ReadContentAsync(write, limit, dialogue.Options.MaxContent);
            Pop3Telemetry.Received(octets);
            await sink.EndAsync(new(messageNumber, octets, octets > limit, null), cancellationToken);
            return octets;
        }
    }
}
