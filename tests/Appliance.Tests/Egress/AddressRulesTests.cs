using System.Net;
using EmailSync.Appliance.Egress;

namespace EmailSync.Appliance.Tests.Egress;

/// <summary>Which addresses the world may name to us .</summary>
public sealed class AddressRulesTests
{
    [Theory]
    [InlineData("9.9.9.9"), InlineData("172.15.255.255"), InlineData("172.32.0.0"), InlineData("100.63.255.255"), InlineData("100.128.0.0")]
    [InlineData("192.167.255.255"), InlineData("223.255.255.255"), InlineData("2606:4700::1111"), InlineData("2a00:1450:4001:81b::200e")]
    [InlineData("64:ff9b::9.9.9.9"), InlineData("::ffff:9.9.9.9"), InlineData("2002:909:909::1")]
    public void Public(string address) => Assert.Equal(AddressKind.Public, Classify(address));

    [Theory]
    [InlineData("127.0.0.1"), InlineData("127.255.255.255"), InlineData("10.0.0.0"), InlineData("10.255.255.255"), InlineData("172.16.0.1")]
    [InlineData("172.31.255.255"), InlineData("192.168.1.1"), InlineData("100.64.0.1"), InlineData("100.127.255.255")]
    [InlineData("::1"), InlineData("fc00::1"), InlineData("fdff:ffff::1"), InlineData("fec0::1")]
    public void On_this_machine_or_in_a_private_network(string address) => Assert.Equal(AddressKind.Local, Classify(address));

    [Theory]
    [InlineData("0.0.0.0"), InlineData("0.1.2.3"), InlineData("169.254.169.254"), InlineData("169.254.0.1"), InlineData("168.63.129.16")]
    [InlineData("100.100.100.200"), InlineData("192.0.0.192"), InlineData("192.0.2.1"), InlineData("192.88.99.1"), InlineData("198.18.0.1")]
    [InlineData("198.51.100.7"), InlineData("203.0.113.7"), InlineData("224.0.0.1"), InlineData("240.0.0.1"), InlineData("255.255.255.255")]
    [InlineData("::"), InlineData("fe80::1"), InlineData("fe80::1%1"), InlineData("febf::1"), InlineData("ff02::1"), InlineData("fd00:ec2::254")]
    [InlineData("fd20:ce::254"), InlineData("2001:db8::1"), InlineData("3fff::1"), InlineData("100::1"), InlineData("2001:2::1"), InlineData("2001:20::1")]
    public void Never_a_mail_server(string address) => Assert.Equal(AddressKind.Never, Classify(address));

    /// <summary>Loopback, private and metadata, each behind every disguise.</summary>
    [Theory]
    [InlineData("127.0.0.1"), InlineData("10.0.0.1"), InlineData("192.168.0.1"), InlineData("169.254.169.254"), InlineData("224.0.0.1")]
    public void An_IPv4_address_is_seen_through_its_disguises(string ipv4)
    {
        byte[] o = IPAddress.Parse(ipv4).GetAddressBytes();
        AddressKind kind = Classify(ipv4);
        string hex = $"{o[0]:x2}{o[1]:x2}:{o[2]:x2}{o[3]:x2}";
        string inverted = $"{(byte)~o[0]:x2}{(byte)~o[1]:x2}:{(byte)~o[2]:x2}{(byte)~o[3]:x2}";

        Assert.All(
            new Dictionary<string, string>
            {
                ["IPv4-mapped"] = $"::ffff:{ipv4}",
                ["IPv4-compatible"] = $"::{ipv4}",
                ["IPv4-translated"] = $"::ffff:0:{ipv4}",
                ["NAT64"] = $"64:ff9b::{ipv4}",
                ["NAT64, local use"] = $"64:ff9b:1::{ipv4}",
                ["NAT64, local use, other prefix"] = $"64:ff9b:1:abcd:7:8:{hex}",
                ["NAT64, local use, /48"] = $"64:ff9b:1:{o[0]:x2}{o[1]:x2}:{o[2]:x2}:{o[3]:x2}00::",
                ["NAT64, local use, /56"] = $"64:ff9b:1:{o[0]:x2}:{o[1]:x2}:{o[2]:x2}{o[3]:x2}::",
                ["NAT64, local use, /64"] = $"64:ff9b:1:0:{o[0]:x2}:{o[1]:x2}{o[2]:x2}:{o[3]:x2}00:0",
                ["6to4"] = $"2002:{hex}::1",
                ["Teredo server"] = $"2001:0:{hex}:0:0:f6f6:f6f6",
                ["Teredo client"] = $"2001:0:909:909:0:0:{inverted}",
                ["ISATAP"] = $"2606:4700::5efe:{ipv4}",
                ["ISATAP, universal"] = $"2606:4700::200:5efe:{ipv4}",
                ["6to4 in ISATAP's clothes"] = $"2002:909:909::5efe:{hex}",
            },
            disguise => Assert.Equal($"{disguise.Key} {kind}", $"{disguise.Key} {Classify(disguise.Value)}"));
    }

    [Theory]
    [InlineData("9.9.9.9", true, true), InlineData("127.0.0.1", false, true), InlineData("10.0.0.1", false, true), InlineData("169.254.169.254", false, false)]
    public void The_operator_admits_private_servers_and_never_metadata(string address, bool byDefault, bool whenAllowed)
    {
        IPAddress parsed = IPAddress.Parse(address);

        Assert.Equal(byDefault, EgressPolicy.Commercial().WhyNot(parsed) is null);
        Assert.Equal(byDefault, EgressPolicy.Government().WhyNot(parsed) is null);
        Assert.Equal(whenAllowed, EgressPolicy.Commercial(new() { AllowLoopbackAndPrivateServers = true }).WhyNot(parsed) is null);
        Assert.Equal(whenAllowed, EgressPolicy.Government(admitsLocalAddresses: true).WhyNot(parsed) is null);
    }

    [Fact]
    public void An_address_of_this_machine_is_its_own()
    {
        IPAddress[] own = [.. System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(each => each.GetIPProperties().UnicastAddresses).Select(each => each.Address)];

        Assert.NotEmpty(own);
        Assert.All(own, address => Assert.True(OwnAddresses.Contain(address), address.ToString()));
        Assert.All(own.Where(address => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork), address => Assert.True(OwnAddresses.Contain(address.MapToIPv6())));
        Assert.False(OwnAddresses.Contain(IPAddress.Parse("9.9.9.9")));
    }

    private static AddressKind Classify(string address) => AddressRules.Classify(IPAddress.Parse(address));
}
