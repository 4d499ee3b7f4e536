using System.Buffers;
using System.Buffers.Text;

namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>
/// One SASL exchange (RFC 4422), client side. An instance serves one exchange and is stateful: the protocol's client calls
/// <see cref="RespondAsync"/> for each challenge and believes the server's success only once <see cref="IsComplete"/>.
/// </summary>
public abstract class SaslMechanism
{
    /// <summary>The longest challenge line accepted, in octets of base64; RFC 4954 section 4 names 12288 as sufficient.</summary>
    public const int MaxChallengeLength = 16 * 1024;

    /// <summary>The most challenges answered in one exchange.</summary>
    public const int MaxRounds = 10;

    private static readonly SearchValues<byte> Base64Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="u8);

    /// <summary>The registered name (RFC 4422 section 3.1).</summary>
    public abstract string Name { get; }

    /// <summary>The client speaks first, so the first response may go with the AUTH command (RFC 4422 section 3.3).</summary>
    public abstract bool IsClientFirst { get; }

    /// <summary>
    /// Nothing is lacking on our side: all responses were given and, where the mechanism lets the client verify the server,
    /// it was verified. A success that comes before is no success (RFC 5802 section 5).
    /// </summary>
    public abstract bool IsComplete { get; }

    /// <summary>
    /// The next response does not depend on the challenge, which is then not even decoded: servers are known to put words where
    /// an empty challenge belongs.
    /// </summary>
    public virtual bool IgnoresNextChallenge => false;

    /// <summary>What the mechanism itself learned about a failure, made safe to show; null if nothing.</summary>
    public virtual string? FailureDetail => null;

    /// <summary>What the mechanism does for the secret; <see cref="MechanismStrength.Revealing"/> unless it says otherwise.</summary>
    public virtual MechanismStrength Strength => MechanismStrength.Revealing;

    /// <summary>The next response; the first one of a client-first mechanism answers an empty challenge.</summary>
    /// <param name="challenge">What the server sent, decoded.</param>
    /// <param name="cancellationToken">Gives up a calculation, or a question to a ticket server, that takes long.</param>
    /// <returns>An array of its own: whoever sends it clears it.</returns>
    /// <exception cref="ProtocolViolationException">The challenge breaks the mechanism's rules, or there is one too many.</exception>
    /// <exception cref="MechanismUnusableException">Our side cannot go on: no ticket, no such mechanism on this platform.</exception>
    public abstract ValueTask<byte[]> RespondAsync(ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken = default);

    /// <summary>
    /// Decodes a challenge, refusing every octet outside the alphabet and any misplaced padding (RFC 5034 section 4, RFC 4954
    /// section 4).
    /// </summary>
    /// <returns>False if it is not base64; the exchange is then to be cancelled with <c>*</c>.</returns>
    public static bool TryDecodeChallenge(ReadOnlySpan<byte> base64, out byte[] challenge)
    {
        challenge = [];
        // The decoder below would skip white space.
        if (base64.ContainsAnyExcept(Base64Alphabet))
            return false;
        byte[] decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(base64.Length)];
        if (Base64.DecodeFromUtf8(base64, decoded, out _, out int written) != OperationStatus.Done)
            return false;
        challenge = decoded[..written];
        return true;
    }
}
