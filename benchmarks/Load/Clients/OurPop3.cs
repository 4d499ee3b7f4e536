using EmailSync.Load.Messages;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Load.Clients;

/// <summary>Our POP3 client.</summary>
internal static class OurPop3
{
    private static readonly Pop3Options Options = new() { AllowCleartextPasswords = true };

    public static Task<Tally> FetchAsync(ClientPlan plan)
    {
        int[] numbers = [.. Enumerable.Range(1, plan.Messages)];
        return Connections.ForEachMailboxAsync(plan, async mailbox =>
        {
            await using Maildrop maildrop = await SignInAsync(plan, mailbox, asksCapabilities: true);
            HashingSink sink = new();
            await maildrop.RetrieveAsync(numbers, sink);
            await maildrop.QuitAsync();
            return sink.Tally;
        });
    }

    public static Task<Tally> PollAsync(ClientPlan plan) => Connections.ForEachMailboxAsync(plan, async mailbox =>
    {
        await using Maildrop maildrop = await SignInAsync(plan, mailbox, asksCapabilities: false);
        int listed = await maildrop.ListUniqueIdsAsync(static (_, _) => { });
        await maildrop.QuitAsync();
        return new(listed, 0, 0);
    });

    public static Task<Tally> OpenAllAsync(ClientPlan plan) => OpenSessions.MeasureAsync(
        plan,
        async mailbox => await SignInAsync(plan, mailbox, asksCapabilities: true),
        async session => await ((Maildrop)session).NoOpAsync(),
        async session => await ((Maildrop)session).QuitAsync());

    private static async Task<Maildrop> SignInAsync(ClientPlan plan, int mailbox, bool asksCapabilities)
    {
        Pop3Session session = await Pop3Session.OpenAsync(await Connections.OpenAsync(plan), Options);
        if (asksCapabilities)
            await session.CapabilitiesAsync();
        return await session.LogInAsync($"m{mailbox}", new("password"));
    }

    private sealed class HashingSink : IRetrievalSink
    {
        private readonly ContentHash _hash = new();

        public Tally Tally => _hash.Tally;

        public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken) => default;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
        {
            _hash.Append(octets.Span);
            return default;
        }

        public ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken)
        {
            if (retrieval.IsWhole)
                _hash.EndMessage();
            return default;
        }
    }
}
