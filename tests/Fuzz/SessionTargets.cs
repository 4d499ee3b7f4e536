using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Fuzz;

/// <summary>
/// Whole sessions with a peer that says anything: every command comes back with a value or with one of our exceptions, a broken session stays
/// broken, and no more is allocated than the octets received account for.
/// </summary>
internal static class SessionTargets
{
    /// <summary>For buffers, exceptions and their texts, and what the runtime makes on first use.</summary>
    private const long AllocationOfAnySession = 8 * 1024 * 1024;

    /// <summary>For each octet of the peer: the shortest line, kept as a string in a list, is below it.</summary>
    private const int AllocationPerOctet = 1024;

    private static readonly Pop3Options Pop3Options = new() { AllowCleartextPasswords = true, MaxContent = 1 << 20, MaxMessages = 1000 };

    private static readonly SmtpOptions SmtpOptions = new() { AllowCleartextPasswords = true, ClientName = "client.example" };

    public static void Pop3(byte[] octets) => Bounded(octets, RunPop3Async);

    public static void Smtp(byte[] octets) => Bounded(octets, RunSmtpAsync);

    private static void Bounded(byte[] octets, Func<Stream, Task> session)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Task run = session(new FuzzPeer(octets));
        FindingException.Unless(run.IsCompleted, "a session waits for nothing but its peer");
        run.GetAwaiter().GetResult();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        FindingException.Unless(allocated < AllocationOfAnySession + (octets.LongLength * AllocationPerOctet), $"memory is bounded: {allocated} octets");
    }

    private static async Task RunPop3Async(Stream peer)
    {
        Pop3Session? session = null;
        await TryAsync(async () => session = await Pop3Session.OpenAsync(peer, Pop3Options));
        if (session is null)
            return;
        await using (session)
        {
            Maildrop? maildrop = null;
            await TryAsync(async () => await session.CapabilitiesAsync());
            await TryAsync(async () => await session.LanguagesAsync());
            await TryAsync(async () => maildrop = await session.AuthenticateAsync(new Plain("user", new("secret"))));
            if (maildrop is null)
                await TryAsync(async () => maildrop = await session.LogInAsync("user", new("secret")));
            if (maildrop is not null)
                await RunMaildropAsync(maildrop);
        }
    }

    private static async Task RunMaildropAsync(Maildrop maildrop)
    {
        await using Maildrop disposed = maildrop;
        await TryAsync(async () => await maildrop.StatAsync());
        await TryAsync(async () => { await foreach (ScanListing _ in maildrop.ListAsync()) { } });
        await TryAsync(async () => { await foreach (UniqueIdListing _ in maildrop.ListUniqueIdsAsync()) { } });
        await TryAsync(async () => await maildrop.RetrieveAsync(1, Stream.Null, limit: 1000));
        await TryAsync(async () => await maildrop.TopAsync(1, 0, Stream.Null));
        await TryAsync(async () => await maildrop.DeleteAsync([1, 2, 3]));
        await TryAsync(async () => await maildrop.ResetAsync());
        await TryAsync(async () => await maildrop.QuitAsync());
    }

    private static async Task RunSmtpAsync(Stream peer)
    {
        SmtpSession? session = null;
        await TryAsync(async () => session = await SmtpSession.OpenAsync(peer, SmtpOptions));
        if (session is null)
            return;
        await using (session)
        {
            await TryAsync(async () => await session.AuthenticateAsync(new Login("user", new("secret"))));
            Envelope envelope = new(MailPath.Parse("a@client.example"), [MailPath.Parse("b@server.example"), MailPath.Parse("c@server.example")]);
            for (int i = 0; i < 2 && !session.IsSpent; i++)
                await TryAsync(async () => await session.SendAsync(envelope, new MemoryStream("Subject: x\r\n\r\n.dot\r\n"u8.ToArray())));
            await TryAsync(async () => await session.VerifyAsync("user"));
            await TryAsync(async () => await session.ResetAsync());
            bool wasBroken = session.IsBroken;
            await TryAsync(async () => await session.NoOpAsync());
            FindingException.Unless(!wasBroken || session.IsBroken, "a broken session stays broken");
            await session.QuitAsync();
        }
    }

    private static async Task TryAsync(Func<Task> command)
    {
        try
        {
            await command();
        }
        catch (Exception exception) when (exception is ProtocolViolationException or ConnectionLostException or ContentTooLongException
            or Pop3NegativeResponseException or SmtpNegativeReplyException or TransactionInDoubtException or UnsendableContentException
            or ServiceExtensionMissingException or NotSupportedException)
        {
            // Each says what the peer did; what follows shows that the session knows it too.
        }
    }
}
