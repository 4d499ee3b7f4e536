using System.Globalization;
using System.Text.Json;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>
/// A network namespace for one process whose firewall lets mail over implicit TLS out and drops everything else, and counts both. What stays on
/// loopback is nobody's business.
/// </summary>
internal static class Firewall
{
    private const string Nft = "/usr/sbin/nft";
    private const string Nsenter = "/usr/bin/nsenter";
    private const string Ip = "/usr/sbin/ip";

    private const string Rules =
        """
        table inet watch {
          counter admitted { }
          counter forbidden { }
          chain output {
            type filter hook output priority 0; policy accept;
            ip daddr 127.0.0.0/8 accept
            ip6 daddr ::1 accept
            tcp dport { 465, 995 } counter name admitted accept
            meta l4proto ipv6-icmp accept
            counter name forbidden drop
          }
        }
        """;

    /// <summary>Skips the test where there can be none.</summary>
    public static void Require()
    {
        NetworkOfItsOwn.Require();
        Assert.SkipUnless(File.Exists(Nft) && File.Exists(Nsenter), "A firewall needs nft (apt-get install nftables) and nsenter (util-linux)");
    }

    /// <summary>The command that runs another behind such a firewall, and becomes it.</summary>
    /// <param name="folder">Takes the rules' file.</param>
    public static async Task<string[]> WrapAsync(string folder)
    {
        string rules = Path.Combine(folder, "watch.nft");
        await File.WriteAllTextAsync(rules, Rules, TestContext.Current.CancellationToken);
        return ["/usr/bin/unshare", "--net", "/bin/sh", "-c", $"{Ip} link set lo up && {Ip} route add default dev lo && {Nft} -f {rules} && exec \"$0\" \"$@\""];
    }

    /// <summary>Packets that a process's firewall let out, and those that it dropped.</summary>
    public static async Task<(long Admitted, long Forbidden)> CountAsync(int process)
    {
        string json = await Command.RunAsync(Nsenter, "-t", process.ToString(CultureInfo.InvariantCulture), "-n", Nft, "-j", "list", "counters");
        Dictionary<string, long> packets = JsonElement.Parse(json).GetProperty("nftables").EnumerateArray()
            .Where(entry => entry.TryGetProperty("counter", out _)).Select(entry => entry.GetProperty("counter"))
            .ToDictionary(counter => counter.GetProperty("name").GetString()!, counter => counter.GetProperty("packets").GetInt64());
        return (packets["admitted"], packets["forbidden"]);
    }
}
