using EmailSync.Load.Messages;
using EmailSync.Protocols.Smtp;

namespace EmailSync.Load.Clients;

/// <summary>Our SMTP client: by DATA, by BDAT, by BDAT with the envelope in the same flight, and by such flights that overlap.</summary>
internal static class OurSmtp
{
    private static readonly Envelope Envelope = new(MailPath.Parse("sender@example.com"), [MailPath.Parse("reader@example.com")]);

    private const int UnderWay = 16;

    public static Task<Tally> ByDataAsync(ClientPlan plan) => SendAsync(plan, new() { UseChunking = false });

    public static Task<Tally> ByChunkAsync(ClientPlan plan) => SendAsync(plan, new());

    public static Task<Tally> ByChunkWithEnvelopeAsync(ClientPlan plan) => SendAsync(plan, new() { SendChunkWithEnvelope = true });

    public static Task<Tally> OverlappingAsync(ClientPlan plan) => SendAsync(plan, new() { SendChunkWithEnvelope = true }, UnderWay);

    private static async Task<Tally> SendAsync(ClientPlan plan, SmtpOptions options, int underWay = 1)
    {
        MessageSet messages = SentMessages.Of(plan);
        await Connections.ForEachConnectionAsync(plan, async (_, numbers) =>
        {
            await using SmtpSession session = await SmtpSession.OpenAsync(await Connections.OpenAsync(plan), options);
            Queue<Task> sent = new(underWay);
            foreach (int number in numbers)
            {
                // Room is made for several at a time, so that several go out at a time.
                if (sent.Count == underWay)
                {
                    while (sent.Count > underWay / 2)
                        await sent.Dequeue();
                }
                sent.Enqueue(SendAsync(session, messages.Content(messages.VariantOf(0, number))));
            }
            await Task.WhenAll(sent);
            await session.QuitAsync();
        });
        return default;
    }

    private static async Task SendAsync(SmtpSession session, byte[] message)
    {
        using MemoryStream content = new(message, writable: false);
        TransactionResult result = await session.SendAsync(Envelope, content);
        if (result.Content is not { IsPositive: true })
            throw new InvalidDataException($"The server answered \"{result.Content}\"");
    }
}
