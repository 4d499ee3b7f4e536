using System.Text;
using EmailSync.Load.Messages;

namespace EmailSync.Load.Clients;

/// <summary>
/// The least that a .NET program can do: it knows beforehand how many octets come, and counts them. Its time is the server's and the
/// system's, so it says what the server allows.
/// </summary>
internal static class RawPop3
{
    public static Task<Tally> FetchAsync(ClientPlan plan)
    {
        MessageSet messages = new(plan.Size);
        int[] sizes = [.. Enumerable.Range(0, messages.Variants).Select(variant => messages.Stuffed(variant).Length + "+OK\r\n".Length)];
        byte[] commands = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(1, plan.Messages).Select(number => $"RETR {number}\r\n")));
        return Connections.ForEachMailboxAsync(plan, async mailbox =>
        {
            byte[] buffer = new byte[Math.Min(64 * 1024, plan.Messages * (plan.Size + 64))];
            await using Stream stream = await SignInAsync(plan, mailbox, buffer);
            long left = Enumerable.Range(1, plan.Messages).Sum(number => (long)sizes[messages.VariantOf(mailbox, number)]);
            long octets = left;
            Task writing = stream.WriteAsync(commands).AsTask();
            while (left > 0)
            {
                int count = await stream.ReadAsync(buffer);
                left = count > 0 ? left - count : throw new EndOfStreamException($"{left} octets did not come");
            }
            await writing;
            await AskAsync(stream, "QUIT\r\n", buffer);
            return left == 0 ? new(plan.Messages, octets, 0) : throw new InvalidDataException($"{-left} octets more came than were asked for");
        });
    }

    public static Task<Tally> PollAsync(ClientPlan plan) => Connections.ForEachMailboxAsync(plan, async mailbox =>
    {
        byte[] buffer = new byte[4096];
        await using Stream stream = await SignInAsync(plan, mailbox, buffer);
        int have = await AskAsync(stream, "UIDL\r\n", buffer);
        int lines = 0;
        while (true)
        {
            lines += buffer.AsSpan(0, have).Count((byte)'\n');
            if (buffer.AsSpan(0, have).EndsWith("\n.\r\n"u8))
                break;
            have = await stream.ReadAsync(buffer);
        }
        await AskAsync(stream, "QUIT\r\n", buffer);
        return new(lines - 2, 0, 0);
    });

    public static Task<Tally> OpenAllAsync(ClientPlan plan) => OpenSessions.MeasureAsync(
        plan,
        async mailbox => await SignInAsync(plan, mailbox, new byte[1024]),
        async session => await AskAsync((Stream)session, "NOOP\r\n", new byte[1024]),
        async session =>
        {
            await AskAsync((Stream)session, "QUIT\r\n", new byte[1024]);
            await ((Stream)session).DisposeAsync();
        });

    private static async Task<Stream> SignInAsync(ClientPlan plan, int mailbox, byte[] buffer)
    {
        Stream stream = await Connections.OpenAsync(plan);
        await ReadAsync(stream, buffer);
        await AskAsync(stream, $"USER m{mailbox}\r\n", buffer);
        await AskAsync(stream, "PASS password\r\n", buffer);
        return stream;
    }

    private static async Task<int> AskAsync(Stream stream, string command, byte[] buffer)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(command));
        return await ReadAsync(stream, buffer);
    }

    private static async Task<int> ReadAsync(Stream stream, byte[] buffer)
    {
        int count = await stream.ReadAsync(buffer);
        return buffer.AsSpan(0, count) is [(byte)'+', ..] ? count : throw new InvalidDataException("The server refused");
    }
}
