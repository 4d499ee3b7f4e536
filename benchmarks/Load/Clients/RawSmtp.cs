using System.Globalization;
using System.Text;
using EmailSync.Load.Messages;

namespace EmailSync.Load.Clients;

/// <summary>The least that a .NET program can do to send: flights made beforehand, replies counted by their line ends.</summary>
internal static class RawSmtp
{
    private const string Envelope = "MAIL FROM:<sender@example.com>\r\nRCPT TO:<reader@example.com>\r\n";

    public static Task<Tally> ByDataAsync(ClientPlan plan) =>
        SendAsync(plan, static (messages, variant) => [Encoding.ASCII.GetBytes(Envelope + "DATA\r\n"), messages.Stuffed(variant)], [3, 1]);

    public static Task<Tally> ByChunkAsync(ClientPlan plan) => SendAsync(
        plan,
        static (messages, variant) =>
        {
            byte[] content = messages.Content(variant);
            string commands = string.Create(CultureInfo.InvariantCulture, $"{Envelope}BDAT {content.Length} LAST\r\n");
            return [[.. Encoding.ASCII.GetBytes(commands), .. content]];
        },
        [3]);

    private static async Task<Tally> SendAsync(ClientPlan plan, Func<MessageSet, int, byte[][]> flightsOf, int[] replies)
    {
        MessageSet messages = SentMessages.Of(plan);
        byte[][][] flights = [.. Enumerable.Range(0, messages.Variants).Select(variant => flightsOf(messages, variant))];
        await Connections.ForEachConnectionAsync(plan, async (_, numbers) =>
        {
            byte[] buffer = new byte[4096];
            await using Stream stream = await Connections.OpenAsync(plan);
            await ReadAsync(stream, buffer, 1);
            await stream.WriteAsync("EHLO localhost\r\n"u8.ToArray());
            await ReadAsync(stream, buffer, 6);
            foreach (int number in numbers)
            {
                byte[][] message = flights[messages.VariantOf(0, number)];
                for (int flight = 0; flight < message.Length; flight++)
                {
                    await stream.WriteAsync(message[flight]);
                    await ReadAsync(stream, buffer, replies[flight]);
                }
            }
            await stream.WriteAsync("QUIT\r\n"u8.ToArray());
            await ReadAsync(stream, buffer, 1);
        });
        return default;
    }

    private static async ValueTask ReadAsync(Stream stream, byte[] buffer, int lines)
    {
        while (lines > 0)
        {
            int count = await stream.ReadAsync(buffer);
            if (count == 0 || buffer[0] is (byte)'4' or (byte)'5')
                throw new InvalidDataException("The server refused");
            lines -= buffer.AsSpan(0, count).Count((byte)'\n');
        }
    }
}
