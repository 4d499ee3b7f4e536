using System.Net;
using System.Net.NetworkInformation;

namespace EmailSync.Appliance.Egress;

/// <summary>The addresses of this machine's interfaces, asked for anew after a network change.</summary>
internal static class OwnAddresses
{
    private static volatile HashSet<IPAddress>? _known;

    static OwnAddresses() => NetworkChange.NetworkAddressChanged += (_, _) => _known = null;

    /// <summary>Whether this is one of them, also where it is written as IPv6.</summary>
    public static bool Contain(IPAddress address) =>
        (_known ??= Read()).Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : Without(address));

    private static HashSet<IPAddress> Read() =>
        [.. NetworkInterface.GetAllNetworkInterfaces().SelectMany(each => each.GetIPProperties().UnicastAddresses).Select(each => Without(each.Address))];

    // The scope says by which interface, and not which address.
    private static IPAddress Without(IPAddress address) =>
        address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? new(address.GetAddressBytes()) : address;
}
