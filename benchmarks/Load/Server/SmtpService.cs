namespace EmailSync.Load.Server;

/// <summary>SMTP that takes everything, by DATA and by BDAT.</summary>
internal sealed class SmtpService(ServerPlan plan, ServerCount count)
{
    private static readonly byte[] Greeting = "220 localhost\r\n"u8.ToArray();

    /// <summary>One session, until the client quits or is gone.</summary>
    public async Task ServeAsync(Stream stream, Action acknowledge)
    {
        await stream.WriteAsync(Greeting);
        SmtpConversation conversation = new(count);
        // A message is hashed in one piece, so the buffer grows to the longest.
        byte[] received = new byte[16 * 1024];
        using Replies replies = new(stream, plan.Kind);
        int start = 0;
        int end = 0;
        while (true)
        {
            while (conversation.TryTake(received.AsSpan(start, end - start), out int consumed, out byte[] reply))
            {
                start += consumed;
                await replies.AddAsync(reply);
            }
            await replies.FlushAsync();
            if (conversation.IsOver)
            {
                count.EndSession();
                return;
            }
            received.AsSpan(start, end - start).CopyTo(received);
            (start, end) = (0, end - start);
            if (end == received.Length)
                Array.Resize(ref received, received.Length * 2);
            int read = await stream.ReadAsync(received.AsMemory(end));
            if (read == 0)
                return;
            acknowledge();
            end += read;
        }
    }
}
