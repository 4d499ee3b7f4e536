using EmailSync.Load.Messages;
using EmailSync.Protocols.Smtp;

namespace EmailSync.Load.Clients;

/// <summary>Our SMTP client: by DATA, by BDAT, and by BDAT with the envelope in the same flight.</summary>
internal static class OurSmtp
{
    private static readonly Envelope Envelope = new(MailPath.Parse("sender@example.com"), [MailPath.Parse("reader@example.com")]);

    public static Task<Tally> ByDataAsync(ClientPlan plan) => SendAsync(plan, new() { UseChunking = false });

    public static Task<Tally> ByChunkAsync(ClientPlan plan) => SendAsync(plan, new());

    public static Task<Tally> ByChunkWithEnvelopeAsync(ClientPlan plan) => SendAsync(plan, new() { SendChunkWithEnvelope = true });

    private static async Task<Tally> SendAsync(ClientPlan plan, SmtpOptions options)
    {
        MessageSet messages = SentMessages.Of(plan);
        await Connections.ForEachConnectionAsync(plan, async (_, numbers) =>
        {
            await using SmtpSession session = await SmtpSession.OpenAsync(await Connections.OpenAsync(plan), options);
            foreach (int number in numbers)
            {
                using MemoryStream content = new(messages.Content(messages.VariantOf(0, number)), writable: false);
                TransactionResult result = await session.SendAsync(Envelope, content);
                if (result.Content is not { IsPositive: true })
                    throw new InvalidDataException($"The server answered \"{result.Content}\"");
            }
            await session.QuitAsync();
        });
        return default;
    }
}
