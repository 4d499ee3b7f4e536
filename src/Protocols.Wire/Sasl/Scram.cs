using System.Security.Cryptography;
using System.Text;

namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>
/// SCRAM (RFC 5802, RFC 7677): both sides prove that they know the password, and neither tells it. One class for SCRAM-SHA-1,
/// SCRAM-SHA-256 and SCRAM-SHA-512, and for their -PLUS forms where <see cref="ScramOptions.Binding"/> binds to the TLS session.
/// </summary>
/// <remarks>
/// The server is authenticated too: until its signature was verified <see cref="IsComplete"/> is false, and a success that comes before
/// is none (RFC 5802 section 5).
/// </remarks>
public sealed class Scram : SaslMechanism
{
    /// <summary>More than this takes more than some ten milliseconds, which has no business on the caller's thread.</summary>
    private const int MaxIterationsAtOnce = 20_000;

    private readonly HashAlgorithmName _hash;
    private readonly Secret _password;
    private readonly ScramOptions _options;
    private readonly string _header;
    private readonly string _firstBare;
    private readonly string _nonce;
    private byte[] _serverSignature = [];
    private string? _failureDetail;
    private bool _isServerVerified;
    private int _step;

    /// <summary>Prepares one exchange. The salted password is worked out only when the server has named the salt.</summary>
    /// <param name="hash">SHA-1, SHA-256 or SHA-512.</param>
    /// <param name="name">Whose password it is (authentication identity).</param>
    /// <param name="password">The password.</param>
    /// <param name="options">The defaults, if null.</param>
    /// <exception cref="ArgumentException">
    /// A value is empty or cannot be prepared (<see cref="SaslPrep"/>), the hash is another, or the options contradict themselves.
    /// </exception>
    public Scram(HashAlgorithmName hash, string name, Secret password, ScramOptions? options = null)
    {
        _hash = hash;
        _options = (options ?? new()).Validated();
        Name = NameOf(hash, _options.Binding.IsBound);
        _password = SaslPrep.Prepare(password);
        string authorization = _options.AuthorizationIdentity.Length == 0
            ? ""
            : "a=" + ScramMessage.Escape(SaslPrep.Prepare(_options.AuthorizationIdentity, "authorization identity"));
        _header = $"{_options.Binding.Flag},{authorization},";
        // 18 octets are 24 characters of base64, which has no comma.
        _nonce = _options.Nonce ?? Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));
        _firstBare = $"n={ScramMessage.Escape(SaslPrep.Prepare(name, "user name"))},r={_nonce}";
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override bool IsClientFirst => true;

    /// <inheritdoc/>
    public override bool IsComplete => _isServerVerified;

    /// <inheritdoc/>
    public override bool IgnoresNextChallenge => _step == 0;

    /// <inheritdoc/>
    public override MechanismStrength Strength => _options.Binding.IsBound ? MechanismStrength.Binding : MechanismStrength.Proving;

    /// <summary>The server's <c>e=</c>, such as <c>invalid-proof</c> or <c>channel-bindings-dont-match</c> (RFC 5802 section 7).</summary>
    public override string? FailureDetail => _failureDetail;

    /// <summary>The mechanism's registered name.</summary>
    /// <param name="hash">SHA-1, SHA-256 or SHA-512.</param>
    /// <param name="isPlus">The form that binds to the TLS session.</param>
    /// <exception cref="ArgumentException">There is no SCRAM with this hash here.</exception>
    public static string NameOf(HashAlgorithmName hash, bool isPlus) => hash.Name switch
    {
        nameof(HashAlgorithmName.SHA1) => "SCRAM-SHA-1",
        nameof(HashAlgorithmName.SHA256) => "SCRAM-SHA-256",
        nameof(HashAlgorithmName.SHA512) => "SCRAM-SHA-512",
        _ => throw new ArgumentException($"There is no SCRAM with the hash {hash}; give SHA-1, SHA-256 or SHA-512", nameof(hash)),
    } + (isPlus ? "-PLUS" : "");

    /// <inheritdoc/>
    public override async ValueTask<byte[]> RespondAsync(ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken = default)
    {
        switch (_step++)
        {
            case 0:
                return Encoding.UTF8.GetBytes(_header + _firstBare);
            case 1:
                return await ProveAsync(challenge, cancellationToken);
            case 2:
                Verify(challenge.Span);
                return [];
            default:
                throw new ProtocolViolationException($"The server sent a challenge after the end of {Name}");
        }
    }

    private async ValueTask<byte[]> ProveAsync(ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken)
    {
        // Some servers answer a bad name here, ahead of the proof.
        if (ScramMessage.ErrorOf(challenge.Span) is { } error)
        {
            _failureDetail = error;
            _step = 3;
            return [];
        }
        (string nonce, byte[] salt, int iterations) = ScramMessage.ParseServerFirst(challenge.Span, _nonce, _options);
        string channel = Convert.ToBase64String([.. Encoding.UTF8.GetBytes(_header), .. _options.Binding.Data]);
        string final = $"c={channel},r={nonce}";
        byte[] exchange = Encoding.UTF8.GetBytes($"{_firstBare},{Encoding.UTF8.GetString(challenge.Span)},{final}");
        ScramProof proof = iterations <= MaxIterationsAtOnce
            ? ScramProof.Compute(_hash, _password, salt, iterations, exchange)
            : await Task.Run(() => ScramProof.Compute(_hash, _password, salt, iterations, exchange), cancellationToken).WaitAsync(cancellationToken);
        _serverSignature = proof.ServerSignature;
        return Encoding.UTF8.GetBytes($"{final},p={Convert.ToBase64String(proof.Client)}");
    }

    private void Verify(ReadOnlySpan<byte> message)
    {
        _failureDetail = ScramMessage.ErrorOf(message);
        if (_failureDetail is not null)
            return;
        byte[] signature = ScramMessage.ParseServerFinal(message);
        if (!CryptographicOperations.FixedTimeEquals(signature, _serverSignature))
            throw new ProtocolViolationException("The server could not prove that it knows the password: its signature is wrong (RFC 5802 section 5)");
        CryptographicOperations.ZeroMemory(_serverSignature);
        _isServerVerified = true;
    }
}
