namespace EmailSync.Lab;

/// <summary>
/// One way to be a bad server. A <see cref="Strike"/> happens at a moment of the conversation; an <see cref="Oddity"/> is
/// how the server is all along. Both are values: a script is a list of them.
/// </summary>
public abstract record Misbehaviour
{
    /// <summary>The moment before the greeting.</summary>
    public const string Connecting = "connect";

    /// <summary>The moment when credentials have arrived, by whichever command, and the verdict is due.</summary>
    public const string SigningIn = "sign-in";

    /// <summary>The moment, during RETR or DATA, when a number of octets of content have passed.</summary>
    public const string InContent = "content";

    /// <summary>The moment when the final dot of DATA, or the last octet of BDAT, has arrived.</summary>
    public const string FinalDot = ".";

    /// <summary>Only on connections to this listener; null means all.</summary>
    public LabService? Service { get; init; }

    /// <summary>Only on the nth connection to its listener, counted from 1; null means all.</summary>
    public int? Connection { get; init; }

    /// <summary>Only once this address has signed in, or (at <see cref="SigningIn"/>) when it tries to; null means everyone.</summary>
    public string? Mailbox { get; init; }

    /// <summary>At a command: says this instead of what is right, and does not do what the command asks.</summary>
    /// <param name="at">The command's verb in capitals, or one of the moments above.</param>
    /// <param name="reply">The reply without its CRLF; with <c>\r\n</c> inside it is several lines.</param>
    public static Strike Reply(string at, string reply) => new(at) { Text = reply };

    /// <summary>Does what the command asks and then says this instead of what is right.</summary>
    public static Strike ReplyAfter(string at, string reply) => new(at) { Text = reply, IsAfter = true };

    /// <summary>Refuses the credentials, for instance with <c>-ERR [IN-USE] maildrop already locked</c>.</summary>
    public static Strike RefuseSignIn(string reply) => Reply(SigningIn, reply);

    /// <summary>Refuses one recipient, for instance with <c>550 5.1.1 no such user</c>.</summary>
    public static Strike RefuseRecipient(string address, string reply) =>
        Reply("RCPT", reply) with { Argument = $"<{address}>" };

    /// <summary>Refuses one recipient the first time it is named, as greylisting does.</summary>
    public static Strike Greylist(string address) =>
        RefuseRecipient(address, "450 4.7.1 greylisted, try again later") with { Times = 1 };

    /// <summary>Says nothing more, and does not do what the command asks.</summary>
    public static Strike Hang(string at) => new(at) { Then = Outcome.Hang };

    /// <summary>Does what the command asks, then says nothing more.</summary>
    public static Strike HangAfter(string at) => new(at) { Then = Outcome.Hang, IsAfter = true };

    /// <summary>Closes the connection, and does not do what the command asks.</summary>
    public static Strike Disconnect(string at) => new(at) { Then = Outcome.Disconnect };

    /// <summary>Does what the command asks, then closes the connection without a reply.</summary>
    public static Strike DisconnectAfter(string at) => new(at) { Then = Outcome.Disconnect, IsAfter = true };

    /// <summary>Closes the connection with RST.</summary>
    public static Strike Reset(string at) => new(at) { Then = Outcome.Reset };

    /// <summary>Stops reading, so that the client's window fills.</summary>
    public static Strike StopReading(string at) => new(at) { Then = Outcome.StopReading };

    /// <summary>Says 421 and closes the connection (RFC 5321 section 3.8).</summary>
    public static Strike ServiceNotAvailable(string at) =>
        new(at) { Text = "421 4.3.2 service shutting down", Then = Outcome.Disconnect };

    /// <summary>Sends one line that never ends.</summary>
    public static Strike EndlessLine(string at, string start = "+OK ") =>
        new(at) { Start = start, Repeated = new string('x', 1000), Then = Outcome.Repeat };

    /// <summary>Sends a listing that never ends.</summary>
    public static Strike EndlessListing(string at, string start = "+OK\r\n", string line = "1 1") =>
        new(at) { Start = start, Repeated = line + "\r\n", Then = Outcome.Repeat };

    /// <summary>Stops the content of a message short; what follows is up to the outcome.</summary>
    /// <param name="then">Hang, disconnect, reset or (for SMTP) stop reading.</param>
    /// <param name="afterOctets">How many octets pass first.</param>
    /// <param name="message">The message's number in the maildrop, or in the SMTP session; null means any.</param>
    public static Strike CutContent(Outcome then, long afterOctets, int? message = null) =>
        new(InContent) { Then = then, AfterOctets = afterOctets, Message = message };

    /// <summary>Hides a capability or extension, and refuses the command of that name.</summary>
    public static Oddity Without(string keyword) => new() { Hidden = keyword };

    /// <summary>Lists unique-ids in a way that breaks the promises of RFC 1939 section 7.</summary>
    public static Oddity UniqueIds(UniqueIdStyle style) => new() { UniqueIdStyle = style };

