using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Appliance.Model;
using EmailSync.Protocols.Wire.Tls;

namespace EmailSync.Appliance.Egress;

/// <summary>How a route is travelled.</summary>
public sealed record RouteOptions
{
    /// <summary>For name resolution, connection and handshake together.</summary>
    public TimeSpan ConnectionTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Certificates in PEM that are trusted as roots beside the system's, and <see cref="KeyPins"/>; null means the system's alone.</summary>
    public string? TrustedCertificates { get; init; }
}

/// <summary>A server location that a policy has admitted: the proof, and the only thing a dialer accepts.</summary>
public sealed class Route
{
    // Read once and not for each connection: with thousands of sessions open, each would hold its own.
    private const int MostTrusted = 1_000;
    private static readonly ConcurrentDictionary<string, X509Certificate2Collection> Trusted = new(StringComparer.Ordinal);

    private Route(EgressPolicy policy, MailService? service, ServerLocation location, RouteOptions options, bool checksRevocation) =>
        (Policy, Service, Location, Options, ChecksRevocation) = (policy, service, location, options, checksRevocation);

    /// <summary>The policy that admitted it, and that judges each address of the name.</summary>
    public EgressPolicy Policy { get; }

    /// <summary>Which mail service is spoken along it; null where it is HTTP.</summary>
    public MailService? Service { get; }

    /// <summary>Where it leads.</summary>
    public ServerLocation Location { get; }

    /// <summary>How it is travelled.</summary>
    public RouteOptions Options { get; }

    /// <summary>The peer's certificate must be known not to be revoked.</summary>
    public bool ChecksRevocation { get; }

    /// <summary>Asks the policy.</summary>
    /// <exception cref="EgressDeniedException">The policy has no row for it.</exception>
    public static Route Admit(EgressPolicy policy, MailService service, ServerLocation location, RouteOptions? options = null) =>
        policy.WhyNot(service, location) is { } reason
            ? throw new EgressDeniedException(reason)
            : new(policy, service, location, options ?? new(), policy.IsStrict);

    /// <summary>Asks the policy for a route of HTTPS.</summary>
    /// <exception cref="EgressDeniedException">The policy does not admit it.</exception>
    public static Route AdmitHttps(EgressPolicy policy, Uri address, RouteOptions? options = null) =>
        policy.WhyNotHttps(address) is { } reason
            ? throw new EgressDeniedException(reason)
            : new(policy, service: null, new(HostName.Parse(address.Host), address.Port, TlsMode.Implicit), options ?? new(), policy.IsStrict);

    /// <summary>Asks the policy for a route to a list of revoked certificates.</summary>
    /// <remarks>The list is signed, and whose it is does not rest on its server. To ask whether that one's certificate is revoked could lead back to the same list.</remarks>
    /// <exception cref="EgressDeniedException">The policy does not admit it.</exception>
    public static Route AdmitRevocationList(EgressPolicy policy, Uri address, RouteOptions? options = null) =>
        policy.WhyNotRevocationList(address) is { } reason
            ? throw new EgressDeniedException(reason)
            : new(
                policy, service: null, new(HostName.Parse(address.Host), address.Port, address.Scheme == Uri.UriSchemeHttps ? TlsMode.Implicit : TlsMode.None),
                options ?? new(), checksRevocation: false);

    /// <summary>How TLS is spoken along it, and what the peer must prove.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The trusted certificates are no PEM.</exception>
    internal TlsOptions TlsOptions(TimeProvider clock) => new()
    {
        Clock = clock,
        TrustedRoots = Options.TrustedCertificates is { } pem ? RootsIn(pem) : [],
        Pins = KeyPins.In(Options.TrustedCertificates),
        CipherSuites = Policy.IsStrict ? Protocols.Wire.Tls.TlsOptions.StrictSuites : null,
    };

    private static X509Certificate2Collection RootsIn(string pem)
    {
        if (Trusted.TryGetValue(pem, out X509Certificate2Collection? known))
            return known;
        X509Certificate2Collection roots = [];
        roots.ImportFromPem(pem);
        if (Trusted.Count >= MostTrusted)
            Trusted.Clear();
        return Trusted.GetOrAdd(pem, roots);
    }
}
