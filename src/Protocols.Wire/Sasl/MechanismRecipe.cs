using System.Net;
using System.Security.Cryptography;

namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>How a mechanism is made from credentials, and what it asks of them.</summary>
/// <param name="Strength">What it does for the secret.</param>
/// <param name="Make">Makes it, for one exchange.</param>
internal sealed record MechanismRecipe(MechanismStrength Strength, Func<SaslServer, SaslCredentials, SaslMechanism> Make)
{
    private static readonly Dictionary<string, MechanismRecipe> Recipes = new(StringComparer.Ordinal)
    {
        ["SCRAM-SHA-512-PLUS"] = ScramPlus(HashAlgorithmName.SHA512),
        ["SCRAM-SHA-256-PLUS"] = ScramPlus(HashAlgorithmName.SHA256),
        ["SCRAM-SHA-1-PLUS"] = ScramPlus(HashAlgorithmName.SHA1),
        ["SCRAM-SHA-512"] = Scram(HashAlgorithmName.SHA512),
        ["SCRAM-SHA-256"] = Scram(HashAlgorithmName.SHA256),
        ["SCRAM-SHA-1"] = Scram(HashAlgorithmName.SHA1),
        ["GSSAPI"] = new(MechanismStrength.Proving, (server, who) => Negotiate.Kerberos(server, Login(who), who.AuthorizationIdentity)) { IsDelegating = true },
        ["GSS-SPNEGO"] = new(MechanismStrength.Digesting, (server, who) => Negotiate.Spnego(server, Login(who))),
        ["NTLM"] = new(MechanismStrength.Digesting, (server, who) => Negotiate.Ntlm(server, Login(who))),
        ["CRAM-MD5"] = new(MechanismStrength.Digesting, (_, who) => new CramMd5(who.UserName, who.Secret)) { IsPrepared = true },
        ["PLAIN"] = new(MechanismStrength.Revealing, (_, who) => new Plain(who.UserName, who.Secret, who.AuthorizationIdentity)) { IsDelegating = true },
        ["LOGIN"] = new(MechanismStrength.Revealing, (_, who) => new Login(who.UserName, who.Secret)),
        ["EXTERNAL"] = new(MechanismStrength.Revealing, (_, who) => new External(who.AuthorizationIdentity)) { IsDelegating = true },
        ["OAUTHBEARER"] = new(MechanismStrength.Revealing, (server, who) => new OAuthBearer(who.UserName, who.Secret, server.Host, server.Port)) { IsForTokens = true },
        ["XOAUTH2"] = new(MechanismStrength.Revealing, (_, who) => new XOAuth2(who.UserName, who.Secret)) { IsForTokens = true },
    };

    /// <summary>It can carry an authorization identity that is not the user's own.</summary>
    private bool IsDelegating { get; init; }

    /// <summary>Names and passwords go through SASLprep, which not all of them survive.</summary>
    private bool IsPrepared { get; init; }

    private bool IsForTokens { get; init; }

    private bool NeedsBinding { get; init; }

    public static MechanismRecipe? Find(string name) => Recipes.GetValueOrDefault(name);

    /// <summary>Why it cannot be used here; null if it can.</summary>
    public string? WhyNot(SaslServer server, SaslCredentials credentials) =>
        IsForTokens != credentials.IsToken ? (IsForTokens ? "needs a token" : "needs a password")
        : credentials.AuthorizationIdentity.Length > 0 && !IsDelegating ? "cannot act for another user"
        : NeedsBinding && server.Binding is null ? "needs TLS with a certificate that can be bound to"
        : IsPrepared && !CanPrepare(credentials) ? "name or password cannot be prepared for it"
        : null;

    private static bool CanPrepare(SaslCredentials credentials) =>
        SaslPrep.CanPrepare(credentials.UserName) && SaslPrep.CanPrepare(credentials.Secret.Reveal())
        && (credentials.AuthorizationIdentity.Length == 0 || SaslPrep.CanPrepare(credentials.AuthorizationIdentity));

    private static MechanismRecipe ScramPlus(HashAlgorithmName hash) => new(MechanismStrength.Binding, (server, who) =>
        new Scram(hash, who.UserName, who.Secret, new() { AuthorizationIdentity = who.AuthorizationIdentity, Binding = ScramBinding.To(server.Binding!) }))
    {
        IsDelegating = true, IsPrepared = true, NeedsBinding = true,
    };

    // RFC 5802 section 6: y says that we could have bound, if -PLUS had been offered; where it was, with whatever hash, and we do not, it
    // must be n. Names that are unknown here do not count: somebody could have put them into the list to keep the y from being said.
    private static MechanismRecipe Scram(HashAlgorithmName hash) => new(MechanismStrength.Proving, (server, who) =>
    {
        bool isShort = server.Binding is not null && !server.Mechanisms.Any(name => Find(name) is { NeedsBinding: true });
        return new Scram(hash, who.UserName, who.Secret, new()
        {
            AuthorizationIdentity = who.AuthorizationIdentity,
            Binding = isShort ? ScramBinding.NotOffered : ScramBinding.None,
        });
    })
    {
        IsDelegating = true, IsPrepared = true,
    };

    // DOMAIN\user, as Windows writes it; the platform does not take it apart.
    private static NetworkCredential Login(SaslCredentials who) => who.UserName.Split('\\') is [{ Length: > 0 } domain, { Length: > 0 } user]
        ? new(user, who.Secret.Reveal(), domain)
        : new(who.UserName, who.Secret.Reveal());
}
