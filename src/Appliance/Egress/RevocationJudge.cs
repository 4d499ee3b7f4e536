using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EmailSync.Appliance.Egress.Revocation;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Egress;

/// <summary>
/// Whether a chain is good by its issuers' own lists (RFC 5280 section 6.3), which leave by the same door as all else. What cannot be known is
/// refused, and said in other words than what is revoked.
/// </summary>
internal sealed class RevocationJudge(IDialer dialer, TimeProvider clock)
{
    // A certificate may name many, and a connection waits.
    private const int MostAttempts = 4;

    // Each is a hash and a time.
    private const int MostVerdicts = 10_000;

    private readonly RevocationLists _lists = new(dialer, clock);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _goodUntil = new(StringComparer.Ordinal);

    /// <summary>Why a chain is refused, in words that follow "The certificate of mail.example.com"; null where nothing in it is revoked.</summary>
    /// <param name="policy">Must admit where a list is.</param>
    /// <param name="chain">From the peer's certificate to the root, which is trusted because it is named, and has nobody to take it back.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<string?> WhyRefusedAsync(EgressPolicy policy, IReadOnlyList<X509Certificate2> chain, CancellationToken cancellationToken)
    {
        string name = NameOf(chain);
        if (_goodUntil.TryGetValue(name, out DateTimeOffset known) && clock.GetUtcNow() < known)
            return null;

        DateTimeOffset until = DateTimeOffset.MaxValue;
        string? unknown = null;
        for (int i = 0; i < chain.Count - 1; i++)
        {
            (RevocationList? list, Uri? address, string? whyNot) = await FindAsync(policy, chain[i], chain[i + 1], chain[^1], cancellationToken);
            string which = i == 0 ? "" : $"(through its issuer {ServerText.Show(Encoding.UTF8.GetBytes(chain[i].Subject))}) ";
            if (list is null)
                unknown ??= $"{which}could not be checked for revocation: {whyNot!.TrimEnd('.')}";
            else if (!SerialNumber.TryRead(chain[i].SerialNumberBytes.Span, out SerialNumber serialNumber))
                unknown ??= $"{which}could not be checked for revocation: its serial number has more than 20 octets";
            else if (list.Names(serialNumber))
                return $"{which}was revoked: it is in the list at {address!.AbsoluteUri} of {list.Issued:u}";
            else if (list.NextUpdate < until)
                until = list.NextUpdate;
        }

        if (unknown is not null)
            return unknown;
        if (_goodUntil.Count >= MostVerdicts)
            _goodUntil.Clear();
        _goodUntil[name] = until;
        return null;
    }

    private async ValueTask<(RevocationList? List, Uri? Address, string? WhyNot)> FindAsync(
        EgressPolicy policy, X509Certificate2 certificate, X509Certificate2 issuer, X509Certificate2 root, CancellationToken cancellationToken)
    {
        bool isAuthority = certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(constraints => constraints.CertificateAuthority);
        List<string> whyNot = [];
        foreach ((DistributionPoint point, Uri address) in AddressesIn(certificate))
        {
            (RevocationList? list, string? reason) = await _lists.FindAsync(policy, address, issuer, root, cancellationToken);
            if (list?.Scope.Covers(point, isAuthority) == true)
                return (list, address, null);
            whyNot.Add(reason ?? $"The revocation list at {address.AbsoluteUri} speaks of other certificates than this.");
        }

        return (null, null, whyNot.Count > 0 ? string.Join(" ", whyNot.Distinct()) : "It names no list of its issuer's that can be had over HTTP or HTTPS.");
    }

    private static IEnumerable<(DistributionPoint Point, Uri Address)> AddressesIn(X509Certificate2 certificate) =>
        DistributionPoint.Of(certificate)
            .SelectMany(point => point.Names.Select(name => (point, Address: Uri.TryCreate(name, UriKind.Absolute, out Uri? address) ? address : null)))
            .Where(each => each.Address is { Scheme: "http" or "https" })
            .Select(each => (each.point, each.Address!))
            .Take(MostAttempts);

    private static string NameOf(IReadOnlyList<X509Certificate2> chain)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (X509Certificate2 certificate in chain)
            hash.AppendData(certificate.RawDataMemory.Span);
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
