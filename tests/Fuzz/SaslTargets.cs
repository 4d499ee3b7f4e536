using System.Security.Cryptography;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Fuzz;

/// <summary>Challenges of a peer, one to a line: an answer or a violation, and never success for who has not earned it.</summary>
internal static class SaslTargets
{
    public static void Scram(byte[] octets)
    {
        Scram scram = new(HashAlgorithmName.SHA256, "user", new("pencil"), new() { MinIterations = 1, MaxIterations = 64, Nonce = "fuzz" });
        // Nobody guesses a signature over the client's own proof; a server that has passed without the password is a finding.
        FindingException.Unless(!Converse(scram, octets), "SCRAM is complete only for a server that knows the password");
    }

    public static void OAuthBearer(byte[] octets)
    {
        OAuthBearer bearer = new("user@example.com", new("token-of-ours"), "mail.example.com", 995);
        Converse(bearer, octets);
        FindingException.Unless(bearer.FailureDetail?.Contains("token-of-ours", StringComparison.Ordinal) != true
            || octets.AsSpan().IndexOf("token-of-ours"u8) >= 0, "a failure does not show our token");
    }

    public static void CramMd5(byte[] octets)
    {
        bool isComplete = Converse(new CramMd5("user", new("secret")), octets);
        FindingException.Unless(!isComplete || octets.AsSpan().IndexOf((byte)'@') >= 0, "only a msg-id is digested");
    }

    private static bool Converse(SaslMechanism mechanism, byte[] octets)
    {
        try
        {
            if (mechanism.IsClientFirst)
                _ = mechanism.RespondAsync(default).AsTask().GetAwaiter().GetResult();
            foreach (Range line in octets.AsSpan().Split((byte)'\n'))
                _ = mechanism.RespondAsync(octets.AsMemory(line)).AsTask().GetAwaiter().GetResult();
        }
        catch (ProtocolViolationException)
        {
            // What a mechanism is meant to say of such a challenge.
        }
        return mechanism.IsComplete;
    }
}
