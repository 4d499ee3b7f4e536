using System.Globalization;
using System.Text;
using System.Text.Json;

namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>OAUTHBEARER (RFC 7628): a bearer token, bound to the server it is meant for.</summary>
public sealed class OAuthBearer : SaslMechanism
{
    private const int MaxErrorLength = 4096;
    private const int MaxErrorDepth = 4;

    private static readonly string[] ErrorMembers = ["status", "scope", "openid-configuration"];

    private readonly string _message;
    private string? _failureDetail;
    private int _responses;

    /// <summary>Prepares one exchange.</summary>
    /// <param name="user">The mailbox's address or user name; empty where the token says it.</param>
    /// <param name="accessToken">The access token, without the word Bearer.</param>
    /// <param name="host">The server's name, as it was configured.</param>
    /// <param name="port">The port of the connection, 1 to 65535.</param>
    /// <exception cref="ArgumentException">A value is empty or out of bounds, or holds a control character.</exception>
    public OAuthBearer(string user, Secret accessToken, string host, int port)
    {
        ArgumentNullException.ThrowIfNull(user);
        ArgumentException.ThrowIfNullOrEmpty(host);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65_535);
        string token = accessToken.Reveal();
        if (token.Length == 0)
            throw new ArgumentException("The access token is empty", nameof(accessToken));
        if (user.Any(char.IsControl) || host.Any(char.IsControl) || token.Any(c => c is <= ' ' or > '~'))
            throw new ArgumentException("Neither user nor host may hold a control character, and the token is printable ASCII (RFC 6750 section 2.1)");
        string authorization = user.Length == 0 ? "" : "a=" + ScramMessage.Escape(user);
        _message = string.Create(CultureInfo.InvariantCulture, $"n,{authorization},\u0001host={host}\u0001port={port}\u0001auth=Bearer {token}\u0001\u0001");
    }

    /// <inheritdoc/>
    public override string Name => "OAUTHBEARER";

    /// <inheritdoc/>
    public override bool IsClientFirst => true;

    /// <inheritdoc/>
    public override bool IsComplete => _responses == 1;

    /// <inheritdoc/>
    public override bool IgnoresNextChallenge => _responses == 0;

    /// <summary>
    /// What the server's JSON said about a refused token (RFC 7628 section 3.2.2). It is shown, never acted on: the address of an OpenID
    /// configuration in it is a stranger's.
    /// </summary>
    public override string? FailureDetail => _failureDetail;

    /// <inheritdoc/>
    public override ValueTask<byte[]> RespondAsync(ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken = default)
    {
        switch (_responses++)
        {
            case 0:
                return new(StrictUtf8.Encoding.GetBytes(_message));
            case 1:
                _failureDetail = Describe(challenge);
                // The server says no only when it has got this (section 3.2.3).
                return new([1]);
            default:
                throw new ProtocolViolationException("The server sent a challenge after the end of OAUTHBEARER");
        }
    }

    private static string Describe(ReadOnlyMemory<byte> error)
    {
        if (error.Length > MaxErrorLength)
            return $"the server's error is {error.Length} octets long, which is too long to read";
        try
        {
            using JsonDocument document = JsonDocument.Parse(error, new() { MaxDepth = MaxErrorDepth });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                string[] parts = [.. ErrorMembers.SelectMany(name => Member(document.RootElement, name))];
                if (parts.Length > 0)
                    return string.Join("; ", parts);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No JSON, or more of it than an error needs, or half a character in it: shown as it came.
        }
        return ServerText.Show(error.Span);
    }

    private static IEnumerable<string> Member(JsonElement error, string name)
    {
        if (error.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String)
            yield return $"{name}: {ServerText.Show(Encoding.UTF8.GetBytes(value.GetString()!))}";
    }
}
