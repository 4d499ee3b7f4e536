using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EmailSync.Load.Running;

/// <summary>What a process has used, as the system counts it.</summary>
/// <param name="CpuSeconds">In user mode and in the system's.</param>
/// <param name="PeakOctets">The most memory that was resident.</param>
internal readonly partial record struct ProcessUse(double CpuSeconds, long PeakOctets)
{
    private const int Self = 0;
    private const int Children = -1;

    /// <summary>The monotonic clock, in seconds, which all processes of a machine share.</summary>
    public static double Now => (double)Stopwatch.GetTimestamp() / Stopwatch.Frequency;

    /// <summary>This process.</summary>
    public static ProcessUse Own() => Read(Self);

    /// <summary>All processes that this one started and that have ended, with theirs; the peak is the largest of them.</summary>
    public static ProcessUse OfEndedChildren() => Read(Children);

    /// <summary>What is resident now of this process, in octets.</summary>
    public static long Resident() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    private static ProcessUse Read(int who)
    {
        if (GetResourceUse(who, out Usage usage) != 0)
            throw new InvalidOperationException($"getrusage failed with {Marshal.GetLastPInvokeError()}");
        return new(usage.User.Seconds + usage.System.Seconds, usage.MaximumResident * 1024);
    }

    [LibraryImport("libc", EntryPoint = "getrusage", SetLastError = true)]
    private static partial int GetResourceUse(int who, out Usage usage);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Time
    {
        private readonly nint _seconds;
        private readonly nint _microseconds;

        public double Seconds => _seconds + (_microseconds / 1e6);
    }

    [StructLayout(LayoutKind.Sequential, Size = 144)]
    private readonly struct Usage
    {
        public readonly Time User;
        public readonly Time System;
        public readonly nint MaximumResident;
    }
}
