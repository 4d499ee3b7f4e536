using System.Globalization;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>
/// A network namespace for one process, in which every address leads to loopback and nobody answers. The kernel counts there what the process
/// tries.
/// </summary>
internal static class NetworkOfItsOwn
{
    private const string Ip = "/usr/sbin/ip";
    private const string Unshare = "/usr/bin/unshare";

    /// <summary>The command that runs another in such a namespace, and becomes it.</summary>
    public static readonly string[] Wrapper =
        [Unshare, "--net", "/bin/sh", "-c", $"{Ip} link set lo up && {Ip} route add default dev lo && exec \"$0\" \"$@\""];

    /// <summary>Skips the test where there can be none.</summary>
    public static void Require()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "A network namespace needs root on Linux");
        Assert.SkipUnless(File.Exists(Ip) && File.Exists(Unshare), "A network namespace needs unshare (util-linux) and ip (iproute2)");
    }

    /// <summary>TCP connections that were begun in a process's namespace, whatever became of them.</summary>
    public static long ConnectionsOpened(int process) => Read(process, "Tcp:", "ActiveOpens");

    /// <summary>UDP datagrams that were sent there, such as questions to a name server.</summary>
    public static long DatagramsSent(int process) => Read(process, "Udp:", "OutDatagrams");

    // Two lines for each protocol: the names of the counters, and their values.
    private static long Read(int process, string protocol, string counter)
    {
        string[][] lines = [.. File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/net/snmp"))
            .Select(line => line.Split(' ')).Where(words => words[0] == protocol)];
        return long.Parse(lines[1][Array.IndexOf(lines[0], counter)], CultureInfo.InvariantCulture);
    }
}
