using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.Appliance.Egress.Revocation;

/// <summary>Where a certificate's issuer publishes what it has taken back (RFC 5280 section 4.2.1.13).</summary>
/// <param name="Names">URIs that lead to the same list.</param>
internal sealed record DistributionPoint(IReadOnlyList<string> Names)
{
    private const string Extension = "2.5.29.31";

    // A stranger's certificate may name thousands.
    private const int MostNames = 16;

    private static readonly Asn1Tag PointName = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag FullName = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag UniformResourceIdentifier = new(TagClass.ContextSpecific, 6);

    /// <summary>Those of a certificate at which its own issuer publishes all revocations; none where it names none, or they cannot be read.</summary>
    public static IReadOnlyList<DistributionPoint> Of(X509Certificate2 certificate)
    {
        if (certificate.Extensions[Extension] is not { } extension)
            return [];
        try
        {
            List<DistributionPoint> points = [];
            AsnReader sequence = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (sequence.HasData)
            {
                AsnReader fields = sequence.ReadSequence();
                if (fields.HasData && fields.PeekTag().HasSameClassAndValue(PointName))
                {
                    IReadOnlyList<string> names = ReadName(fields.ReadSequence(PointName));
                    // What is left speaks of some reasons only, or of another issuer's list.
                    if (names.Count > 0 && !fields.HasData)
                        points.Add(new(names));
                }
            }

            return points;
        }
        catch (AsnContentException)
        {
            return [];
        }
    }

    /// <summary>Reads the URIs of a DistributionPointName; none where it has another form.</summary>
    /// <exception cref="AsnContentException">It is malformed.</exception>
    public static IReadOnlyList<string> ReadName(AsnReader name)
    {
        if (!name.HasData || !name.PeekTag().HasSameClassAndValue(FullName))
            return [];
        List<string> uris = [];
        AsnReader generalNames = name.ReadSequence(FullName);
        while (generalNames.HasData && uris.Count < MostNames)
        {
            if (generalNames.PeekTag().HasSameClassAndValue(UniformResourceIdentifier))
                uris.Add(generalNames.ReadCharacterString(UniversalTagNumber.IA5String, UniformResourceIdentifier));
            else
                generalNames.ReadEncodedValue();
        }

        return uris;
    }
}
