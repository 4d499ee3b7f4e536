using System.Runtime.InteropServices;

namespace EmailSync.Appliance.Tests;

/// <summary>What the C library does with the buffers of OpenSSL.</summary>
public sealed class MallocTests
{
    private const int Wanted = 100;

    // What the arenas have left over is used up first, and in the process of so many tests that is much.
    private const int Most = 50_000;

    [Fact]
    public void Large_blocks_are_mappings_of_their_own_and_small_ones_are_not()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "glibc only.");
        Malloc.MapLargeBlocks();
        Assert.Equal(Wanted, Mapped(Malloc.LargeBlock, Most));
        Assert.Equal(0, Mapped(Malloc.LargeBlock / 2, Wanted));
    }

    // The second lowest bit of the word before a block is glibc's mark for a mapping.
    private static int Mapped(int octets, int most)
    {
        List<nint> blocks = [];
        int mapped = 0;
        while (mapped < Wanted && blocks.Count < most)
        {
            nint block = Marshal.AllocHGlobal(octets);
            blocks.Add(block);
            if ((Marshal.ReadIntPtr(block, -IntPtr.Size) & 2) != 0)
                mapped++;
        }

        blocks.ForEach(Marshal.FreeHGlobal);
        return mapped;
    }
}
