using System.Security.Cryptography;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Pop3;

/// <summary>AUTH as an exchange: challenges and responses in base64 until the server says yes or no (RFC 5034 section 4).</summary>
internal sealed class SaslExchange(Dialogue dialogue, SaslMechanism mechanism)
{
    private static readonly LineRedaction HideChallenge = static line => line is [(byte)'+', (byte)' ', ..] ? 2 : line.Length;

    private readonly Deadline _deadline = new("response to the sign-in", dialogue.Options.AuthenticationTimeout);

    /// <summary>The first response, where it is made but does not fit into the AUTH command.</summary>
    private string? _held;
    private bool _hasResponded;

    /// <param name="mayRespondAtOnce">
    /// SASL is announced, so the server knows initial responses; one that does not announce it may be from before them (section 3).
    /// </param>
    /// <param name="cancellationToken">Gives up, and the connection with it.</param>
    public async ValueTask RunAsync(bool mayRespondAtOnce, CancellationToken cancellationToken)
    {
        using Exchange exchange = await BeginAsync(mayRespondAtOnce, cancellationToken);
        Answer answer = await NextAnswerAsync();
        for (int rounds = 0; answer.Challenge is { } challenge; rounds++)
        {
            if (rounds == SaslMechanism.MaxRounds)
                throw await CancelAsync(new($"The server sent more than {SaslMechanism.MaxRounds} challenges"));
            await RespondAsync(challenge, cancellationToken);
            answer = await NextAnswerAsync();
        }
        exchange.Complete();
        if (!answer.Response.IsPositive)
            throw new Pop3NegativeResponseException($"AUTH {mechanism.Name}", answer.Response, mechanism.FailureDetail);
        if (!mechanism.IsComplete)
            throw dialogue.Wire.Break(new ProtocolViolationException(
                $"The server claimed success before {mechanism.Name} was complete, so it has proved nothing"));
    }

    private async ValueTask<Exchange> BeginAsync(bool mayRespondAtOnce, CancellationToken cancellationToken)
    {
        // Office 365 takes XOAUTH2 in two lines only, whatever it announces (MimeKit 99).
        if (mayRespondAtOnce && mechanism.IsClientFirst && mechanism is not XOAuth2)
        {
            string response = Encode(await mechanism.RespondAsync(default, cancellationToken));
            if (response.Length == 0)
                response = "=";
            if ("AUTH ".Length + mechanism.Name.Length + 1 + response.Length + 2 <= Dialogue.MaxCommandLine)
            {
                _hasResponded = true;
                return dialogue.Begin($"AUTH {mechanism.Name} {new Secret(response)}", cancellationToken);
            }
            _held = response;
        }
        return dialogue.Begin($"AUTH {mechanism.Name}", cancellationToken);
    }

    private async ValueTask<Answer> NextAnswerAsync()
    {
        await dialogue.Wire.FlushAsync(_deadline);
        dialogue.Wire.Expect(_deadline);
        Answer answer = await dialogue.Wire.ReadLineAsync(Parse, SaslMechanism.MaxChallengeLength + 4, HideChallenge);
        // Exchange 2003 says "+OK" where it means "+ " (MailKit 391).
        bool isMisspelt = !_hasResponded && answer is { Challenge: null, Response: { IsPositive: true, Text: "" } };
        return isMisspelt ? new([], default) : answer;
    }

    private async ValueTask RespondAsync(byte[] challenge, CancellationToken cancellationToken)
    {
        string? response = _held;
        _held = null;
        if (response is null)
        {
            byte[] decoded = [];
            // "+ go ahead" and its like are no base64, and need not be (MailKit 268).
            if (!mechanism.IgnoresNextChallenge && !SaslMechanism.TryDecodeChallenge(challenge, out decoded))
                throw await CancelAsync(new("The server's challenge is not base64", challenge));
            try
            {
                response = Encode(await mechanism.RespondAsync(decoded, cancellationToken));
            }
            catch (ProtocolViolationException e)
            {
                throw await CancelAsync(e);
            }
        }
        _hasResponded = true;
        dialogue.Wire.Compose($"{new Secret(response)}");
    }

    /// <summary>Ends the exchange with a lone asterisk (section 4), and gives the connection up.</summary>
    private async ValueTask<ProtocolViolationException> CancelAsync(ProtocolViolationException reason)
    {
        dialogue.Wire.Compose($"*");
        await dialogue.Wire.FlushAsync(_deadline);
        return dialogue.Wire.Break(reason);
    }

    private Answer Parse(ReadOnlySpan<byte> line)
    {
        if (line is [(byte)'+'] or [(byte)'+', (byte)' ', ..])
            return new(line[Math.Min(2, line.Length)..].ToArray(), default);
        return new(null, Pop3Response.Parse(line, dialogue.Capabilities is { HasResponseCodes: true }));
    }

    private static string Encode(byte[] response)
    {
        string line = Convert.ToBase64String(response);
        CryptographicOperations.ZeroMemory(response);
        return line;
    }

    /// <summary>What the server says to AUTH: a challenge, or the end.</summary>
    private readonly record struct Answer(byte[]? Challenge, Pop3Response Response);
}
