using System.Runtime.InteropServices;

namespace EmailSync.Appliance.Tests;

/// <summary>What the C library does with the buffers of OpenSSL.</summary>
public sealed class MallocTests
{
    // What an arena has left over is used up first.
    private const int Blocks = 200;

    [Fact]
    public void Large_blocks_are_mappings_of_their_own_and_small_ones_are_not()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "glibc only.");
        Malloc.MapLargeBlocks();
        Assert.InRange(Mapped(Malloc.LargeBlock), Blocks / 2, Blocks);
        Assert.Equal(0, Mapped(Malloc.LargeBlock / 2));
    }

    // The second lowest bit of the word before a block is glibc's mark for a mapping.
    private static int Mapped(int octets)
    {
        nint[] blocks = [.. Enumerable.Range(0, Blocks).Select(_ => Marshal.AllocHGlobal(octets))];
        int mapped = blocks.Count(block => (Marshal.ReadIntPtr(block, -IntPtr.Size) & 2) != 0);
        Array.ForEach(blocks, Marshal.FreeHGlobal);
        return mapped;
    }
}
