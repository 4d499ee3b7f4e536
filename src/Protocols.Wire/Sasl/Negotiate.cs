using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Text;

namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>
/// GSSAPI (RFC 4752), GSS-SPNEGO and NTLM, by the platform's <see cref="NegotiateAuthentication"/>. No security layer is asked for or
/// accepted: TLS is the layer.
/// </summary>
/// <remarks>
/// What the platform offers differs: Windows has all three. Elsewhere GSSAPI and GSS-SPNEGO need the system's Kerberos library, and
/// NTLM either a plug-in of that library or the runtime option <c>System.Net.Security.UseManagedNtlm</c>.
/// </remarks>
public sealed class Negotiate : SaslMechanism, IDisposable
{
    private const byte NoLayer = 1;

    private readonly NegotiateAuthentication _context;
    private readonly string _authorizationIdentity;
    private readonly bool _asksAboutLayers;
    private bool _isEstablished;
    private bool _isComplete;
    private bool _hasSpoken;

    private Negotiate(string name, string package, SaslServer server, NetworkCredential? credential, string authorizationIdentity)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(authorizationIdentity);
        if (authorizationIdentity.Length > 0 && package != "Kerberos")
            throw new ArgumentException($"{name} has no place for an authorization identity", nameof(authorizationIdentity));
        if (authorizationIdentity.Contains('\0'))
            throw new ArgumentException("An authorization identity holds no NUL (RFC 4422 section 3.4.1)", nameof(authorizationIdentity));
        Name = name;
        _authorizationIdentity = authorizationIdentity;
        _asksAboutLayers = package == "Kerberos";
        _context = new(new NegotiateAuthenticationClientOptions
        {
            Package = package,
            TargetName = $"{server.Service}/{server.Host}",
            Credential = credential ?? CredentialCache.DefaultNetworkCredentials,
            // RFC 4752 section 3.1 binds to nothing.
            Binding = _asksAboutLayers ? null : server.Binding,
            // RFC 4752 section 3.1 must have integrity, to protect the talk about layers. The other two take the flag for the wish for a layer.
            RequiredProtectionLevel = _asksAboutLayers ? ProtectionLevel.Sign : ProtectionLevel.None,
            RequireMutualAuthentication = _asksAboutLayers,
        });
    }

    /// <summary>GSSAPI: Kerberos 5.</summary>
    /// <param name="server">The server.</param>
    /// <param name="credential">Name and password; null: the process's own ticket.</param>
    /// <param name="authorizationIdentity">On whose behalf to act; empty: whoever the ticket says.</param>
    public static Negotiate Kerberos(SaslServer server, NetworkCredential? credential = null, string authorizationIdentity = "") =>
        new("GSSAPI", "Kerberos", server, credential, authorizationIdentity);

    /// <summary>GSS-SPNEGO: Kerberos, or NTLM where there is none.</summary>
    /// <param name="server">The server.</param>
    /// <param name="credential">Name and password; null: the process's own.</param>
    public static Negotiate Spnego(SaslServer server, NetworkCredential? credential = null) =>
        new("GSS-SPNEGO", "Negotiate", server, credential, "");

    /// <summary>NTLM. It proves no server and its digests can be relayed; ask for it by name or not at all.</summary>
    /// <param name="server">The server.</param>
    /// <param name="credential">Name and password; null: the process's own.</param>
    public static Negotiate Ntlm(SaslServer server, NetworkCredential? credential = null) => new("NTLM", "NTLM", server, credential, "");

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override bool IsClientFirst => true;

    /// <inheritdoc/>
    public override bool IsComplete => _isComplete;

    /// <inheritdoc/>
    public override bool IgnoresNextChallenge => !_hasSpoken;

    /// <summary>SPNEGO may end in NTLM, so it counts as that.</summary>
    public override MechanismStrength Strength => _asksAboutLayers ? MechanismStrength.Proving : MechanismStrength.Digesting;

    /// <inheritdoc/>
    public override async ValueTask<byte[]> RespondAsync(ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken = default)
    {
        if (_isComplete)
            throw new ProtocolViolationException($"The server sent a challenge after the end of {Name}");
        if (_isEstablished)
            return DeclineLayers(challenge.Span);
        byte[] token = _hasSpoken ? challenge.ToArray() : [];
        _hasSpoken = true;
        // The platform may go and ask a ticket server, and it waits where it is called.
        return await Task.Run(() => Advance(token), cancellationToken).WaitAsync(cancellationToken);
    }

    /// <summary>Lets the platform's context go.</summary>
    public void Dispose() => _context.Dispose();

    private byte[] Advance(byte[] token)
    {
        byte[]? answer;
        NegotiateAuthenticationStatusCode status;
        try
        {
            answer = _context.GetOutgoingBlob(token.AsSpan(), out status);
        }
        catch (Exception e) when (e is ArgumentException or IndexOutOfRangeException or OverflowException or InvalidOperationException)
        {
            // The platform's own NTLM slices a token before it has checked its length.
            throw new ProtocolViolationException($"The server's token of {Name} is malformed", token);
        }
        switch (status)
        {
            case NegotiateAuthenticationStatusCode.ContinueNeeded:
                break;
            case NegotiateAuthenticationStatusCode.Completed:
                _isEstablished = true;
                _isComplete = !_asksAboutLayers;
                break;
            case NegotiateAuthenticationStatusCode.InvalidToken or NegotiateAuthenticationStatusCode.MessageAltered
                or NegotiateAuthenticationStatusCode.OutOfSequence or NegotiateAuthenticationStatusCode.BadBinding:
                throw new ProtocolViolationException($"The server's token of {Name} is wrong: {status}");
            default:
                throw new MechanismUnusableException($"{Name} cannot be used here: {status}");
        }
        // A copy: who sends it clears it, and the platform's own NTLM has its integrity code over all three messages still to compute.
        return answer is null ? [] : [.. answer];
    }

    /// <summary>The server names the layers it can do; we take none, and say on whose behalf we act (RFC 4752 section 3.1).</summary>
    private byte[] DeclineLayers(ReadOnlySpan<byte> wrapped)
    {
        ArrayBufferWriter<byte> offer = new();
        if (_context.Unwrap(wrapped, offer, out _) != NegotiateAuthenticationStatusCode.Completed || offer.WrittenCount != 4)
            throw new ProtocolViolationException("The server's offer of security layers is malformed (RFC 4752 section 3.1)");
        if ((offer.WrittenSpan[0] & NoLayer) == 0)
            throw new ProtocolViolationException("The server insists on a security layer of its own; TLS is the layer here (RFC 4752 section 3.1)");
        ArrayBufferWriter<byte> answer = new();
        if (_context.Wrap([NoLayer, 0, 0, 0, .. Encoding.UTF8.GetBytes(_authorizationIdentity)], answer, requestEncryption: false, out _)
            != NegotiateAuthenticationStatusCode.Completed)
            throw new MechanismUnusableException("The answer about security layers could not be protected");
        _isComplete = true;
        return answer.WrittenSpan.ToArray();
    }
}
