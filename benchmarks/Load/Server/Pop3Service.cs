using System.Buffers.Text;
using System.Globalization;
using System.Text;
using EmailSync.Load.Messages;

namespace EmailSync.Load.Server;

/// <summary>POP3 with every answer made beforehand. A user named m7 has the maildrop 7; every password is right.</summary>
internal sealed class Pop3Service
{
    private static readonly byte[] Greeting = "+OK ready\r\n"u8.ToArray();
    private static readonly byte[] Ok = "+OK\r\n"u8.ToArray();
    private static readonly byte[] Unknown = "-ERR unknown command\r\n"u8.ToArray();
    private static readonly byte[] Capabilities = "+OK\r\nPIPELINING\r\nUIDL\r\nUSER\r\nTOP\r\nRESP-CODES\r\n.\r\n"u8.ToArray();

    private readonly ServerPlan _plan;
    private readonly ServerCount _count;
    private readonly Gathering _gathering;
    private readonly MessageSet _messages;
    private readonly byte[][] _retrieved;
    private readonly byte[] _uniqueIds;
    private readonly byte[] _sizes;
    private readonly byte[] _stat;

    public Pop3Service(ServerPlan plan, ServerCount count)
    {
        (_plan, _count, _gathering) = (plan, count, new(plan.Gathers));
        _messages = new(plan.Size);
        _retrieved = [.. Enumerable.Range(0, _messages.Variants).Select(variant => (byte[])[.. Ok, .. _messages.Stuffed(variant)])];
        _uniqueIds = Listing(UniqueIdLine);
        _sizes = Listing(SizeLine);
        _stat = Encoding.ASCII.GetBytes($"+OK {plan.Messages} {(long)plan.Messages * plan.Size}\r\n");
    }

    /// <summary>One session, until the client quits or is gone.</summary>
    public async Task ServeAsync(Stream stream, Action acknowledge)
    {
        await stream.WriteAsync(Greeting);
        byte[] commands = new byte[4 * 1024];
        using Replies replies = new(stream, _plan.Kind);
        int mailbox = 0;
        int have = 0;
        int count;
        while ((count = await stream.ReadAsync(commands.AsMemory(have))) > 0)
        {
            acknowledge();
            have += count;
            int start = 0;
            int length;
            while ((length = commands.AsSpan(start, have - start).IndexOf((byte)'\n')) >= 0)
            {
                ReadOnlyMemory<byte> command = commands.AsMemory(start, length);
                start += length + 1;
                if (command.Span is [(byte)'U', (byte)'I', ..])
                    await _gathering.JoinAsync();
                await replies.AddAsync(Answer(command.Span, ref mailbox));
                if (command.Span is [(byte)'Q' or (byte)'q', ..])
                {
                    await replies.FlushAsync();
                    _count.EndSession();
                    _gathering.Leave();
                    return;
                }
            }
            await replies.FlushAsync();
            commands.AsSpan(start, have - start).CopyTo(commands);
            have -= start;
        }
    }

    private byte[] Answer(ReadOnlySpan<byte> command, ref int mailbox)
    {
        switch (command)
        {
            case [(byte)'R', (byte)'E', (byte)'T', (byte)'R', (byte)' ', .. ReadOnlySpan<byte> number] when NumberOf(number) is > 0 and var wanted && wanted <= _plan.Messages:
                _count.AddMessage();
                return _retrieved[_messages.VariantOf(mailbox, wanted)];
            case [(byte)'U', (byte)'S', (byte)'E', (byte)'R', (byte)' ', (byte)'m', .. ReadOnlySpan<byte> name]:
                mailbox = NumberOf(name);
                return Ok;
            case [(byte)'U', (byte)'I', (byte)'D', (byte)'L', (byte)' ', .. ReadOnlySpan<byte> number]:
                return Line(UniqueIdLine(NumberOf(number), 0));
            case [(byte)'L', (byte)'I', (byte)'S', (byte)'T', (byte)' ', .. ReadOnlySpan<byte> number]:
                return Line(SizeLine(NumberOf(number), _plan.Size));
            case [(byte)'U', (byte)'I', (byte)'D', (byte)'L', ..]:
                return _uniqueIds;
            case [(byte)'L', (byte)'I', (byte)'S', (byte)'T', ..]:
                return _sizes;
            case [(byte)'S', (byte)'T', (byte)'A', (byte)'T', ..]:
                return _stat;
            case [(byte)'C', (byte)'A', (byte)'P', (byte)'A', ..]:
                return Capabilities;
            case [(byte)'P' or (byte)'U' or (byte)'D' or (byte)'N' or (byte)'Q', ..]:
                return Ok;
            default:
                return Unknown;
        }
    }

    private static int NumberOf(ReadOnlySpan<byte> digits) => Utf8Parser.TryParse(digits, out int number, out _) ? number : 0;

    private static string UniqueIdLine(int number, int size) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {number:x8}4d6f1c2a9b3e");

    private static string SizeLine(int number, int size) => string.Create(CultureInfo.InvariantCulture, $"{number} {size}");

    private static byte[] Line(string answer) => Encoding.ASCII.GetBytes($"+OK {answer}\r\n");

    private byte[] Listing(Func<int, int, string> line)
    {
        StringBuilder listing = new("+OK\r\n");
        for (int number = 1; number <= _plan.Messages; number++)
            listing.Append(line(number, _plan.Size)).Append("\r\n");
        return Encoding.ASCII.GetBytes(listing.Append(".\r\n").ToString());
    }
}
