using System.Runtime.CompilerServices;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>One command, one status line; or a status line and a multi-line response. Session and maildrop are its two states.</summary>
internal sealed class Dialogue(Stream stream, Pop3Options options) : IAsyncDisposable
{
    /// <summary>The longest command line with CRLF (RFC 2449 section 4).</summary>
    public const int MaxCommandLine = 255;

    /// <summary>Office 365 answers a DELE now and then with an empty line before the response (MailKit 1636); more than a few is no slip.</summary>
    private const int MaxBlankLines = 3;

    private static readonly LineParser<Pop3Response> ParsePlain = static line => Pop3Response.Parse(line, hasResponseCodes: false);
    private static readonly LineParser<Pop3Response> ParseWithCode = static line => Pop3Response.Parse(line, hasResponseCodes: true);

    // The text of a positive response is not worth a string where there are thousands of them.
    private static readonly LineParser<Pop3Response> ParseIndicator = static line =>
        Pop3Response.IsPositiveLine(line) ? new(true, "", null) : ParsePlain(line);
    private static readonly LineParser<Pop3Response> ParseIndicatorOrCode = static line =>
        Pop3Response.IsPositiveLine(line) ? new(true, "", null) : ParseWithCode(line);

    public TextConnection Wire { get; } = new(stream, new() { Clock = options.Clock, Transcript = options.Transcript });

    public Pop3Options Options => options;

    /// <summary>What the last CAPA listed; null if none was sent, or it was refused, or what it said is no longer to be believed.</summary>
    public Pop3Capabilities? Capabilities { get; set; }

    /// <summary>Lets <c>AskAsync($"...")</c> compose its line for the connection.</summary>
    public static implicit operator TextConnection(Dialogue dialogue) => dialogue.Wire;

    /// <summary>Sends a command and reads its single-line response.</summary>
    public ValueTask<Pop3Response> AskAsync(
        [InterpolatedStringHandlerArgument("")] ref CommandLine line, Deadline deadline, CancellationToken cancellationToken) =>
        FinishAsync(Begin(ref line, cancellationToken), HasResponseCodes ? ParseWithCode : ParsePlain, deadline);

    /// <summary>Sends a command and reads the value in its single-line response.</summary>
    /// <exception cref="Pop3NegativeResponseException">The response is negative.</exception>
    public ValueTask<T> AskAsync<T>(
        [InterpolatedStringHandlerArgument("")] ref CommandLine line, string command, LineParser<T> parse, Deadline deadline, CancellationToken cancellationToken)
    {
        return UnwrapAsync(FinishAsync(Begin(ref line, cancellationToken), ParseEither, deadline));

        (Pop3Response, T?) ParseEither(ReadOnlySpan<byte> octets)
        {
            Pop3Response response = Pop3Response.Parse(octets, HasResponseCodes);
            return (response, response.IsPositive ? parse(octets) : default);
        }

        async ValueTask<T> UnwrapAsync(ValueTask<(Pop3Response, T?)> asked)
        {
            (Pop3Response response, T? value) = await asked;
            response.EnsurePositive(command);
            return value!;
        }
    }

    /// <summary>Begins an exchange with its first command composed; not sent yet.</summary>
    public Exchange Begin([InterpolatedStringHandlerArgument("")] ref CommandLine line, CancellationToken cancellationToken)
    {
        if (line.Length > MaxCommandLine)
            throw new ArgumentException($"The command would be {line.Length} octets long; {MaxCommandLine} is the limit (RFC 2449 section 4). Nothing was sent");
        Exchange exchange = Wire.BeginExchange(cancellationToken);
        Wire.Compose(ref line);
        return exchange;
    }

    /// <summary>Reads the status line of a response.</summary>
    public ValueTask<Pop3Response> ReadResponseAsync(Deadline deadline) =>
        ReadStatusLineAsync(HasResponseCodes ? ParseWithCode : ParsePlain, deadline);

    /// <summary>Reads the status line of a response, without its text if it is positive.</summary>
    public ValueTask<Pop3Response> ReadIndicatorAsync(Deadline deadline) =>
        ReadStatusLineAsync(HasResponseCodes ? ParseIndicatorOrCode : ParseIndicator, deadline);

    /// <summary>Reads the status line of a response and parses it.</summary>
    public async ValueTask<T> ReadStatusLineAsync<T>(LineParser<T> parse, Deadline deadline)
    {
        Wire.Expect(deadline);
        for (int blank = 0; await Wire.SkipBlankLineAsync(); blank++)
        {
            if (blank == MaxBlankLines)
                throw Wire.Break(new ProtocolViolationException("Blank lines where a response should begin"));
        }
        return await Wire.ReadLineAsync(parse, Options.MaxStatusLine);
    }

    private bool HasResponseCodes => Capabilities is { HasResponseCodes: true };

    /// <summary>How long a single-line response may take.</summary>
    public Deadline Response(string command) => new(command, Options.ResponseTimeout);

    /// <summary>How long a listing may take, as a whole and between two of its octets.</summary>
    public Deadline Listing(string command) => new(command, Options.ListingTimeout) { Inactivity = Options.ResponseTimeout };

    /// <summary>How long a message may take: as a whole, between two of its octets, and on the average.</summary>
    public Deadline Content(string command) => new(command, Options.ContentTimeout)
    {
        Inactivity = Options.ResponseTimeout,
        MinimumRate = Options.MinimumContentRate,
    };

    /// <summary>CAPA: what the server offers in the present state, kept for later; null if it refuses the command.</summary>
    public async ValueTask<Pop3Capabilities?> AskCapabilitiesAsync(CancellationToken cancellationToken)
    {
        using Exchange exchange = Begin($"CAPA", cancellationToken);
        // Forgotten as soon as asked: a CAPA that fails must not leave an older list standing (MailKit 174).
        Capabilities = null;
        await Wire.FlushAsync(Response("response to CAPA"));
        if ((await ReadResponseAsync(Response("response to CAPA"))).IsPositive)
        {
            Pop3Capabilities capabilities = new();
            Wire.Expect(Listing("listing of CAPA"));
            await Wire.ReadListingAsync(capabilities.Add, Options.MaxListingLine, Options.MaxCapabilities);
            Capabilities = capabilities;
        }
        exchange.Complete();
        return Capabilities;
    }

    public ValueTask DisposeAsync() => Wire.DisposeAsync();

    private async ValueTask<T> FinishAsync<T>(Exchange begun, LineParser<T> parse, Deadline deadline)
    {
        using Exchange exchange = begun;
        await Wire.FlushAsync(deadline);
        T answer = await ReadStatusLineAsync(parse, deadline);
        exchange.Complete();
        return answer;
    }
}
