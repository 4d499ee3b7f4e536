using System.Security.Cryptography;
using System.Text;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Smtp;

/// <summary>AUTH as an exchange: challenges and responses in base64 until the server says yes or no (RFC 4954 section 4).</summary>
internal sealed class SaslExchange(Dialogue dialogue, SaslMechanism mechanism)
{
    private const int Challenge = 334;

    private static readonly LineParser<ReplyLine> Parse = ReplyLine.ParseVerbatim;
    private static readonly LineRedaction HideChallenge = static line => line.StartsWith("334 "u8) ? 4 : line.Length;

    /// <summary>The first response, where it is made but does not fit into the AUTH command.</summary>
    private string? _held;

    public async ValueTask RunAsync(CancellationToken cancellationToken)
    {
        // Asked for first, since a ticket may take its time or not be had, and then nothing was sent.
        _held = mechanism.IsClientFirst ? Encode(await mechanism.RespondAsync(default, cancellationToken)) : null;
        using Exchange exchange = dialogue.Wire.BeginExchange(cancellationToken);
        ComposeCommand();
        Reply reply = await NextReplyAsync();
        for (int rounds = 0; reply.Code == Challenge; rounds++)
        {
            if (rounds == SaslMechanism.MaxRounds)
                throw await CancelAsync(new($"The server sent more than {SaslMechanism.MaxRounds} challenges"));
            await RespondAsync(reply.Lines[0], cancellationToken);
            reply = await NextReplyAsync();
        }
        if (!reply.IsPositive && !reply.IsNegative)
            throw dialogue.Wire.Break(new ProtocolViolationException($"The server answered AUTH with {reply.Code}"));
        if (reply.IsPositive && !mechanism.IsComplete)
            throw dialogue.Wire.Break(new ProtocolViolationException(
                $"The server claimed success before {mechanism.Name} was complete, so it has proved nothing"));
        exchange.Complete();
        if (reply.IsClosing)
            dialogue.GiveUp(reply);
        if (reply.IsNegative)
            throw new SmtpNegativeReplyException(Phase.Auth, reply.MadeSafe(), mechanism.FailureDetail);
    }

    private void ComposeCommand()
    {
        if (_held is not null)
        {
            string response = _held.Length == 0 ? "=" : _held;
            if ("AUTH ".Length + mechanism.Name.Length + 1 + response.Length + 2 <= Dialogue.MaxCommandLine)
            {
                _held = null;
                dialogue.Wire.Compose($"AUTH {mechanism.Name} {new Secret(response)}");
                return;
            }
        }
        dialogue.Wire.Compose($"AUTH {mechanism.Name}");
    }

    private async ValueTask<Reply> NextReplyAsync()
    {
        Deadline deadline = dialogue.DeadlineOf(Phase.Auth);
        await dialogue.Wire.FlushAsync(deadline);
        dialogue.Wire.Expect(deadline);
        ReplyLine line = await dialogue.Wire.ReadLineAsync(Parse, SaslMechanism.MaxChallengeLength + 6, HideChallenge);
        List<string> lines = [line.Text];
        while (!line.IsLast)
        {
            ReplyLine next = await dialogue.Wire.ReadLineAsync(Parse, SaslMechanism.MaxChallengeLength + 6, HideChallenge);
            if (next.Code != line.Code || line.Code == Challenge || lines.Count == 100)
                throw dialogue.Wire.Break(new ProtocolViolationException("The server's reply to AUTH is malformed or endless"));
            lines.Add(next.Text);
            line = next;
        }
        return new(line.Code, line.Status, lines);
    }

    private async ValueTask RespondAsync(string challenge, CancellationToken cancellationToken)
    {
        string? response = _held;
        _held = null;
        if (response is null)
        {
            byte[] decoded = [];
            if (!mechanism.IgnoresNextChallenge && !SaslMechanism.TryDecodeChallenge(Encoding.Latin1.GetBytes(challenge), out decoded))
                throw await CancelAsync(new("The server's challenge is not base64"));
            try
            {
                response = Encode(await mechanism.RespondAsync(decoded, cancellationToken));
            }
            catch (ProtocolViolationException e)
            {
                throw await CancelAsync(e);
            }
        }
        dialogue.Wire.Compose($"{new Secret(response)}");
    }

    /// <summary>Ends the exchange with a lone asterisk (section 4), and gives the connection up.</summary>
    private async ValueTask<ProtocolViolationException> CancelAsync(ProtocolViolationException reason)
    {
        dialogue.Wire.Compose($"*");
        await dialogue.FlushAsync(Phase.Auth);
        return dialogue.Wire.Break(reason);
    }

    private static string Encode(byte[] response)
    {
        string line = Convert.ToBase64String(response);
        CryptographicOperations.ZeroMemory(response);
        return line;
    }
}
