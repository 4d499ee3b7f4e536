using System.Security.Cryptography;
using System.Text;

namespace EmailSync.Protocols.Testing;

/// <summary>The server's half of SCRAM (RFC 5802 section 3), for one exchange; it can be made to lie.</summary>
/// <param name="hash">SHA-1, SHA-256 or SHA-512.</param>
/// <param name="password">What the client has to prove that it knows.</param>
/// <param name="binding">What the server's certificate gives as tls-server-end-point (RFC 5929 section 4.1).</param>
public sealed class ScramServer(HashAlgorithmName hash, string password, byte[] binding)
{
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(16);
    private string _firstBare = "";
    private string _first = "";
    private string _header = "";

    public int Iterations { get; init; } = 4096;

    /// <summary>It offers the -PLUS form, so a client that says y was told otherwise (section 6).</summary>
    public bool OffersPlus { get; init; } = true;

    /// <summary>It does not know the password, and makes its signature up.</summary>
    public bool IsImpostor { get; init; }

    /// <summary>gs2-cbind-flag, as the client sent it.</summary>
    public string Flag => _header.Split(',')[0];

    /// <summary>Runs the exchange. The verdict is the protocol's own to say.</summary>
    /// <param name="lines">The connection.</param>
    /// <param name="initial">The initial response, in base64.</param>
    /// <param name="prompt">What stands before a challenge: + or 334.</param>
    /// <param name="cancellationToken">Ends the wait for the client.</param>
    public async Task<bool> RunAsync(ClientLines lines, string initial, string prompt, CancellationToken cancellationToken)
    {
        string? proof = await AskAsync(First(Decode(initial)));
        if (proof is null or "*")
            return false;
        string final = Final(Decode(proof));
        return await AskAsync(final) == "" && final.StartsWith("v=", StringComparison.Ordinal);

        async Task<string?> AskAsync(string challenge)
        {
            await lines.WriteAsync($"{prompt} {Convert.ToBase64String(Encoding.UTF8.GetBytes(challenge))}", cancellationToken);
            return await lines.ReadAsync(cancellationToken);
        }
    }

    private string First(string message)
    {
        int bare = message.IndexOf(',', message.IndexOf(',', StringComparison.Ordinal) + 1) + 1;
        (_header, _firstBare) = (message[..bare], message[bare..]);
        string nonce = _firstBare[(_firstBare.IndexOf("r=", StringComparison.Ordinal) + 2)..];
        _first = $"r={nonce}{Convert.ToBase64String(RandomNumberGenerator.GetBytes(9))},s={Convert.ToBase64String(_salt)},i={Iterations}";
        return _first;
    }

    // The signature, or an error.
    private string Final(string message)
    {
        if (Flag == "y" && OffersPlus)
            return "e=server-does-support-channel-binding";
        string[] parts = message.Split(',');
        byte[] bound = Flag.StartsWith("p=", StringComparison.Ordinal) ? binding : [];
        if (parts[0] != "c=" + Convert.ToBase64String([.. Encoding.UTF8.GetBytes(_header), .. bound]))
            return "e=channel-bindings-dont-match";

        int size = hash == HashAlgorithmName.SHA1 ? 20 : hash == HashAlgorithmName.SHA256 ? 32 : 64;
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(password, _salt, Iterations, hash, size);
        byte[] exchange = Encoding.UTF8.GetBytes($"{_firstBare},{_first},{string.Join(',', parts[..^1])}");
        byte[] signature = Keyed(CryptographicOperations.HashData(hash, Keyed(salted, "Client Key"u8)), exchange);
        byte[] key = [.. Convert.FromBase64String(parts[^1][2..]).Zip(signature, (proof, sign) => (byte)(proof ^ sign))];
        if (!CryptographicOperations.HashData(hash, key).SequenceEqual(CryptographicOperations.HashData(hash, Keyed(salted, "Client Key"u8))))
            return "e=invalid-proof";
        byte[] proof = Keyed(Keyed(salted, "Server Key"u8), exchange);
        return "v=" + Convert.ToBase64String(IsImpostor ? RandomNumberGenerator.GetBytes(proof.Length) : proof);
    }

    private static string Decode(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));

    private byte[] Keyed(byte[] key, ReadOnlySpan<byte> data) => CryptographicOperations.HmacData(hash, key, data);
}
