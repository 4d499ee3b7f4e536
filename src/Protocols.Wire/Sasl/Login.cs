namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>LOGIN, which never became an RFC (draft-murchison-sasl-login): name, then password, each to a challenge.</summary>
public sealed class Login : SaslMechanism
{
    private readonly string _name;
    private readonly Secret _password;
    private int _responses;

    /// <summary>Prepares one exchange. Nothing is sent before the server asks for it.</summary>
    /// <param name="name">The user name.</param>
    /// <param name="password">The password.</param>
    /// <exception cref="ArgumentException">There is no name, or a NUL or a line end in one of them (section 2.1 of the draft).</exception>
    public Login(string name, Secret password)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.AsSpan().ContainsAny('\0', '\r', '\n') || password.Reveal().AsSpan().ContainsAny('\0', '\r', '\n'))
            throw new ArgumentException("Neither name nor password may hold a NUL or a line end (section 2.1 of draft-murchison-sasl-login)");
        _name = name;
        _password = password;
    }

    /// <inheritdoc/>
    public override string Name => "LOGIN";

    /// <inheritdoc/>
    public override bool IsClientFirst => false;

    /// <inheritdoc/>
    public override bool IsComplete => _responses == 2;

    /// <summary>The prompts are for people; their words differ from server to server (section 2.1 of the draft).</summary>
    public override bool IgnoresNextChallenge => _responses < 2;

    /// <inheritdoc/>
    public override ValueTask<byte[]> RespondAsync(ReadOnlyMemory<byte> challenge, CancellationToken cancellationToken = default)
    {
        string response = _responses switch
        {
            0 => _name,
            1 => _password.Reveal(),
            _ => throw new ProtocolViolationException("The server sent a challenge after the password of LOGIN"),
        };
        _responses++;
        return new(StrictUtf8.Encoding.GetBytes(response));
    }
}
