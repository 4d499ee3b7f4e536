using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Appliance.Egress.Revocation;
using EmailSync.Protocols.Testing;

namespace EmailSync.Appliance.Tests.Egress.Revocation;

/// <summary>A list of revoked certificates is its issuer's, whole and understood, or it is none (RFC 5280 section 5).</summary>
public sealed class RevocationListReaderTests
{
    private const string Address = "http://crl.example.com/a.crl";

    public static TheoryData<string, string> Algorithms => new()
    {
        { "RSA", "SHA256" }, { "RSA", "SHA384" }, { "RSA", "SHA512" },
        { "RSASSA-PSS", "SHA256" }, { "RSASSA-PSS", "SHA384" }, { "RSASSA-PSS", "SHA512" },
        { "P-256", "SHA256" }, { "P-384", "SHA384" }, { "P-521", "SHA512" },
    };

    [Theory, MemberData(nameof(Algorithms))]
    public void It_names_what_its_issuer_has_taken_back(string algorithm, string hash)
    {
        HashAlgorithmName name = new(hash);
        using Issuer issuer = algorithm switch
        {
            "RSA" => Issuer.RsaRoot(RSASignaturePadding.Pkcs1, name),
            "RSASSA-PSS" => Issuer.RsaRoot(RSASignaturePadding.Pss, name),
            _ => Issuer.EllipticRoot(ECCurve.CreateFromFriendlyName("nist" + algorithm.Replace("-", "", StringComparison.Ordinal)), name),
        };
        using X509Certificate2 kept = issuer.Issue();
        using X509Certificate2 revoked = issuer.Issue();

        RevocationList list = RevocationListReader.Read(issuer.List(DateTimeOffset.UtcNow, revoked), issuer.Certificate);

        Assert.Equal((1, true, false), (list.Count, Names(list, revoked), Names(list, kept)));
    }

    [Fact]
    public void A_list_as_the_platform_writes_it_is_read()
    {
        using X509Certificate2 root = Certificates.Root();
        using X509Certificate2 revoked = Certificates.Leaf(root);
        DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        CertificateRevocationListBuilder builder = new();
        builder.AddEntry(revoked, now, X509RevocationReason.KeyCompromise);

        RevocationList list = RevocationListReader.Read(
            builder.Build(root, 7, now.AddDays(2), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1, now), root);

        Assert.True(Names(list, revoked));
        Assert.Equal((now, now.AddDays(2), ListScope.Whole), (list.Issued, list.NextUpdate, list.Scope));
    }

    [Fact]
    public void Among_a_hundred_thousand_each_is_found_and_takes_24_octets()
    {
        using Issuer issuer = Issuer.Root();
        byte[][] numbers = [.. Enumerable.Range(0, 100_000).Select(_ => RandomNumberGenerator.GetBytes(16)).Select(number => { number[0] = (byte)(number[0] & 0x7F | 1); return number; })];

        RevocationList list = RevocationListReader.Read(issuer.List(new ListContent { SerialNumbers = numbers }), issuer.Certificate);

        Assert.Equal((100_000, 2_400_000), (list.Count, list.Octets));
        Assert.All(numbers, number => Assert.True(SerialNumber.TryRead(number, out SerialNumber read) && list.Names(read)));
        Assert.True(SerialNumber.TryRead([0x01], out SerialNumber one));
        Assert.False(list.Names(one));
    }

    [Fact]
    public void A_serial_number_of_twenty_octets_is_known_with_the_octet_that_makes_it_positive()
    {
        using Issuer issuer = Issuer.Root();
        byte[] number = [0x00, 0xFF, .. new byte[18], 0x01];

        RevocationList list = RevocationListReader.Read(issuer.List(new ListContent { SerialNumbers = [number] }), issuer.Certificate);

        Assert.True(SerialNumber.TryRead(number.AsSpan(1), out SerialNumber read) && list.Names(read));
        AssertRefused("names a serial number of more than 20 octets", issuer, new ListContent { SerialNumbers = [[0x01, .. new byte[20]]] });
    }

    [Fact]
    public void Cut_anywhere_it_is_none()
    {
        using Issuer issuer = Issuer.Root();
        using X509Certificate2 revoked = issuer.Issue();
        byte[] list = issuer.List(DateTimeOffset.UtcNow, revoked);

        for (int length = 0; length < list.Length; length++)
            Assert.Throws<InvalidDataException>(() => RevocationListReader.Read(list.AsMemory(0, length), issuer.Certificate));
        Assert.Throws<InvalidDataException>(() => RevocationListReader.Read((byte[])[.. list, 0], issuer.Certificate));
    }

    [Fact]
    public void With_any_octet_changed_it_is_none()
    {
        using Issuer issuer = Issuer.Root();
        using X509Certificate2 revoked = issuer.Issue();
        byte[] list = issuer.List(DateTimeOffset.UtcNow, revoked);

        for (int at = 0; at < list.Length; at++)
        {
            foreach (byte change in (byte[])[0x01, 0x20, 0x80, 0xFF])
            {
                byte[] changed = [.. list];
                changed[at] ^= change;
                Assert.Throws<InvalidDataException>(() => RevocationListReader.Read(changed, issuer.Certificate));
            }
        }
    }

    [Fact]
    public void Another_s_signature_under_the_issuer_s_name_is_none()
    {
        using Issuer issuer = Issuer.Root();
        using Issuer impostor = Issuer.Root();

        AssertRefused("is not signed by the certificate's issuer", issuer, impostor.List(new ListContent()));
    }

    [Fact]
    public void A_signature_of_another_kind_of_key_is_none()
    {
        using Issuer issuer = Issuer.Root();
        using Issuer impostor = Issuer.RsaRoot(RSASignaturePadding.Pkcs1, HashAlgorithmName.SHA256);

        AssertRefused("is not signed by the certificate's issuer", issuer, impostor.List(new ListContent()));
    }

