using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace EmailSync.Lab;

/// <summary>The TRANSACTION state of a session (RFC 1939 section 5): a snapshot of the maildrop and its deletion marks.</summary>
internal sealed class Pop3Maildrop(LabServer lab, LabConnection connection, LabMailbox mailbox, LabMessage[] messages)
{
    private const int LongestListingLine = 1100;

    // Beyond this a message's octets go to the socket from where they lie instead of through the output buffer.
    private const int LargestCopied = 32 * 1024;

    private static readonly Oddity Proper = new();

    private readonly HashSet<int> _marked = [];

    public ValueTask StatAsync()
    {
        int count = messages.Length - _marked.Count;
        long octets = 0;
        for (int number = 1; number <= messages.Length; number++)
            octets += _marked.Contains(number) ? 0 : mailbox.SizeOf(messages[number - 1]);
        return connection.ReplyAsync($"+OK {count} {octets}");
    }

    public ValueTask ListAsync(string argument)
    {
        long error = lab.Script.IsEmpty ? 0 : lab.Script.OdditiesOf(connection).Sum(oddity => oddity.SizeError);
        return ListAsync(argument, (number, line) =>
        {
            Utf8Formatter.TryFormat(mailbox.SizeOf(messages[number - 1]) + error, line, out int written);
            return written;
        });
    }

    public ValueTask ListUniqueIdsAsync(string argument)
    {
        Oddity? oddity = lab.Script.IsEmpty ? null : lab.Script.OdditiesOf(connection).MaxBy(oddity => oddity.UniqueIdStyle);
        return ListAsync(argument, (number, line) => WriteUniqueId(number, line, oddity ?? Proper));
    }

    public async ValueTask RetrieveAsync(ReadOnlyMemory<byte> argument)
    {
        if (NumberIn(argument.Span) is not int number)
        {
            await connection.ReplyAsync("-ERR no such message");
            return;
        }
        LabMessage message = messages[number - 1];
        await connection.ReplyAsync($"+OK {mailbox.SizeOf(message)} octets");
        if (!lab.Script.IsEmpty
            && lab.Script.Take(connection, Misbehaviour.InContent, isAfter: false, message: number) is { } strike)
        {
            int headerLength = HeaderOf(message).Length;
            byte[] whole = new byte[headerLength + message.Content.Wire.Length];
            HeaderOf(message).CopyTo(whole);
            message.Content.Wire.CopyTo(whole.AsMemory(headerLength));
            message.Content.Stamp(whole.AsSpan(headerLength), message.Identity);
            await connection.SayAsync(whole.AsMemory(0, (int)Math.Min(whole.Length, strike.AfterOctets)));
            await connection.EnactAsync(strike);
            return;
        }
        await WriteAsync(message, message.Content.Wire.Length);
    }

    public async ValueTask TopAsync(string argument)
    {
        string[] arguments = argument.Split(' ');
        if (arguments.Length != 2 || NumberIn(Encoding.ASCII.GetBytes(" " + arguments[0])) is not int number
            || !int.TryParse(arguments[1], NumberStyles.None, CultureInfo.InvariantCulture, out int lines))
        {
            await connection.ReplyAsync("-ERR no such message, or no number of lines");
            return;
        }
        LabMessage message = messages[number - 1];
        await connection.ReplyAsync("+OK top of message follows");
        // The whole content has its terminator, a top has not.
        bool isWhole = !lab.Script.IsEmpty && lab.Script.OdditiesOf(connection).Any(oddity => oddity.HasWholeTops);
        await WriteAsync(message, isWhole ? message.Content.Wire.Length : message.Content.LengthOfTop(lines));
        if (!isWhole)
            await connection.SayAsync(".");
    }

    public ValueTask DeleteAsync(ReadOnlyMemory<byte> argument)
    {
        if (NumberIn(argument.Span) is not int number)
            return connection.ReplyAsync("-ERR no such message");
        _marked.Add(number);
        return connection.ReplyAsync("+OK marked");
    }

    public void Reset() => _marked.Clear();

