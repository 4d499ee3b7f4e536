using System.Runtime.CompilerServices;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp;

/// <summary>One command, one reply, within the phase's time; and what the server has offered so far.</summary>
internal sealed class Dialogue(Stream stream, SmtpOptions options) : IAsyncDisposable
{
    /// <summary>The longest command line with CRLF, where no extension makes it longer (RFC 5321 section 4.5.3.1.4).</summary>
    public const int MaxCommandLine = 512;

    // RFC 5321 section 4.5.3.1.5 allows 512 octets a line and any number of lines; servers exceed the one, attackers the other.
    private const int MaxReplyLine = 8 * 1024;
    private const int MaxReplyLines = 256;
    private const int MaxReplyOctets = 64 * 1024;

    private static readonly LineParser<ReplyLine> ForPeople = ReplyLine.Parse;
    private static readonly LineParser<ReplyLine> ForUs = ReplyLine.ParseVerbatim;

    private readonly Phases _phases = new(options);

    public TextConnection Wire { get; } = new(stream, new() { Clock = options.Clock, Transcript = options.Transcript });

    public SmtpOptions Options => options;

    /// <summary>What the last EHLO offered; nothing before it, and nothing once TLS has begun until the next.</summary>
    public ServiceExtensions Extensions { get; set; } = ServiceExtensions.None;

    /// <summary>Lets <c>AskAsync($"...")</c> compose its line for the connection.</summary>
    public static implicit operator TextConnection(Dialogue dialogue) => dialogue.Wire;

    public Deadline DeadlineOf(Phase phase) => _phases[phase];

    /// <summary>Sends a command and reads its reply, as an exchange of its own.</summary>
    public ValueTask<Reply> AskAsync(
        [InterpolatedStringHandlerArgument("")] ref CommandLine line, Phase phase, CancellationToken cancellationToken)
    {
        Exchange exchange = Wire.BeginExchange(cancellationToken);
        Wire.Compose(ref line);
        return FinishAsync();

        async ValueTask<Reply> FinishAsync()
        {
            using (exchange)
            {
                await FlushAsync(phase);
                Reply reply = await ReadReplyAsync(_phases[phase]);
                exchange.Complete();
                if (reply.IsClosing)
                    GiveUp(reply);
                return reply;
            }
        }
    }

    public ValueTask FlushAsync(Phase phase) => Wire.FlushAsync(_phases[phase]);

    /// <summary>Reads the reply to the command that is next in turn: replies are matched by counting, never by what they say.</summary>
    public ValueTask<Reply> ReadReplyAsync(Deadline deadline)
    {
        Wire.Expect(deadline);
        return ReadAsync(ForPeople);
    }

    /// <summary>Reads a reply whose text is for us, with one character for each octet.</summary>
    public ValueTask<Reply> ReadReplyVerbatimAsync(Deadline deadline)
    {
        Wire.Expect(deadline);
        return ReadAsync(ForUs);
    }

    /// <summary>Reads a reply without setting a deadline for it: something else decides how long it may take.</summary>
    public ValueTask<Reply> ReadReplyAsync() => ReadAsync(ForPeople);

    /// <summary>The server has said that it closes the connection (RFC 5321 section 3.8).</summary>
    public void GiveUp(Reply closing) =>
        Wire.Break(new ConnectionLostException($"The server ended the session: \"{closing}\""));

    public ValueTask DisposeAsync() => Wire.DisposeAsync();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Reply> ReadAsync(LineParser<ReplyLine> parse)
    {
        ReplyLine first = await Wire.ReadLineAsync(parse, MaxReplyLine);
        if (first.IsLast)
            return new(first.Code, first.Status, [first.Text]);
        List<string> lines = [first.Text];
        int octets = first.Octets;
        while (true)
        {
            ReplyLine next = await Wire.ReadLineAsync(parse, MaxReplyLine);
            if (next.Code != first.Code)
                throw Wire.Break(new ProtocolViolationException(
                    $"The server's reply begins with {first.Code} and goes on with {next.Code} (RFC 5321 section 4.2.1)"));
            lines.Add(next.Text);
            octets += next.Octets;
            if (lines.Count > MaxReplyLines || octets > MaxReplyOctets)
                throw Wire.Break(new ProtocolViolationException(
                    $"The server's reply is longer than {MaxReplyLines} lines or {MaxReplyOctets} octets"));
            if (next.IsLast)
                return new(first.Code, first.Status, lines);
        }
    }
}
