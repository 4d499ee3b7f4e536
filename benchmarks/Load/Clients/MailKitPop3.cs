using System.Buffers;
using EmailSync.Load.Messages;
using MailKit.Net.Pop3;
using MailKit.Security;

namespace EmailSync.Load.Clients;

/// <summary>MailKit's POP3 client: its pipelined batches, and one message at a time.</summary>
internal static class MailKitPop3
{
    /// <summary>What a batch may hold in memory: it is all there before the first message can be read.</summary>
    private const int BatchOctets = 4 * 1024 * 1024;

    public static Task<Tally> FetchAsync(ClientPlan plan)
    {
        int batch = Math.Clamp(BatchOctets / plan.Size, 1, 1000);
        return Connections.ForEachMailboxAsync(plan, async mailbox =>
        {
            using Pop3Client client = await SignInAsync(plan, mailbox);
            ContentHash hash = new();
            for (int start = 0; start < plan.Messages; start += batch)
            {
                foreach (Stream stream in await client.GetStreamsAsync(start, Math.Min(batch, plan.Messages - start)))
                    await HashAsync(stream, hash);
            }
            await client.DisconnectAsync(true);
            return hash.Tally;
        });
    }

    public static Task<Tally> FetchOneByOneAsync(ClientPlan plan) => Connections.ForEachMailboxAsync(plan, async mailbox =>
    {
        using Pop3Client client = await SignInAsync(plan, mailbox);
        ContentHash hash = new();
        for (int index = 0; index < plan.Messages; index++)
            await HashAsync(await client.GetStreamAsync(index), hash);
        await client.DisconnectAsync(true);
        return hash.Tally;
    });

    public static Task<Tally> PollAsync(ClientPlan plan) => Connections.ForEachMailboxAsync(plan, async mailbox =>
    {
        using Pop3Client client = await SignInAsync(plan, mailbox);
        int listed = (await client.GetMessageUidsAsync()).Count;
        await client.DisconnectAsync(true);
        return new(listed, 0, 0);
    });

    public static Task<Tally> OpenAllAsync(ClientPlan plan) => OpenSessions.MeasureAsync(
        plan,
        async mailbox => await SignInAsync(plan, mailbox),
        async session => await ((Pop3Client)session).NoOpAsync(),
        async session =>
        {
            await ((Pop3Client)session).DisconnectAsync(true);
            ((Pop3Client)session).Dispose();
        });

    private static async Task<Pop3Client> SignInAsync(ClientPlan plan, int mailbox)
    {
        Pop3Client client = new() { CheckCertificateRevocation = false, ServerCertificateValidationCallback = static (_, _, _, _) => true };
        await client.ConnectAsync(plan.Tls ? Connections.Host : "127.0.0.1", plan.Port, plan.Tls ? SecureSocketOptions.SslOnConnect : SecureSocketOptions.None);
        await client.AuthenticateAsync($"m{mailbox}", "password");
        return client;
    }

    private static async Task HashAsync(Stream stream, ContentHash hash)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        await using (stream)
        {
            int count;
            while ((count = await stream.ReadAsync(buffer)) > 0)
                hash.Append(buffer.AsSpan(0, count));
        }
        hash.EndMessage();
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
