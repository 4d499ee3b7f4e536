using System.Buffers.Binary;
using System.Net;

namespace EmailSync.Appliance.Egress;

/// <summary>What a policy needs to know of an address.</summary>
internal enum AddressKind
{
    /// <summary>Somewhere on the Internet.</summary>
    Public,

    /// <summary>This machine, or a private network: for on-premises servers, where the operator admits them.</summary>
    Local,

    /// <summary>Never a mail server: link-local, cloud metadata, multicast, documentation, unassigned.</summary>
    Never,
}

/// <summary>Tells public addresses from others, through every way in which an IPv6 address can carry an IPv4 address.</summary>
internal static class AddressRules
{
    // IANA's special-purpose registries (RFC 6890), and the metadata services of clouds that lie outside them. The first match decides.
    private static readonly (IPNetwork Network, AddressKind Kind)[] Networks = [.. new (string, AddressKind)[]
    {
        ("0.0.0.0/8", AddressKind.Never),
        ("100.100.100.200/32", AddressKind.Never),      // metadata, Alibaba Cloud
        ("100.64.0.0/10", AddressKind.Local),           // carrier-grade NAT (RFC 6598)
        ("10.0.0.0/8", AddressKind.Local),
        ("127.0.0.0/8", AddressKind.Local),
        ("169.254.0.0/16", AddressKind.Never),          // link-local, and 169.254.169.254
        ("168.63.129.16/32", AddressKind.Never),        // wire server, Azure
        ("172.16.0.0/12", AddressKind.Local),
        ("192.0.0.0/24", AddressKind.Never),            // protocol assignments, and 192.0.0.192 (metadata, Oracle Cloud)
        ("192.0.2.0/24", AddressKind.Never),            // documentation
        ("192.88.99.0/24", AddressKind.Never),          // 6to4 relays, withdrawn (RFC 7526)
        ("192.168.0.0/16", AddressKind.Local),
        ("198.18.0.0/15", AddressKind.Never),           // benchmarks (RFC 2544)
        ("198.51.100.0/24", AddressKind.Never),         // documentation
        ("203.0.113.0/24", AddressKind.Never),          // documentation
        ("224.0.0.0/3", AddressKind.Never),             // multicast, reserved, broadcast

        ("::1/128", AddressKind.Local),
        ("::/128", AddressKind.Never),
        ("64:ff9b:1::/48", AddressKind.Local),          // local-use translation (RFC 8215)
        ("100::/64", AddressKind.Never),                // discard (RFC 6666)
        ("2001:2::/48", AddressKind.Never),             // benchmarks (RFC 5180)
        ("2001:10::/28", AddressKind.Never),            // ORCHID (RFC 4843)
        ("2001:20::/28", AddressKind.Never),            // ORCHIDv2 (RFC 7343)
        ("2001:db8::/32", AddressKind.Never),           // documentation
        ("3fff::/20", AddressKind.Never),               // documentation (RFC 9637)
        ("5f00::/16", AddressKind.Never),               // segment routing (RFC 9602)
        ("fd00:ec2::254/128", AddressKind.Never),       // metadata, AWS
        ("fd20:ce::254/128", AddressKind.Never),        // metadata, Google Cloud
        ("fc00::/7", AddressKind.Local),
        ("fe80::/10", AddressKind.Never),
        ("fec0::/10", AddressKind.Local),               // site-local, deprecated (RFC 3879)
        ("ff00::/8", AddressKind.Never),
    }.Select(row => (IPNetwork.Parse(row.Item1), row.Item2))];

    /// <summary>The kind of an address; of one that carries others, the worst of them all.</summary>
    public static AddressKind Classify(IPAddress address)
    {
        AddressKind kind = ClassifyAsWritten(address);
        foreach (IPAddress carried in CarriedBy(address))
            kind = (AddressKind)Math.Max((int)kind, (int)Classify(carried));
        return kind;
    }

    /// <summary>The kind in words that follow "is".</summary>
    public static string Describe(AddressKind kind) => kind switch
    {
        AddressKind.Local => "on this machine or in a private network",
        AddressKind.Never => "link-local, a cloud's metadata service, multicast or reserved",
        _ => "public",
    };

    private static AddressKind ClassifyAsWritten(IPAddress address)
    {
        foreach ((IPNetwork network, AddressKind kind) in Networks)
        {
            if (network.Contains(address))
                return kind;
        }
        return AddressKind.Public;
    }

    // Each of these reaches the IPv4 address, given a translator, a relay or just the operating system.
    private static IEnumerable<IPAddress> CarriedBy(IPAddress address)
    {
        byte[] octets = address.GetAddressBytes();
        if (octets.Length != 16)
            yield break;

        ulong high = BinaryPrimitives.ReadUInt64BigEndian(octets);
        uint third = BinaryPrimitives.ReadUInt32BigEndian(octets.AsSpan(8));
        uint last = BinaryPrimitives.ReadUInt32BigEndian(octets.AsSpan(12));

        // ::a.b.c.d (RFC 4291 2.5.5.1, but not :: and ::1), ::ffff:a.b.c.d (2.5.5.2), ::ffff:0:a.b.c.d (RFC 2765)
        if (high == 0 && (third is 0x0000_FFFF or 0xFFFF_0000 || (third == 0 && last > 1)))
            yield return IPv4(octets, 12);
        // 64:ff9b::/96 (RFC 6052)
        if (high == 0x0064_FF9B_0000_0000 && third == 0)
            yield return IPv4(octets, 12);
        // 64:ff9b:1::/48 (RFC 8215), of which a network may use as much as it likes: RFC 6052 2.2 says where the octets then are
        if (high >> 16 == 0x0064_FF9B_0001)
        {
            byte[][] layouts = [octets[12..], [octets[6], octets[7], octets[9], octets[10]], [octets[7], octets[9], octets[10], octets[11]], octets[9..13]];
            foreach (byte[] layout in layouts.Where(layout => layout[0] != 0))
                yield return IPv4(layout, 0);
        }
        // 2002::/16, 6to4 (RFC 3056)
        if (high >> 48 == 0x2002)
            yield return IPv4(octets, 2);
        // 2001::/32, Teredo (RFC 4380 4): the server in clear, the client inverted
        if (high >> 32 == 0x2001_0000)
        {
            yield return IPv4(octets, 4);
            yield return IPv4([(byte)~octets[12], (byte)~octets[13], (byte)~octets[14], (byte)~octets[15]], 0);
        }
        // ...:[02]00:5efe:a.b.c.d, ISATAP (RFC 5214 6.1), under any prefix
        if (third is 0x0000_5EFE or 0x0200_5EFE)
            yield return IPv4(octets, 12);
    }

    private static IPAddress IPv4(byte[] octets, int offset) => new(octets.AsSpan(offset, 4));
}
