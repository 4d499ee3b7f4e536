using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>
/// CRAM-MD5 (RFC 2195): a keyed MD5 of the server's challenge. The server proves nothing, and who listens can guess passwords offline,
/// so no default order holds it.
/// </summary>
public sealed class CramMd5 : SaslMechanism
{
    private readonly string _name;
    private readonly Secret _sharedSecret;
    private bool _isComplete;

    /// <summary>Prepares one exchange. Nothing is sent before the server asks for it.</summary>
    /// <param name="name">The user name.</param>
    /// <param name="sharedSecret">The secret that both sides know.</param>
    /// <exception cref="ArgumentException">A value is empty, or cannot be prepared (<see cref="SaslPrep"/>).</exception>
    public CramMd5(string name, Secret sharedSecret)
    {
        _name = SaslPrep.Prepare(name, "user name");
        _sharedSecret = SaslPrep.Prepare(sharedSecret);
    }

    /// <inheritdoc/>
    public override string Name => "CRAM-MD5";

    /// <inheritdoc/>
    public override bool IsClientFirst => false;

    /// <inheritdoc/>
    public override bool IsComplete => _isComplete;

    /// <inheritdoc/>
    public override MechanismStrength Strength => MechanismStrength.Digesting;

    /// <inheritdoc/>
    [SuppressMessage("Security", "CA5351", Justification = "CRAM-MD5 is MD5 (RFC 2195 section 2)")]
    public override ValueTask<byte[]> RespondAsync(ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken = default)
    {
        if (_isComplete)
            throw new ProtocolViolationException("The server sent a challenge after the digest of CRAM-MD5");
        // What is no msg-id may have been made to collide, or to mean something elsewhere (CVE-2007-1558 did so to APOP).
        if (!MsgId.IsStrict(challenge.Span))
            throw new ProtocolViolationException("The server's challenge of CRAM-MD5 has not the form <local@domain> (RFC 2195 section 2)");
        _isComplete = true;
        byte[] key = Encoding.UTF8.GetBytes(_sharedSecret.Reveal());
        byte[] digest = HMACMD5.HashData(key, challenge.Span);
        CryptographicOperations.ZeroMemory(key);
        return new(Encoding.UTF8.GetBytes($"{_name} {Convert.ToHexStringLower(digest)}"));
    }
}
