namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>XOAUTH2: a bearer token, as the large providers take it. Google's and Microsoft's documentation are its only texts.</summary>
public sealed class XOAuth2 : SaslMechanism
{
    private readonly string _message;
    private string? _failureDetail;
    private int _responses;

    /// <summary>Prepares one exchange.</summary>
    /// <param name="user">The mailbox's address.</param>
    /// <param name="accessToken">The access token, without the word Bearer.</param>
    /// <exception cref="ArgumentException">A value is empty, or holds a control character.</exception>
    public XOAuth2(string user, Secret accessToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        string token = accessToken.Reveal();
        if (token.Length == 0)
            throw new ArgumentException("The access token is empty", nameof(accessToken));
        if (user.Any(char.IsControl) || token.Any(char.IsControl))
            throw new ArgumentException("Neither the user nor the token may hold a control character, which separates them");
        _message = $"user={user}\u0001auth=Bearer {token}\u0001\u0001";
    }

    /// <inheritdoc/>
    public override string Name => "XOAUTH2";

    /// <inheritdoc/>
    public override bool IsClientFirst => true;

    /// <inheritdoc/>
    public override bool IsComplete => _responses == 1;

    /// <inheritdoc/>
    public override bool IgnoresNextChallenge => _responses == 0;

    /// <summary>The server's JSON about a refused token. It is shown, never acted on: it may name an address to fetch.</summary>
    public override string? FailureDetail => _failureDetail;

    /// <inheritdoc/>
    public override ValueTask<byte[]> RespondAsync(ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken = default)
    {
        switch (_responses++)
        {
            case 0:
                return new(StrictUtf8.Encoding.GetBytes(_message));
            case 1:
                // The refusal: the server says why and wants an empty line before it says no.
                _failureDetail = ServerText.Show(challenge.Span);
                return new([]);
            default:
                throw new ProtocolViolationException("The server sent a challenge after the end of XOAUTH2");
        }
    }
}
