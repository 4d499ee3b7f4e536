using System.Globalization;
using System.Runtime.InteropServices;

namespace EmailSync.Load.Running;

/// <summary>What the system allows a process, looked at before a run rather than met in the middle of it.</summary>
internal static partial class MachineLimits
{
    private const int OpenFiles = 7;
    private const int OwnFiles = 200;
    private const string PortRange = "/proc/sys/net/ipv4/ip_local_port_range";

    /// <exception cref="LoadException">There cannot be so many connections at once; the message says what to do.</exception>
    public static void Require(int connections)
    {
        if (GetLimit(OpenFiles, out Limit files) != 0)
            throw new InvalidOperationException($"getrlimit failed with {Marshal.GetLastPInvokeError()}");
        // The runtime raises the soft limit to the hard one by itself.
        long most = (long)Math.Min(files.Hard, int.MaxValue);
        if (connections + OwnFiles > most)
            throw new LoadException(
                $"{connections} connections need {connections + OwnFiles} open files in a process, and this machine allows {most}. "
                + $"Raise it with: ulimit -n {connections + OwnFiles}");
        if (!File.Exists(PortRange))
            return;
        int[] range = [.. File.ReadAllText(PortRange).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
        int ports = range[1] - range[0] + 1;
        if (connections + OwnFiles > ports)
            throw new LoadException(
                $"{connections} connections to one port need as many local ports, and this machine has {ports} ({range[0]} to {range[1]}). "
                + "Widen the range with: sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"");
    }

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetLimit(int resource, out Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Limit
    {
        public readonly ulong Soft;
        public readonly ulong Hard;
    }
}
