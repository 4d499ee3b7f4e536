using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.Appliance.Egress.Revocation;

/// <summary>
/// Reads a list in DER (RFC 5280 section 5.1), which came over a wire that proves nothing: nothing in it is looked at before its signature is
/// verified, and a list that says what is not understood here is no list.
/// </summary>
internal static class RevocationListReader
{
    private const string IssuingDistributionPoint = "2.5.29.28";
    private const string DeltaListIndicator = "2.5.29.27";

    private static readonly Asn1Tag Extensions = new(TagClass.ContextSpecific, 0, isConstructed: true);

    /// <summary>Reads a whole list.</summary>
    /// <param name="octets">What came.</param>
    /// <param name="issuer">Whose list it must be.</param>
    /// <exception cref="InvalidDataException">It is none, or not the issuer's, or not understood; the message follows "The list".</exception>
    public static RevocationList Read(ReadOnlyMemory<byte> octets, X509Certificate2 issuer)
    {
        try
        {
            AsnReader whole = new(octets, AsnEncodingRules.DER);
            AsnReader list = whole.ReadSequence();
            ReadOnlyMemory<byte> content = list.ReadEncodedValue();
            ReadOnlyMemory<byte> algorithm = list.ReadEncodedValue();
            byte[] signature = list.ReadBitString(out int unused);
            list.ThrowIfNotEmpty();
            whole.ThrowIfNotEmpty();
            if (issuer.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign))
                throw new InvalidDataException("is signed by an issuer whose key is not for signing lists");
            if (unused != 0 || !ListSignature.IsBy(issuer, algorithm, content.Span, signature))
                throw new InvalidDataException("is not signed by the certificate's issuer");
            return ReadContent(content, algorithm.Span, issuer.SubjectName.RawData);
        }
        catch (Exception malformed) when (malformed is AsnContentException or CryptographicException)
        {
            throw new InvalidDataException("is no revocation list in DER", malformed);
        }
    }

    /// <summary>Reads what is signed.</summary>
    /// <param name="content">TBSCertList, encoded.</param>
    /// <param name="algorithm">What it must say that it is signed with.</param>
    /// <param name="issuer">Whom it must say that it is of.</param>
    /// <exception cref="AsnContentException">It is malformed.</exception>
    /// <exception cref="InvalidDataException">It is not the issuer's, or not understood; the message follows "The list".</exception>
    public static RevocationList ReadContent(ReadOnlyMemory<byte> content, ReadOnlySpan<byte> algorithm, ReadOnlySpan<byte> issuer)
    {
        AsnReader fields = new AsnReader(content, AsnEncodingRules.DER).ReadSequence();
        if (fields.PeekTag() == Asn1Tag.Integer && (!fields.TryReadInt32(out int version) || version != 1))
            throw new InvalidDataException("is of an unknown version");
        if (!fields.ReadEncodedValue().Span.SequenceEqual(algorithm))
            throw new InvalidDataException("names two different signature algorithms");
        if (!fields.ReadEncodedValue().Span.SequenceEqual(issuer))
            throw new InvalidDataException("is of another issuer");
        DateTimeOffset issued = ReadTime(fields);
        if (!fields.HasData || !IsTime(fields.PeekTag()))
            throw new InvalidDataException("does not say by when there will be another");
        DateTimeOffset nextUpdate = ReadTime(fields);
        SerialNumber[] revoked = fields.HasData && fields.PeekTag() == Asn1Tag.Sequence ? ReadRevoked(fields.ReadEncodedValue().Span) : [];
        ListScope scope = fields.HasData ? ReadExtensions(fields.ReadSequence(Extensions).ReadSequence()) : ListScope.Whole;
        fields.ThrowIfNotEmpty();
        return new(issued, nextUpdate, scope, revoked);
    }

    // A list may name hundreds of thousands: they are read without an object for each.
    private static SerialNumber[] ReadRevoked(ReadOnlySpan<byte> sequence)
    {
        List<SerialNumber> revoked = [];
        ReadOnlySpan<byte> entries = ContentOf(sequence, out _);
        while (entries.Length > 0)
        {
            ReadOnlySpan<byte> entry = ContentOf(entries, out int whole);
            entries = entries[whole..];
            ReadOnlySpan<byte> number = AsnDecoder.ReadIntegerBytes(entry, AsnEncodingRules.DER, out int read);
            if (!SerialNumber.TryRead(number, out SerialNumber serialNumber))
                throw new InvalidDataException("names a serial number of more than 20 octets");
            entry = entry[read..];
            AsnDecoder.ReadEncodedValue(entry, AsnEncodingRules.DER, out _, out _, out read);
            if (entry.Length > read)
                RequireNoCritical(entry[read..]);
            revoked.Add(serialNumber);
        }

        return [.. revoked];
    }

    private static ReadOnlySpan<byte> ContentOf(ReadOnlySpan<byte> sequence, out int whole)
    {
        AsnDecoder.ReadSequence(sequence, AsnEncodingRules.DER, out int offset, out int length, out whole);
        return sequence.Slice(offset, length);
    }

    // Such as the one that makes an entry another issuer's (section 5.3.3).
    private static void RequireNoCritical(ReadOnlySpan<byte> sequence)
    {
        ReadOnlySpan<byte> extensions = ContentOf(sequence, out int whole);
        if (whole != sequence.Length)
            throw new AsnContentException();
        while (extensions.Length > 0)
        {
            ReadOnlySpan<byte> extension = ContentOf(extensions, out int read);
            extensions = extensions[read..];
            string name = AsnDecoder.ReadObjectIdentifier(extension, AsnEncodingRules.DER, out read);
            if (Asn1Tag.TryDecode(extension[read..], out Asn1Tag tag, out _) && tag == Asn1Tag.Boolean && AsnDecoder.ReadBoolean(extension[read..], AsnEncodingRules.DER, out _))
                throw new InvalidDataException($"has an entry with the critical extension {name}, which is not known here");
        }
    }

    private static ListScope ReadExtensions(AsnReader extensions)
    {
        ListScope scope = ListScope.Whole;
        while (extensions.HasData)
        {
            AsnReader extension = extensions.ReadSequence();
            string name = extension.ReadObjectIdentifier();
            bool isCritical = extension.PeekTag() == Asn1Tag.Boolean && extension.ReadBoolean();
            byte[] value = extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
            if (name == IssuingDistributionPoint)
                scope = ReadScope(new AsnReader(value, AsnEncodingRules.DER).ReadSequence());
            else if (name == DeltaListIndicator)
                throw new InvalidDataException("tells only what has changed since another");
            else if (isCritical)
                throw new InvalidDataException($"has the critical extension {name}, which is not known here");
        }

        return scope;
    }

    private static ListScope ReadScope(AsnReader fields)
    {
        IReadOnlyList<string> points = [];
        ListHolders holders = ListHolders.All;
        while (fields.HasData)
        {
            Asn1Tag tag = fields.PeekTag();
            if (tag.TagClass != TagClass.ContextSpecific)
                throw new InvalidDataException("has a scope that is not known here");
            bool isSet = tag.TagValue is 1 or 2 or 4 or 5 && fields.ReadBoolean(tag);
            switch (tag.TagValue)
            {
                case 0:
                    points = DistributionPoint.ReadName(fields.ReadSequence(tag));
                    if (points.Count == 0)
                        throw new InvalidDataException("is for a distribution point without a URI");
                    break;
                case 1 or 2 or 5 when isSet:
                    holders = (holders, tag.TagValue) switch
                    {
                        (ListHolders.All, 1) => ListHolders.EndEntities,
                        (ListHolders.All, 2) => ListHolders.Authorities,
                        _ => ListHolders.Others,
                    };
                    break;
                case 4 when isSet:
                    throw new InvalidDataException("is of several issuers");
                case 3:
                    throw new InvalidDataException("tells of some reasons only");
                case > 5:
                    throw new InvalidDataException("has a scope that is not known here");
            }
        }

        return new(points, holders);
    }

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag() == Asn1Tag.UtcTime ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    private static bool IsTime(Asn1Tag tag) => tag == Asn1Tag.UtcTime || tag == Asn1Tag.GeneralizedTime;
}
