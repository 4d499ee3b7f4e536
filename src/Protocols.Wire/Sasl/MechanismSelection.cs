using System.Collections.Immutable;
using System.Text;

namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>
/// Which mechanism to sign in by: the first in the client's order that the server offers, that is strong enough, and that can carry the
/// credentials. The server's own order does not matter (RFC 4422 section 6.1.2).
/// </summary>
/// <remarks>
/// It is one mechanism, and nothing follows it when it fails: a server that fails the strong ones to get at the password gets nothing
/// (threat of the same section). Whoever wants another attempt takes the refused name out of <see cref="Order"/>, and so has decided it.
/// </remarks>
public sealed record MechanismSelection
{
    /// <summary>
    /// For passwords, strongest first. CRAM-MD5 is not in it, because the server proves nothing; nor are GSSAPI, GSS-SPNEGO, NTLM and
    /// EXTERNAL, which are for who asks for them by name.
    /// </summary>
    public static MechanismSelection Passwords { get; } = new(
        "SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN");

    /// <summary>For access tokens: the standard, then what the large providers had before it.</summary>
    public static MechanismSelection Tokens { get; } = new("OAUTHBEARER", "XOAUTH2");

    /// <summary>Allows these mechanisms, of whatever strength.</summary>
    /// <param name="order">The mechanisms, the preferred first, by their registered names in upper case.</param>
    /// <exception cref="ArgumentException">There is none, or one that is unknown here.</exception>
    public MechanismSelection(params ReadOnlySpan<string> order) => Order = [.. order];

    /// <summary>The mechanisms that may be used, the preferred first, by their registered names in upper case.</summary>
    /// <exception cref="ArgumentException">There is none, or one that is unknown here.</exception>
    public ImmutableArray<string> Order
    {
        get;
        init
        {
            if (value.IsDefaultOrEmpty)
                throw new ArgumentException("An order has at least one mechanism", nameof(value));
            if (value.FirstOrDefault(name => MechanismRecipe.Find(name) is null) is { } unknown)
                throw new ArgumentException($"There is no mechanism {unknown} here", nameof(value));
            field = value;
        }
    }

    /// <summary>The weakest that is acceptable, whatever the order says; <see cref="MechanismStrength.Revealing"/>, so any, unless set.</summary>
    public MechanismStrength Floor { get; init; } = MechanismStrength.Revealing;

    /// <summary>The mechanism to use; null if none is acceptable.</summary>
    /// <param name="server">What it offers.</param>
    /// <param name="credentials">Who signs in.</param>
    public SaslMechanism? Find(SaslServer server, SaslCredentials credentials)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(credentials);
        return Order.FirstOrDefault(name => server.Mechanisms.Contains(name) && WhyNot(name, server, credentials) is null) is { } chosen
            ? MechanismRecipe.Find(chosen)!.Make(server, credentials)
            : null;
    }

    /// <summary>The mechanism to use.</summary>
    /// <param name="server">What it offers.</param>
    /// <param name="credentials">Who signs in.</param>
    /// <exception cref="MechanismUnavailableException">None is acceptable; the message says what was offered, and why it was passed over.</exception>
    public SaslMechanism Choose(SaslServer server, SaslCredentials credentials)
    {
        if (Find(server, credentials) is { } mechanism)
            return mechanism;
        string offered = server.Mechanisms.Count == 0
            ? "no mechanism at all"
            : string.Join(", ", server.Mechanisms.Order(StringComparer.Ordinal).Select(name => $"{name} ({WhyNot(name, server, credentials)})"));
        throw new MechanismUnavailableException(
            $"The server offers no acceptable way to sign in. It offers {ServerText.Show(Encoding.UTF8.GetBytes(offered))}; acceptable: {string.Join(", ", Order)}",
            server.Mechanisms);
    }

    private string? WhyNot(string name, SaslServer server, SaslCredentials credentials) => MechanismRecipe.Find(name) switch
    {
        null => "unknown here",
        _ when !Order.Contains(name) => "not allowed",
        { } recipe when recipe.Strength < Floor => $"weaker than {Floor}",
        { } recipe => recipe.WhyNot(server, credentials),
    };
}
