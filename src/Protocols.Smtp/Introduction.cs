using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp;

/// <summary>How a session begins and ends: greeting, EHLO or HELO, STARTTLS, QUIT.</summary>
internal static class Introduction
{
    private const int ServiceReady = 220;
    private const int Ok = 250;

    public static async ValueTask<Reply> ReadGreetingAsync(Dialogue dialogue, CancellationToken cancellationToken)
    {
        Reply greeting;
        using (Exchange exchange = dialogue.Wire.BeginExchange(cancellationToken))
        {
            greeting = await dialogue.ReadReplyAsync(dialogue.DeadlineOf(Phase.Greeting));
            if (!greeting.IsNegative && greeting.Code != ServiceReady)
                throw dialogue.Wire.Break(new ProtocolViolationException($"The server greets with \"{greeting}\""));
            exchange.Complete();
        }
        if (greeting.IsNegative)
        {
            // Servers that refuse wait for QUIT all the same (RFC 5321 section 3.1).
            await QuitAsync(dialogue, cancellationToken);
            throw new SmtpNegativeReplyException(Phase.Greeting, greeting);
        }
        return greeting;
    }

    /// <summary>EHLO. A server that does not know it gets HELO, and then has nothing to offer, neither TLS nor AUTH.</summary>
    public static async ValueTask GreetAsync(Dialogue dialogue, bool mayBeHelo, CancellationToken cancellationToken)
    {
        dialogue.Extensions = ServiceExtensions.None;
        Reply reply;
        using (Exchange exchange = dialogue.Wire.BeginExchange(cancellationToken))
        {
            dialogue.Wire.Compose($"EHLO {dialogue.Options.ClientName}");
            await dialogue.FlushAsync(Phase.Ehlo);
            reply = await dialogue.ReadReplyVerbatimAsync(dialogue.DeadlineOf(Phase.Ehlo));
            exchange.Complete();
        }
        if (reply.Code == Ok)
            dialogue.Extensions = ServiceExtensions.Parse(reply.Lines);
        else if (reply.Code is 500 or 502 && mayBeHelo)
            Expect(Ok, Phase.Ehlo, await dialogue.AskAsync($"HELO {dialogue.Options.ClientName}", Phase.Ehlo, cancellationToken), dialogue);
        else
            Expect(Ok, Phase.Ehlo, reply.MadeSafe(), dialogue);
    }

    public static async ValueTask StartTlsAsync(Dialogue dialogue, TlsUpgrade upgrade, CancellationToken cancellationToken)
    {
        using Exchange exchange = dialogue.Wire.BeginExchange(cancellationToken);
        dialogue.Wire.Compose($"STARTTLS");
        await dialogue.FlushAsync(Phase.StartTls);
        Reply reply = await dialogue.ReadReplyAsync(dialogue.DeadlineOf(Phase.StartTls));
        if (reply.IsNegative)
            exchange.Complete();
        Expect(ServiceReady, Phase.StartTls, reply, dialogue);
        await dialogue.Wire.UpgradeAsync(upgrade, dialogue.DeadlineOf(Phase.Handshake));
        exchange.Complete();
    }

    /// <summary>QUIT. Nothing that happens to it changes what was said before, so a failure is not reported.</summary>
    public static async ValueTask QuitAsync(Dialogue dialogue, CancellationToken cancellationToken)
    {
        try
        {
            await dialogue.AskAsync($"QUIT", Phase.Quit, cancellationToken);
        }
        catch (Exception e) when (e is IOException or TimeoutException or ObjectDisposedException)
        {
            // Some servers do not answer, some close at once, some were gone before.
        }
    }

    private static void Expect(int code, Phase phase, Reply reply, Dialogue dialogue)
    {
        if (reply.IsNegative)
            throw new SmtpNegativeReplyException(phase, reply);
        if (reply.Code != code)
            throw dialogue.Wire.Break(new ProtocolViolationException($"The server answered {Phases.NameOf(phase)} with \"{reply}\""));
    }
}
