using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.Appliance.Tests.Egress.Revocation;

/// <summary>What a list says (RFC 5280 section 5.1.2), right or wrong.</summary>
internal sealed record ListContent
{
    private const string IssuingDistributionPoint = "2.5.29.28";

    public int Version { get; init; } = 1;

    /// <summary>Null: the issuer's.</summary>
    public X500DistinguishedName? IssuerName { get; init; }

    /// <summary>The algorithm that is not signed; null: the same as the one that is.</summary>
    public byte[]? OuterAlgorithm { get; init; }

    public DateTimeOffset Issued { get; init; } = DateTimeOffset.UtcNow.AddDays(-1);

    public DateTimeOffset? NextUpdate { get; init; } = DateTimeOffset.UtcNow.AddDays(6);

    public IReadOnlyList<byte[]> SerialNumbers { get; init; } = [];

    /// <summary>An extension of each entry: its name, and whether it is critical.</summary>
    public (string Name, bool IsCritical)? EntryExtension { get; init; }

    public IReadOnlyList<(string Name, bool IsCritical, byte[] Value)> Extensions { get; init; } = [];

    /// <summary>The same with the extension that says which certificates it speaks of.</summary>
    public ListContent For(Action<AsnWriter> scope)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
            scope(writer);
        return this with { Extensions = [.. Extensions, (IssuingDistributionPoint, true, writer.Encode())] };
    }

    /// <summary>The same for one distribution point.</summary>
    public ListContent ForPoint(params string[] names) => For(writer => WritePoint(writer, names));

    /// <summary>The same with one of the switches of the scope.</summary>
    public ListContent ForSwitch(int number, bool value = true) => For(writer => writer.WriteBoolean(value, new Asn1Tag(TagClass.ContextSpecific, number)));

    public byte[] Encode(byte[] algorithm, X500DistinguishedName issuer)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(Version);
            writer.WriteEncodedValue(algorithm);
            writer.WriteEncodedValue(issuer.RawData);
            writer.WriteUtcTime(Issued);
            if (NextUpdate is { } next)
                writer.WriteUtcTime(next);
            if (SerialNumbers.Count > 0)
                WriteEntries(writer);
            if (Extensions.Count > 0)
                WriteExtensions(writer);
        }

        return writer.Encode();
    }

    private static void WritePoint(AsnWriter writer, string[] names)
    {
        using (writer.PushSequence(new(TagClass.ContextSpecific, 0)))
        using (writer.PushSequence(new(TagClass.ContextSpecific, 0)))
        {
            foreach (string name in names)
                writer.WriteCharacterString(UniversalTagNumber.IA5String, name, new Asn1Tag(TagClass.ContextSpecific, 6));
        }
    }

    private void WriteEntries(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            foreach (byte[] serialNumber in SerialNumbers)
            {
                using (writer.PushSequence())
                {
                    writer.WriteInteger(serialNumber);
                    writer.WriteUtcTime(Issued);
                    if (EntryExtension is { } extension)
                    {
                        using (writer.PushSequence())
                            WriteExtension(writer, extension.Name, extension.IsCritical, [0x0A, 0x01, 0x01]);
                    }
                }
            }
        }
    }

    private void WriteExtensions(AsnWriter writer)
    {
        using (writer.PushSequence(new(TagClass.ContextSpecific, 0)))
        using (writer.PushSequence())
        {
            foreach ((string name, bool isCritical, byte[] value) in Extensions)
                WriteExtension(writer, name, isCritical, value);
        }
    }

    private static void WriteExtension(AsnWriter writer, string name, bool isCritical, byte[] value)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(name);
            if (isCritical)
                writer.WriteBoolean(true);
            writer.WriteOctetString(value);
        }
    }
}
