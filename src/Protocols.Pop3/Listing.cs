using System.Runtime.CompilerServices;
using System.Text;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>LIST and UIDL without a number: a line for each message.</summary>
internal static class Listing
{
    public static IAsyncEnumerable<ScanListing> ScanAsync(Dialogue dialogue, CancellationToken cancellationToken) =>
        ReadAsync(dialogue, "LIST", ScanListing.Parse, static listing => listing.MessageNumber, cancellationToken);

    public static IAsyncEnumerable<UniqueIdListing> UniqueIdsAsync(Dialogue dialogue, CancellationToken cancellationToken) =>
        ReadAsync(dialogue, "UIDL", UniqueIdListing.Parse, static listing => listing.MessageNumber, cancellationToken);

    /// <summary>UIDL without a string for each line.</summary>
    public static async ValueTask<int> VisitUniqueIdsAsync(Dialogue dialogue, UniqueIdVisitor visit, CancellationToken cancellationToken)
    {
        MessageNumbers seen = new(dialogue.Options.MaxMessages);
        using Exchange exchange = dialogue.Begin($"UIDL", cancellationToken);
        await BeginAsync(dialogue, exchange, "UIDL");
        int count = await dialogue.Wire.ReadListingAsync(VisitLine, dialogue.Options.MaxListingLine, dialogue.Options.MaxMessages);
        exchange.Complete();
        return count;

        void VisitLine(ReadOnlySpan<byte> line)
        {
            int number = UniqueIdListing.Split(line, out ReadOnlySpan<byte> uniqueId);
            seen.Add(number);
            visit(number, uniqueId);
        }
    }

    /// <summary>UIDL with a number, which is where servers differ most.</summary>
    public static async ValueTask<UniqueIdListing> UniqueIdAsync(Dialogue dialogue, int messageNumber, CancellationToken cancellationToken)
    {
        using Exchange exchange = dialogue.Begin($"UIDL {messageNumber}", cancellationToken);
        Deadline deadline = dialogue.Response("response to UIDL");
        await dialogue.Wire.FlushAsync(deadline);
        (Pop3Response response, UniqueIdListing? listing) = await dialogue.ReadStatusLineAsync(ParseLine, deadline);
        // No id in the response: it is the beginning of a listing (Mailpit 552).
        if (response.IsPositive && listing is null)
        {
            dialogue.Wire.Expect(dialogue.Listing("listing of UIDL"));
            await dialogue.Wire.ReadListingAsync(VisitLine, dialogue.Options.MaxListingLine, dialogue.Options.MaxMessages);
        }
        exchange.Complete();
        response.EnsurePositive("UIDL");
        return listing ?? throw dialogue.Wire.Break(new ProtocolViolationException($"The response to UIDL {messageNumber} has no unique-id"));

        (Pop3Response, UniqueIdListing?) ParseLine(ReadOnlySpan<byte> line)
        {
            Pop3Response parsed = Pop3Response.Parse(line, dialogue.Capabilities is { HasResponseCodes: true });
            ReadOnlySpan<byte> text = Pop3Response.TextOf(line);
            if (!parsed.IsPositive || text.IsEmpty)
                return (parsed, null);
            // A lone word is the id, with the number left out (twisted 9104).
            bool hasNumber = text.IndexOfAny((byte)' ', (byte)'\t') >= 0;
            return (parsed, hasNumber ? UniqueIdListing.Parse(text) : new(messageNumber, Encoding.Latin1.GetString(text)));
        }

        void VisitLine(ReadOnlySpan<byte> line)
        {
            UniqueIdListing visited = UniqueIdListing.Parse(line);
            if (visited.MessageNumber == messageNumber)
                listing = visited;
        }
    }

    private static async IAsyncEnumerable<T> ReadAsync<T>(
        Dialogue dialogue, string command, LineParser<T> parse, Func<T, int> numberOf, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : struct
    {
        MessageNumbers seen = new(dialogue.Options.MaxMessages);
        using Exchange exchange = dialogue.Begin($"{command}", cancellationToken);
        await BeginAsync(dialogue, exchange, command);
        bool isOver = false;
        try
        {
            while (await dialogue.Wire.ReadLineAsync(ParseLine, dialogue.Options.MaxListingLine) is { } listing)
                yield return listing;
            isOver = true;
        }
        finally
        {
            // Left early: what is still to come is read, so that the next response stands where it is looked for.
            if (!isOver && !dialogue.Wire.IsBroken)
                await dialogue.Wire.ReadListingAsync(static _ => { }, dialogue.Options.MaxListingLine, dialogue.Options.MaxMessages);
            exchange.Complete();
        }

        T? ParseLine(ReadOnlySpan<byte> line)
        {
            if (line is [(byte)'.'])
                return null;
            T listing = parse(line is [(byte)'.', ..] ? line[1..] : line);
            seen.Add(numberOf(listing));
            return listing;
        }
    }

    /// <summary>Sends the command that was composed and reads the status line; the listing is next.</summary>
    /// <exception cref="Pop3NegativeResponseException">There is no listing.</exception>
    public static async ValueTask BeginAsync(Dialogue dialogue, Exchange exchange, string command)
    {
        Deadline deadline = dialogue.Response($"response to {command}");
        await dialogue.Wire.FlushAsync(deadline);
        Pop3Response response = await dialogue.ReadResponseAsync(deadline);
        if (!response.IsPositive)
        {
            exchange.Complete();
            response.EnsurePositive(command);
        }
        dialogue.Wire.Expect(dialogue.Listing($"listing of {command}"));
    }
}