    /// <summary>Gives messages other unique-ids than they had before, as a server that was moved or rebuilt does.</summary>
    /// <param name="time">The how manieth time, from 1: each has ids of its own.</param>
    /// <param name="oneIn">Only every so manieth message; the others keep theirs.</param>
    public static Oddity ResetUniqueIds(int time, int oneIn = 1) => new() { UniqueIdStyle = UniqueIdStyle.Reset, ResetTime = time, ResetOneIn = oneIn };

    /// <summary>Shows a part of each maildrop only, as a server does that is being restored, or that shows what is recent.</summary>
    /// <param name="oneIn">Only every so manieth message; 0 shows none.</param>
    public static Oddity ShowPartly(int oneIn) => new() { ShownOneIn = oneIn };

    /// <summary>Lists sizes that are wrong by so many octets.</summary>
    public static Oddity WrongSizes(long by) => new() { SizeError = by };

    /// <summary>Answers TOP with the whole message, whatever number of lines is asked for.</summary>
    public static Oddity WholeTops() => new() { HasWholeTops = true };

    /// <summary>Delivers every octet late, as a long line would; commands are still read at once.</summary>
    public static Oddity Latency(TimeSpan delay) => new() { Delay = delay };

    /// <summary>Sends a few octets at a time, with a pause after each piece.</summary>
    public static Oddity Drip(int octets, TimeSpan pause) => new() { DripOctets = octets, DripPause = pause };
}

/// <summary>Something that happens at a moment of the conversation.</summary>
/// <param name="At">The command's verb in capitals, or a moment named in <see cref="Misbehaviour"/>.</param>
public sealed record Strike(string At) : Misbehaviour
{
    /// <summary>Only when the command line contains this, compared without regard to case.</summary>
    public string? Argument { get; init; }

    /// <summary>Whether the command is carried out first and only its reply is replaced.</summary>
    public bool IsAfter { get; init; }

    /// <summary>A reply to send, without its CRLF; null sends none.</summary>
    public string? Text { get; init; }

    /// <summary>What happens after the reply.</summary>
    public Outcome Then { get; init; }

    /// <summary>With <see cref="Misbehaviour.InContent"/>: the message's number; null means any.</summary>
    public int? Message { get; init; }

    /// <summary>With <see cref="Misbehaviour.InContent"/>: how many octets pass first.</summary>
    public long AfterOctets { get; init; }

    /// <summary>How many times it may have come to this before it first strikes.</summary>
    public int Skip { get; init; }

    /// <summary>How many times it strikes.</summary>
    public int Times { get; init; } = int.MaxValue;

    internal string Start { get; init; } = "";

    internal string Repeated { get; init; } = "";
}

/// <summary>What a strike does to the connection after its reply.</summary>
public enum Outcome
{
    /// <summary>The conversation goes on.</summary>
    GoOn,

    /// <summary>Nothing more is said; what the client sends is read and ignored.</summary>
    Hang,

    /// <summary>Nothing more is said or read.</summary>
    StopReading,

    /// <summary>The connection is closed in good order.</summary>
    Disconnect,

    /// <summary>The connection is closed with RST.</summary>
    Reset,

    /// <summary>The same octets are sent again and again until the client leaves.</summary>
    Repeat,
}

/// <summary>How the server is all along.</summary>
public sealed record Oddity : Misbehaviour
{
    /// <summary>A keyword that is neither listed nor understood.</summary>
    public string? Hidden { get; init; }

    /// <summary>How unique-ids are listed.</summary>
    public UniqueIdStyle UniqueIdStyle { get; init; }

    internal int ResetTime { get; init; } = 1;

    internal int ResetOneIn { get; init; } = 1;

    /// <summary>Only every so manieth message is shown; 0 shows none.</summary>
    public int ShownOneIn { get; init; } = 1;

    /// <summary>What is added to each size in LIST.</summary>
    public long SizeError { get; init; }

    /// <summary>TOP is answered with the whole message.</summary>
    public bool HasWholeTops { get; init; }

    /// <summary>How late every octet arrives.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>How many octets are sent at a time; 0 means no limit.</summary>
    public int DripOctets { get; init; }

    /// <summary>The pause after each piece.</summary>
    public TimeSpan DripPause { get; init; }
}

/// <summary>How UIDL lists unique-ids.</summary>
public enum UniqueIdStyle
{
    /// <summary>Stable, unique, printable.</summary>
    Proper,

    /// <summary>Every message has another id than it had before, and keeps that one: a server that was rebuilt.</summary>
    Reset,

    /// <summary>Every message has another id in every session.</summary>
    NewEachSession,

    /// <summary>All messages share one id.</summary>
    AllTheSame,

    /// <summary>The id is the message number, so that it changes as messages go.</summary>
    MessageNumber,

    /// <summary>The id has 8-bit octets, spaces and path separators in it.</summary>
    OddOctets,

    /// <summary>The id has more than the 70 octets of RFC 1939 section 7.</summary>
    TooLong,

    /// <summary>The id is missing from the line.</summary>
    Empty,
}