    /// <summary>The UPDATE state: what was marked is removed. Returns how many.</summary>
    public int Update()
    {
        if (_marked.Count > 0)
            mailbox.Remove([.. _marked.Select(number => messages[number - 1].Identity)]);
        return _marked.Count;
    }

    private ReadOnlyMemory<byte> HeaderOf(LabMessage message) => message.Content.IsGenerated ? mailbox.HeaderLines : default;

    private async ValueTask WriteAsync(LabMessage message, int length)
    {
        ReadOnlyMemory<byte> header = HeaderOf(message);
        int copied = length <= LargestCopied ? length : Math.Min(length, 4096);
        await connection.MakeRoomAsync(header.Length + copied);
        Span<byte> room = connection.Room();
        header.Span.CopyTo(room);
        room = room.Slice(header.Length, copied);
        message.Content.Wire.Span[..copied].CopyTo(room);
        message.Content.Stamp(room, message.Identity);
        connection.Advance(header.Length + copied);
        if (copied < length)
            await connection.SayAsync(message.Content.Wire[copied..length]);
    }

    private async ValueTask ListAsync(string argument, Func<int, Span<byte>, int> write)
    {
        if (argument.Length > 0)
        {
            if (NumberIn(Encoding.ASCII.GetBytes(" " + argument)) is not int wanted)
            {
                await connection.ReplyAsync("-ERR no such message");
                return;
            }
            byte[] one = new byte[LongestListingLine];
            await connection.ReplyAsync($"+OK {wanted} {Encoding.Latin1.GetString(one, 0, write(wanted, one))}");
            return;
        }
        await connection.ReplyAsync($"+OK {messages.Length - _marked.Count} messages");
        for (int number = 1; number <= messages.Length; number++)
        {
            if (_marked.Contains(number))
                continue;
            await connection.MakeRoomAsync(LongestListingLine);
            connection.Advance(WriteLine(number, connection.Room(), write));
        }
        await connection.SayAsync(".");
    }

    private static int WriteLine(int number, Span<byte> line, Func<int, Span<byte>, int> write)
    {
        Utf8Formatter.TryFormat(number, line, out int length);
        line[length++] = (byte)' ';
        length += write(number, line[length..]);
        "\r\n"u8.CopyTo(line[length..]);
        return length + 2;
    }

    private int WriteUniqueId(int number, Span<byte> line, Oddity oddity)
    {
        UniqueIdStyle style = oddity.UniqueIdStyle;
        ulong identity = style switch
        {
            UniqueIdStyle.Reset when messages[number - 1].Identity % (uint)oddity.ResetOneIn == 0 =>
                ~messages[number - 1].Identity ^ ((ulong)(oddity.ResetTime - 1) << 40),
            UniqueIdStyle.NewEachSession => messages[number - 1].Identity ^ ((ulong)connection.Number << 40) ^ (1UL << 63),
            UniqueIdStyle.AllTheSame => messages[0].Identity,
            _ => messages[number - 1].Identity,
        };
        if (style == UniqueIdStyle.Empty)
            return 0;
        if (style == UniqueIdStyle.MessageNumber)
        {
            Utf8Formatter.TryFormat(number, line, out int digits);
            return digits;
        }
        identity.TryFormat(line, out int written, "x16", CultureInfo.InvariantCulture);
        if (style == UniqueIdStyle.OddOctets)
        {
            "../ \xFF\xE9\"'"u8.CopyTo(line[written..]);
            written += "../ \xFF\xE9\"'"u8.Length;
        }
        if (style == UniqueIdStyle.TooLong)
        {
            line.Slice(written, 1000).Fill((byte)'u');
            written += 1000;
        }
        return written;
    }

    // " 17", with its leading space, to 17 if that message exists and is not marked.
    private int? NumberIn(ReadOnlySpan<byte> argument) =>
        argument.Length > 1 && argument[0] == ' ' && Utf8Parser.TryParse(argument[1..], out int number, out int consumed)
        && consumed == argument.Length - 1 && number >= 1 && number <= messages.Length && !_marked.Contains(number)
            ? number
            : null;
}
