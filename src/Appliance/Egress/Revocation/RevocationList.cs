using System.Runtime.CompilerServices;

namespace EmailSync.Appliance.Egress.Revocation;

/// <summary>What an issuer has taken back (RFC 5280 section 5), as far as a decision needs it.</summary>
internal sealed class RevocationList(DateTimeOffset issued, DateTimeOffset nextUpdate, ListScope scope, SerialNumber[] revoked)
{
    private readonly SerialNumber[] _revoked = Sorted(revoked);

    /// <summary>When it was issued.</summary>
    public DateTimeOffset Issued => issued;

    /// <summary>By when there will be another; this one is not good for longer.</summary>
    public DateTimeOffset NextUpdate => nextUpdate;

    /// <summary>Which certificates it speaks of.</summary>
    public ListScope Scope => scope;

    /// <summary>How many it names.</summary>
    public int Count => _revoked.Length;

    /// <summary>Octets that it takes in memory.</summary>
    public long Octets => (long)_revoked.Length * Unsafe.SizeOf<SerialNumber>();

    /// <summary>Whether it names this one.</summary>
    public bool Names(SerialNumber serialNumber) => Array.BinarySearch(_revoked, serialNumber) >= 0;

    private static SerialNumber[] Sorted(SerialNumber[] serialNumbers)
    {
        Array.Sort(serialNumbers);
        return serialNumbers;
    }
}

/// <summary>Which of its issuer's certificates a list speaks of (RFC 5280 section 5.2.5).</summary>
/// <param name="Points">The distribution point's names, of which a certificate must have one; empty where the list is for all.</param>
/// <param name="Holders">Whose certificates.</param>
internal sealed record ListScope(IReadOnlyList<string> Points, ListHolders Holders)
{
    /// <summary>All of them.</summary>
    public static readonly ListScope Whole = new([], ListHolders.All);

    /// <summary>Whether it speaks of a certificate.</summary>
    /// <param name="point">The certificate's distribution point.</param>
    /// <param name="isAuthority">The certificate is an authority's.</param>
    public bool Covers(DistributionPoint point, bool isAuthority) =>
        (Points.Count == 0 || point.Names.Intersect(Points, StringComparer.Ordinal).Any())
        && Holders switch
        {
            ListHolders.All => true,
            ListHolders.Authorities => isAuthority,
            ListHolders.EndEntities => !isAuthority,
            _ => false,
        };
}

/// <summary>Whose certificates a list speaks of.</summary>
internal enum ListHolders
{
    /// <summary>Everybody's.</summary>
    All,

    /// <summary>Those of end entities, such as servers (onlyContainsUserCerts).</summary>
    EndEntities,

    /// <summary>Those of authorities (onlyContainsCACerts).</summary>
    Authorities,

    /// <summary>None of these (onlyContainsAttributeCerts, or several that exclude one another).</summary>
    Others,
}
