using System.Runtime.InteropServices;

namespace EmailSync.Appliance;

/// <summary>
/// How the C library hands out memory. OpenSSL keeps two buffers of 16 KiB for each session, of which a session uses a page or two; blocks of
/// their own are given back when a session ends, and what is not used of them never becomes memory. With 10,000 sessions open that is a fifth
/// of what the process holds.
/// </summary>
internal static class Malloc
{
    // Of malloc.h: glibc only.
    private const int MmapThreshold = -3;
    private const int MmapMaximum = -4;

    /// <summary>The smallest block that is a mapping of its own, in octets.</summary>
    public const int LargeBlock = 16 * 1024;

    // Linux gives a process 65,530 mappings (vm.max_map_count), and the runtime needs some.
    private const int MostLargeBlocks = 40_000;

    /// <summary>Large blocks are mappings of their own from now on; where the C library cannot do that, or its settings are the operator's, nothing changes.</summary>
    public static void MapLargeBlocks()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariables().Keys.Cast<string>().Any(IsOperators))
            return;
        try
        {
            _ = Set(MmapThreshold, LargeBlock);
            _ = Set(MmapMaximum, MostLargeBlocks);
        }
        catch (EntryPointNotFoundException)
        {
            // musl has no such switch, and gives memory back by itself.
        }
    }

    private static bool IsOperators(string variable) =>
        variable.StartsWith("MALLOC_", StringComparison.Ordinal) || variable == "GLIBC_TUNABLES";

    [DllImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Set(int what, int value);
}