    [Fact]
    public void What_an_issuer_signs_in_another_s_name_is_none()
    {
        using Issuer issuer = Issuer.Root();

        AssertRefused("is of another issuer", issuer, new ListContent { IssuerName = new("CN=Somebody Else") });
    }

    [Fact]
    public void An_issuer_whose_key_is_not_for_lists_has_none()
    {
        using Issuer issuer = Issuer.Root(usage: X509KeyUsageFlags.KeyCertSign);

        AssertRefused("is signed by an issuer whose key is not for signing lists", issuer, new ListContent());
    }

    [Fact]
    public void A_signature_over_SHA_1_is_none()
    {
        using X509Certificate2 root = Certificates.Root();
        CertificateRevocationListBuilder builder = new();
        byte[] list = builder.Build(
            root.SubjectName, Certificates.RsaWithSha1(root), 1, DateTimeOffset.UtcNow.AddDays(1), HashAlgorithmName.SHA1,
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, true, false));

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => RevocationListReader.Read(list, root));

        Assert.Equal("is signed with 1.2.840.113549.1.1.5, which is not among the algorithms admitted", refused.Message);
    }

    [Fact]
    public void The_algorithm_that_is_signed_is_the_one_that_is_not()
    {
        using Issuer issuer = Issuer.Root();
        // The same OID with a parameter that nobody asks for.
        byte[] outer = [0x30, 0x0C, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02, 0x05, 0x00];

        AssertRefused("names two different signature algorithms", issuer, new ListContent { OuterAlgorithm = outer });
    }

    [Fact]
    public void What_is_not_understood_is_none()
    {
        using Issuer issuer = Issuer.Root();

        AssertRefused("is of an unknown version", issuer, new ListContent { Version = 2 });
        AssertRefused("does not say by when there will be another", issuer, new ListContent { NextUpdate = null });
        AssertRefused("tells only what has changed since another", issuer, new ListContent { Extensions = [("2.5.29.27", true, [0x02, 0x01, 0x01])] });
        AssertRefused("has the critical extension 1.2.3.4, which is not known here", issuer, new ListContent { Extensions = [("1.2.3.4", true, [0x05, 0x00])] });
        AssertRefused(
            "has an entry with the critical extension 2.5.29.29, which is not known here", issuer,
            new ListContent { SerialNumbers = [[0x01]], EntryExtension = ("2.5.29.29", true) });
        AssertRefused("is of several issuers", issuer, new ListContent().ForSwitch(4));
        AssertRefused("tells of some reasons only", issuer, new ListContent().For(writer => writer.WriteBitString([0x60], 5, new Asn1Tag(TagClass.ContextSpecific, 3))));
        AssertRefused("has a scope that is not known here", issuer, new ListContent().ForSwitch(6));
        AssertRefused("has a scope that is not known here", issuer, new ListContent().For(writer => writer.WriteBoolean(true)));
        AssertRefused("is for a distribution point without a URI", issuer, new ListContent().ForPoint());
    }

    [Fact]
    public void What_is_not_critical_is_passed_over()
    {
        using Issuer issuer = Issuer.Root();

        RevocationList list = RevocationListReader.Read(
            issuer.List(new ListContent { SerialNumbers = [[0x01]], EntryExtension = ("2.5.29.21", false), Extensions = [("2.5.29.20", false, [0x02, 0x01, 0x07])] }),
            issuer.Certificate);

        Assert.Equal(1, list.Count);
    }

    [Theory]
    [InlineData(-1, true, true)]
    [InlineData(1, true, false)]
    [InlineData(2, false, true)]
    [InlineData(5, false, false)]
    public void Its_scope_says_whose_certificates_it_speaks_of(int number, bool ofServers, bool ofAuthorities)
    {
        using Issuer issuer = Issuer.Root();
        ListContent content = number < 0 ? new() : new ListContent().ForSwitch(number);

        ListScope scope = RevocationListReader.Read(issuer.List(content), issuer.Certificate).Scope;

        Assert.Equal((ofServers, ofAuthorities), (scope.Covers(new([Address]), isAuthority: false), scope.Covers(new([Address]), isAuthority: true)));
    }

    [Fact]
    public void A_switch_that_is_off_says_nothing()
    {
        using Issuer issuer = Issuer.Root();

        ListScope scope = RevocationListReader.Read(issuer.List(new ListContent().ForSwitch(1, value: false)), issuer.Certificate).Scope;

        Assert.Equal(ListHolders.All, scope.Holders);
    }

    [Fact]
    public void Its_scope_says_of_which_distribution_point_it_is()
    {
        using Issuer issuer = Issuer.Root();

        ListScope scope = RevocationListReader.Read(issuer.List(new ListContent().ForPoint("ldap://x/y", Address)), issuer.Certificate).Scope;

        Assert.True(scope.Covers(new(["http://elsewhere.example.com/", Address]), isAuthority: false));
        Assert.False(scope.Covers(new(["http://crl.example.com/b.crl"]), isAuthority: false));
    }

    private static void AssertRefused(string reason, Issuer issuer, ListContent content) => AssertRefused(reason, issuer, issuer.List(content));

    private static void AssertRefused(string reason, Issuer issuer, byte[] list) =>
        Assert.Equal(reason, Assert.Throws<InvalidDataException>(() => RevocationListReader.Read(list, issuer.Certificate)).Message);

    private static bool Names(RevocationList list, X509Certificate2 certificate) =>
        SerialNumber.TryRead(certificate.SerialNumberBytes.Span, out SerialNumber serialNumber) && list.Names(serialNumber);
}
